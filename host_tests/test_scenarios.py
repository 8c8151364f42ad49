"""Every scenario in host_tests/scenarios ends with the energies that its file expects; twice, with the same flash."""

from pathlib import Path

import pytest
from ferraris.scenario import Player
from ferraris.scenario_file import read_scenario

FILES = sorted((Path(__file__).parent / "scenarios").glob("*.toml"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_scenario_ends_as_its_file_expects(path):
    images = []
    for _ in range(2):
        player = Player(read_scenario(path))
        assert player.play() == []
        content = bytearray(player.board.flash.size)
        player.board.flash.read(0, content)
        images.append(bytes(content))
    assert images[0] == images[1]
