"""Every scenario in host_tests/scenarios ends as its file expects; short ones twice, with the same flash."""

from pathlib import Path

import pytest
from ferraris.scenario import Player
from ferraris.scenario_file import read_scenario

FILES = sorted((Path(__file__).parent / "scenarios").glob("*.toml"))
LONG_S = 60 * 86400  # a year takes ten seconds


def image(player):
    """Return the flash of a Player that has played, and close it."""
    content = bytearray(player.board.flash.size)
    player.board.flash.read(0, content)
    return bytes(content)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_scenario_ends_as_its_file_expects(path):
    scenario = read_scenario(path)
    player = Player(scenario)
    assert player.play() == []
    if scenario.end - scenario.start < LONG_S:
        again = Player(scenario)
        again.play()
        assert image(again) == image(player)
