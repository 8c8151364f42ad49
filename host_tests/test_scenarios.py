"""Every scenario in host_tests/scenarios ends as its file expects; short ones twice, with the same flash."""

import asyncio
import csv
import gzip
from pathlib import Path

import pytest
from ferraris.scenario import Player
from ferraris.scenario_file import read_scenario
from meter.app import App
from meter.calendar import utc
from meter.config.schema import validate
from meter.quantities import index

from boards.sim.board import Board, nominal_full_scale, synthesizer
from host_tests.harness import START
from host_tests.test_app import NO_PORTS

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


def seeded(settings, seed):
    """Return the flash of a meter that has metered two seconds of waveforms with noise."""
    board = Board(
        settings,
        synthesizer(settings, seed),
        nominal_full_scale(settings),
        last=2 * 30720,
        start=START,
        seed=seed,
    )
    app = App(board, settings)
    asyncio.run(app.metering())
    app.finish()
    content = bytearray(board.flash.size)
    board.flash.read(0, content)
    return bytes(content)


def test_the_same_seed_gives_the_same_flash_and_another_seed_another_one():
    settings = validate(NO_PORTS)
    first = seeded(settings, 1)
    assert seeded(settings, 1) == first
    assert seeded(settings, 2) != first


SIMBENCH = """
start = "2016-02-01 00:00"
duration = "54d"
zone = "CET-1CEST,M3.5.0,M10.5.0/3"
[configuration]
demand = { interval = 15, subinterval = 15 }
load_profile = { interval = 15, format = "values", channels = ["Wh.del.P", "VARh.q1.P", "VARh.q4.P"] }
tou = { days = [["all", "all", "00:00 A, 06:00 B, 22:00 A"]] }
[configuration.registers]
alternate = []
test = []
normal = [
    { id = 0, kind = "consumption", quantity = "Wh.del.P", rate = "A" },
    { id = 1, kind = "peak demand", quantity = "W.del.P" },
    { id = 2, kind = "time of peak demand", quantity = "W.del.P" },
    { id = 3, kind = "maximum", quantity = "W.del.P" },
]
[load]
csv = "%s"
map = { kW = "H0-A_pload", kvar = "H0-A_qload" }
scale = 2.0
"""


def test_a_winter_of_simbench_is_in_registers_and_load_profile(shared_data, tmp_path):
    path = shared_data / "load" / "simbench_loadprofiles_15min_2016.csv.gz"
    with gzip.open(path, "rt") as file:
        rows = [row for row in csv.DictReader(file) if row["time"][3:5] in ("02", "03")][: 54 * 96]
    watts = [2000 * float(row["H0-A_pload"]) for row in rows]
    night = [w for w, row in zip(watts, rows, strict=True) if not "06:00" <= row["time"][11:] < "22:00"]
    lag = [500 * float(row["H0-A_qload"]) for row in rows]
    file = tmp_path / "simbench.toml"
    file.write_text(SIMBENCH % path)
    player = Player(read_scenario(file))
    assert player.play() == []
    engine = player.app.engine
    energy = player.app.meter.energy
    assert min(watts) >= 0
    assert energy.value(index("Wh.del.P")) / 1e6 == pytest.approx(sum(watts) / 4, abs=1e-4)
    assert energy.value(index("Wh.del.P"), 1) / 1e6 == pytest.approx(sum(night) / 4, abs=1e-4)
    assert energy.value(index("VARh.q1.P")) / 1e6 == pytest.approx(sum(max(0, q) for q in lag), abs=1e-4)
    assert engine.register(1).value() / 1e6 == pytest.approx(max(watts), abs=1e-4)
    first = watts.index(max(watts))
    assert engine.register(2).value() == utc(2016, 1, 31, 23) + (first + 1) * 900
    assert engine.register(3).value() == pytest.approx(max(watts))
    records = list(engine.profiles[0].records())
    assert [record.values[0] for record in records] == pytest.approx(
        [w / 4 for w in watts], rel=1e-5, abs=2e-6
    )
    assert [record.values[1] for record in records] == pytest.approx(
        [max(0, q) for q in lag], rel=1e-5, abs=2e-6
    )
