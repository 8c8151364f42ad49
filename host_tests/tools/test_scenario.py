"""Scenarios: what is played, and what is refused, all at once."""

import pytest
from ferraris.errors import UsageError
from ferraris.scenario import Player
from ferraris.scenario_file import read_scenario
from meter.quantities import index

START = 1704067200  # 2024-01-01T00:00:00Z
HEAD = 'start = 2024-01-01T00:00:00Z\nduration = "2d"\n[load]\nkW = 0.36\nkvar = 0.12\n'


@pytest.fixture
def scenario(tmp_path):
    """Return a function from the text of a scenario to the Scenario."""

    def read(text):
        path = tmp_path / "scenario.toml"
        path.write_text(text)
        return read_scenario(path)

    return read


@pytest.fixture
def play(scenario):
    """Return a function from the text of a scenario to (its Player, what was not as expected)."""

    def played(text):
        player = Player(scenario(text))
        return player, player.play()

    return played


def event(at, do, **fields):
    rest = "".join(f"{name} = {value}\n" for name, value in fields.items())
    return f'[[event]]\nat = "{at}"\ndo = "{do}"\n{rest}'


def records(player):
    return [record[1:4] for record in player.app.meter.load_profile.records()]


def wh(player, key="Wh.del.P"):
    return player.app.meter.energy.value(index(key)) / 1e6


def image(player):
    content = bytearray(player.board.flash.size)
    player.board.flash.read(0, content)
    return bytes(content)


def problems(call, text):
    with pytest.raises(UsageError) as error:
        call(text)
    return [line.split("scenario.toml: ")[1] for line in str(error.value).splitlines()]


def test_steady_load_is_metered_to_its_end(play):
    player, unexpected = play(HEAD + '[expect]\n"Wh.del.P" = 17280.0\n"VARh.q1.A" = 1920\n')
    assert unexpected == []
    assert player.app.meter.clock.second == START + 2 * 86400
    assert len(records(player)) == 2 * 96


def test_what_is_not_as_expected_is_told(play):
    _, unexpected = play(HEAD + '[expect]\n"Wh.del.P" = 17280.001\n"Wh.rec.P" = 0\n')
    assert unexpected == ["Wh.del.P is 17280.000000, expected 17280.001000"]


def test_steps_of_a_load_hold_until_the_next(play):
    player, _ = play(
        'start = 2024-01-01\nduration = "3h"\n[load]\nsteps = [{at = 0, kW = 0.3}, '
        '{at = "1h", kW = -0.6, V = 110}, {at = 2024-01-01T02:00:00Z, kW = 0.9, V = 110}]'.replace(
            "kW = 0.3", "kW = 0.3, V = 120"
        )
    )
    assert wh(player) == pytest.approx(1200) and wh(player, "Wh.rec.P") == pytest.approx(600)


def test_nothing_is_metered_in_an_outage_and_nothing_before_it_is_lost(play):
    player, _ = play(HEAD + event("12h", "outage", lasts='"3h"'))
    assert wh(player) == pytest.approx(360 * 45)
    ends = [record[0] - START for record in records(player)]
    assert 12 * 3600 in ends and 15 * 3600 + 900 in ends
    assert not [end for end in ends if 12 * 3600 < end <= 15 * 3600]


def test_the_load_goes_on_in_its_own_time_when_the_clock_is_set(play):
    text = HEAD + event("24h", "time set", by=-3600) + event("30h", "outage", lasts='"1h"')
    player, _ = play(text)
    assert player.app.meter.clock.second == START + 47 * 3600
    assert wh(player) == pytest.approx(360 * 47)
    player, _ = play(HEAD + event("24h", "time set", to="2025-01-01T00:00:00Z"))
    assert player.app.meter.clock.second == START + 366 * 86400 + 86400
    assert wh(player) == pytest.approx(360 * 48)


@pytest.mark.feature("BIL-01")
@pytest.mark.feature("BIL-02")
def test_commands_reach_the_engine(play):
    settings = 'configuration = {tou = {override = "C"}}\n'
    text = settings + HEAD + event("6h", "freeze") + event("12h", "reset") + event("18h", "resynchronise")
    player, _ = play(text)
    engine = player.app.engine
    assert engine.frozen_at == START + 6 * 3600
    assert engine.reset_at == START + 12 * 3600


@pytest.mark.feature("TOU-03")
def test_energy_flows_to_the_override_rate_while_it_is_on(play):
    register = '{id = 2, kind = "consumption", quantity = "Wh.del.P", rate = "C"}'
    settings = f'configuration = {{tou = {{override = "C"}}, registers = {{normal = [{register}]}}}}\n'
    expect = '[expect]\n"Wh.del.P/C" = 2160.0\n"Wh.del.P" = 17280.0\n'
    text = (
        settings + HEAD + event("10h", "override", on="true") + event("16h", "override", on="false") + expect
    )
    assert play(text)[1] == []


@pytest.mark.feature("REG-08")
def test_a_register_is_preset(play):
    player, _ = play(HEAD + event("47h", "preset", register=2, value=1000.0))
    assert float(player.app.engine.register(2).value()) / 1e6 == pytest.approx(1000 + 360, rel=1e-9)


@pytest.mark.parametrize("number, told", [(49, "no register 49"), (0, "")])
def test_a_register_that_cannot_be_preset_is_named(play, number, told):
    with pytest.raises(UsageError, match=f"event at 3600 s, preset: .*{told}"):
        play(HEAD + event("1h", "preset", register=number, value=1.0))


def test_a_rate_that_is_not_kept_is_told(play):
    _, unexpected = play(HEAD + '[expect]\n"Wh.del.P/A" = 1.0\n')
    assert unexpected == ["Wh.del.P/A is not kept: no register of this quantity has a rate"]


def test_a_configuration_takes_the_place_of_the_one_before(play):
    text = HEAD + event("1d", "configuration", settings="{load_profile = {interval = 30}}")
    player, _ = play(text)
    assert wh(player) == pytest.approx(360 * 24), "another interval zeroes the registers"
    assert {length for end, length, _ in records(player) if end > START + 86400} == {1800}


def test_the_same_scenario_gives_the_same_flash(play):
    text = HEAD + event("5h", "outage", lasts=77) + event("9h", "freeze") + event("1d", "time set", by=5)
    assert image(play(text)[0]) == image(play(text)[0])


def test_local_times_and_a_csv_beside_the_file(tmp_path, play):
    rows = "".join(f"2024-01-01 {hour:02d}:00,{hour % 2}\n" for hour in range(24))
    (tmp_path / "load.csv").write_text("time,kW\n" + rows)
    player, _ = play(
        'start = "2024-01-01 01:00"\nduration = "10h"\nzone = "CET-1"\n[load]\ncsv = "load.csv"\nscale = 0.5\n'
    )
    assert player.app.meter.clock.second == START + 10 * 3600
    assert wh(player) == pytest.approx(2500)


def test_all_that_is_wrong_is_told(scenario):
    text = (
        'start = "noon"\nduration = "2 weeks"\nzone = "Berlin"\nsede = 1\nseed = 1.5\n'
        "configuration = {service = {frequency = 55}}\n[load]\nkW = 1\n[expect]\nV = 1\n"
    )
    told = problems(scenario, text + '[[event]]\ndo = "dance"\n' + event("1h", "override", off="true"))
    wheres = [line.partition(": ")[0] for line in told]
    assert wheres == [
        "sede", "zone", "start", "duration", "seed", "configuration", "event[0].do", "event[1].off", "event[1].on",
        "event[1].at", "expect.V",
    ]  # fmt: skip
    assert "must be one of outage, time set, freeze" in told[6]


@pytest.mark.parametrize(
    "text, told",
    [
        (HEAD.replace("kW = 0.36", "kW = 36"), "load, step 0: "),
        (HEAD.replace("kW = 0.36", "PV = 36"), "load.PV: unknown"),
        (HEAD.replace('"2d"', '"1.5s"'), "duration: '1.5s' is no whole number"),
        (HEAD + event("3d", "freeze"), "event[0].at: is not between"),
        (HEAD + event("1h", "time set"), "event[0]: time set needs either"),
        (
            HEAD + event("1h", "outage", lasts=600) + event("1h", "reset"),
            "event at 3600 s: reset in an outage",
        ),
        (
            HEAD + event("1h", "configuration", settings="{x = 1}"),
            "event at 3600 s, configuration: x: unknown",
        ),
        (HEAD + event("1h", "tariffs", tou="{days = 3}"), "event at 3600 s, tariffs: tou.days"),
        ('start = 2024-01-01\nduration = 9\n[load]\ncsv = "none.csv"', None),
        ("start = 2024-01-01\nduration = 9\nload = 3", "load: must be a table"),
        ("start = 2024-01-01\nduration = 9\n[load]\nsteps = [{at = 1, kW = 1}]", "load: steps must begin"),
    ],
)
def test_each_mistake_is_named(scenario, text, told):
    if told is None:
        with pytest.raises(UsageError, match="none.csv: no such file"):
            scenario(text)
    else:
        assert problems(scenario, text)[0].startswith(told)


def test_what_is_no_toml_is_refused(scenario, tmp_path):
    with pytest.raises(UsageError, match="not TOML"):
        scenario("start = ")
    with pytest.raises(UsageError, match="No such file"):
        read_scenario(tmp_path / "none.toml")


@pytest.mark.feature("PMU-10")
def test_a_clock_that_was_lost_in_an_outage_goes_on_late(play):
    player, _ = play(HEAD + event("12h", "outage", lasts='"3h"', clock_lost="true"))
    assert player.app.meter.clock.second == START + 45 * 3600
    assert wh(player) == pytest.approx(360 * 45)


def test_tariffs_change(play):
    register = '{id = 2, kind = "consumption", quantity = "Wh.del.P", rate = "A"}'
    head = f"configuration = {{registers = {{normal = [{register}]}}}}\n" + HEAD
    days = '{days = [["all", "all", "00:00 A, 12:00 B"]]}'
    text = (
        head + event("24h", "tariffs", tou=days) + '[expect]\n"Wh.del.P/A" = 4320.0\n"Wh.del.P" = 17280.0\n'
    )
    assert play(text)[1] == []


def test_expectations_that_cannot_be_are_told_by_name(scenario):
    expect = "[expect.registers]\n9 = 1\n1 = 5.5\n[expect.events]\nparty = 1\n[expect.load_profile]\nX = 1\n"
    told = problems(scenario, HEAD + expect)
    assert [line.partition(": ")[0] for line in told] == [
        "expect.registers.9", "expect.registers.1", "expect.events.party", "expect.load_profile.X",
    ]  # fmt: skip


def test_registers_logs_and_records_that_differ_are_told(play):
    expect = '[expect.registers]\n2 = 17281.0\n104 = "1h"\n[expect.events]\n"time set" = 1\n'
    _, unexpected = play(HEAD + expect + "[expect.load_profile]\nrecords = 1\n")
    assert unexpected == [
        "register 2 (consumption, Wh.del.P, working) is 17280.000000, expected 17281.000000",
        "register 104 (time, last billing reset, working) is none, expected 2024-01-01 01:00:00 UTC",
        "logged events of kind time set: 0, expected 1",
        "load_profile, records: 192, expected 1",
    ]
