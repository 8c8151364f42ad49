"""Each example of a configuration lives a day on a load whose energy is known by hand."""

import pytest
from ferraris.config import example, examples
from ferraris.scenario import Player
from ferraris.scenario_file import read_scenario

MONDAY = "2026-03-02T00:00:00"  # in winter; the local clock
# name, load, energies at the meter's inputs
DAYS = {
    "household": ("kW = 2.4\nkvar = 0.6", {"Wh.del.P": 57600.0, "VARh.del.P": 14400.0}),
    # 80 kW through 200/5: 2 kW. Rate A from 17 to 20, B from 7 to 17 and 20 to 22.
    "commercial_tou": (
        "kW = 80.0",
        {"Wh.del.P": 48000.0, "Wh.del.P/A": 6000.0, "Wh.del.P/B": 24000.0, "Wh.del.P/C": 18000.0},
    ),
    # 6 MW exported for 8 hours and 60 kW imported for 16 hours, over 200 * 300.
    "solar_plant": (
        'steps = [ { at = "0s", kW = 60.0 }, { at = "8h", kW = -6000.0 }, { at = "16h", kW = 60.0 } ]',
        {"Wh.rec.P": 800.0, "Wh.del.P": 16.0},
    ),
    "test_bench": ("kW = 1.8", {"Wh.del.P": 43200.0}),
}


def lived(name, tmp_path):
    """Return the App after the day."""
    load, expected = DAYS[name]
    (tmp_path / "meter.json").write_bytes(example(name))
    zone = "UTC0" if name == "test_bench" else "CET-1CEST,M3.5.0,M10.5.0/3"
    expect = "\n".join(f'"{key}" = {value}' for key, value in expected.items())
    path = tmp_path / "day.toml"
    path.write_text(
        f'start = {MONDAY}\nduration = "1d"\nzone = "{zone}"\nconfiguration = "meter.json"\n'
        f"[load]\n{load}\n[expect]\n{expect}\n"
    )
    player = Player(read_scenario(path))
    assert player.play() == []
    return player.app


def test_there_is_a_day_for_each_example():
    assert sorted(DAYS) == examples()


def recorded(app, place=0):
    records = list(app.engine.profiles[place].records())
    return len(records), [sum(values) for values in zip(*(record.values for record in records))]


@pytest.mark.feature("CST-01")
def test_household(tmp_path):
    app = lived("household", tmp_path)
    assert app.engine.register(0).value() == 57_600_000_000
    count, sums = recorded(app)
    assert count == 96 and sums == pytest.approx([57600, 0])


def test_commercial_with_rates_and_demand(tmp_path):
    app = lived("commercial_tou", tmp_path)
    wh = [round(app.engine.register(number).value() / 10**6) for number in (0, 1, 2, 3)]
    assert wh == [48000, 6000, 24000, 18000]
    for number in (4, 5, 6, 7):  # peaks of the rates, and of all: 500 Wh in a quarter of an hour
        assert app.engine.register(number).value() == pytest.approx(2000e6, rel=1e-6)
    count, sums = recorded(app)
    assert count == 96 and abs(sums[0] - 19200) <= 1, "1,920 kWh primary in counts of 100 Wh"
    (read,) = [read for read in app.engine.self_reads.records() if read.time % 86400 == 82800]
    assert read.values


def test_solar_plant_with_import_and_export(tmp_path):
    app = lived("solar_plant", tmp_path)
    assert app.engine.register(0).value() == pytest.approx(800e6, rel=1e-6)
    count, sums = recorded(app)
    assert count == 96 and sums[:2] == pytest.approx([16, 800], rel=1e-5)
    count, _ = recorded(app, 1)
    assert count == 288
    value = app.access.read("Wh.rec.P", primary=True)[0]
    assert value == pytest.approx(48e6 * 1e6, rel=1e-6), "48 MWh"


def test_test_bench(tmp_path):
    app = lived("test_bench", tmp_path)
    count, sums = recorded(app)
    assert count == 1440 and sums[0] == pytest.approx(43200, rel=1e-6)
