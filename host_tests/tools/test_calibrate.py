"""`ferraris calibrate`: what it finds, that it lasts, and what it refuses."""

import asyncio
import json

import numpy as np
import pytest
from ferraris import cli
from ferraris.constants import improved
from ferraris.settings import load_settings
from meter.app import CALIBRATION_KIND, App
from meter.hal.sim.flash import PowerCut
from meter.metrology.calibration import Calibration, CalibrationError
from meter.metrology.span import Span
from meter.metrology.tracking import CHANNELS
from meter.quantities import index
from meter.storage.journal import Journal
from meter.storage.partitions import Partitions

from boards.sim.board import PARTITIONS, Board, nominal_full_scale, synthesizer
from host_tests.tools.cli_process import RunningMeter, configuration, ferraris

GAINS = (0.01, -0.008, 0.004, -0.01, 0.006, 0.003)
OFFSETS = (500.0, -300.0, 200.0, 800.0, -900.0, 100.0)
DELAYS = (1.0, -2.0, 3.0, 0.5, -1.0, 2.0)
LOAD = {
    "voltage": (118.0, 121.0, 120.0), "current": (4.0, 3.0, 2.0), "lag": (60.0, 50.0, 70.0), "swing": 0.0,
    "thd_voltage": 0.0, "thd_current": 0.0,
}  # fmt: skip
ERRORS = {"gain_error": GAINS, "offset": OFFSETS, "delay": DELAYS, "noise": 149.0, "crosstalk": 1e-6}


@pytest.fixture
def config(tmp_path):
    return configuration(tmp_path / "c.json", simulator={**LOAD, **ERRORS})


@pytest.fixture
def state(tmp_path):
    return tmp_path / "state"


def calibrate(state, config, *more):
    return cli.main(["calibrate", "--state", str(state), "--config", str(config), "--seconds", "3", *more])


def opened(state, config, observer=None):
    """Return (board, app) of a meter that starts with this state."""
    state.mkdir(exist_ok=True)
    settings = load_settings(str(config))
    board = Board(
        settings, synthesizer(settings), nominal_full_scale(settings), state=str(state), half_cycles=60,
        last=int(2.2 * 30720),
    )  # fmt: skip
    return board, App(board, settings, observer=observer)


def metered(state, config):
    """Start the meter of a state, let it run two seconds as wired in App, and return what it has seen, a Span."""
    total = Span(np.float64)
    board, app = opened(state, config, total.merge)
    asyncio.run(app.metering())
    board.flash.close()
    return total


def errors(span):
    """Return the largest errors: of volts and amperes, and of watts, percent."""
    volts = [span.value(index(f"V.{p}")) / v - 1 for p, v in zip("ABC", LOAD["voltage"])]
    amps = [span.value(index(f"A.{p}")) / a - 1 for p, a in zip("ABC", LOAD["current"])]
    watts = []
    for p, v, a, lag in zip("ABC", LOAD["voltage"], LOAD["current"], LOAD["lag"]):
        watts.append(span.value(index(f"W.del.{p}")) / (v * a * np.cos(np.radians(lag))) - 1)
    return 100 * max(map(abs, volts + amps)), 100 * max(map(abs, watts))


def constants(state, config):
    board, app = opened(state, config)
    board.flash.close()
    return app.calibration


def test_a_meter_is_off_before_and_right_after_and_stays_so(state, config):
    before = errors(metered(state, config))
    assert before[0] > 0.9 and before[1] > 0.3
    assert calibrate(state, config) == 0
    for _ in range(2):  # each time started anew from what is on the flash
        after = errors(metered(state, config))
        assert after[0] < 0.005 and after[1] < 0.01


def test_constants_are_those_of_the_front_end(state, config, capsys):
    assert calibrate(state, config, "--json") == 0
    after = json.loads(capsys.readouterr().out)["after"]
    for name, gain, offset in zip(CHANNELS, GAINS, OFFSETS):
        assert after["gain"][name] == pytest.approx(1 / (1 + gain), rel=2e-5)
        assert after["offset"][name] == pytest.approx(offset, abs=3)
    for k, phase in enumerate("ABC"):
        angle = (DELAYS[k] - DELAYS[k + 3]) * 1e-6 * 60 * 360
        assert after["angle"][phase] == pytest.approx(angle, abs=5e-4)


def test_json_tells_the_errors_before_and_after(state, config, capsys):
    calibrate(state, config, "--json", "--voltage", "100", "--current", "2", "--angle", "-30")
    result = json.loads(capsys.readouterr().out)
    assert result["reference"] == {"voltage": 100, "current": 2, "angle": -30, "seconds": 3}
    assert result["before"]["gain"]["VA"] == 1.0 and result["before"]["error"]["VA"] == pytest.approx(
        1, abs=0.01
    )
    assert max(abs(error) for error in result["after"]["error"].values()) < 0.003


def test_calibrating_again_starts_from_what_is_stored(state, config, capsys):
    calibrate(state, config, "--json")
    first = json.loads(capsys.readouterr().out)["after"]["gain"]
    calibrate(state, config, "--json")
    again = json.loads(capsys.readouterr().out)["before"]["gain"]
    assert again == pytest.approx(first, rel=1e-6)  # stored in single precision


def test_nothing_of_the_reference_is_registered(state, config):
    calibrate(state, config)
    board, app = opened(state, config)
    board.flash.close()
    assert app.meter.energy.value(index("Wh.abs.P")) == 0


@pytest.mark.parametrize(
    "name, gain, watts, vars_", [("watt_gain", 1.01, 1.01, 1.0), ("var_gain", 0.99, 1.0, 0.99)]
)
def test_tweaks_of_watts_and_vars_come_on_top_and_are_not_calibrated_away(
    tmp_path, state, config, name, gain, watts, vars_
):
    calibrate(state, config)
    plain, found = metered(state, config), constants(state, config)
    tweaked = configuration(tmp_path / "t.json", simulator={**LOAD, **ERRORS}, correction={name: gain})
    calibrate(tmp_path / "other", tweaked)
    span = metered(tmp_path / "other", tweaked)
    assert constants(tmp_path / "other", tweaked).pack() == found.pack()
    for key, factor in (("W.bi.P", watts), ("VAR.bi.P", vars_)):
        assert span.value(index(key)) / plain.value(index(key)) == pytest.approx(factor, rel=2e-5)


def test_table_fits_80_columns(state, config):
    result = ferraris("calibrate", "--state", state, "--config", config, "--seconds", "1")
    assert (result.returncode, result.stderr) == (0, "")
    assert max(map(len, result.stdout.splitlines())) <= 80
    assert all(name in result.stdout for name in (*CHANNELS, "before", "after"))


def test_channels_that_do_not_read_like_the_reference_are_each_named(tmp_path, state, capsys):
    config = configuration(tmp_path / "c.json", simulator={"gain_error": [0, 0, -0.4, 0, 0.5, 0]})
    assert calibrate(state, config) == 2
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 3 and "left as they were" in lines[0]
    assert "VC reads 72 where 120 is applied" in lines[1] and "IB reads 7.5" in lines[2]
    assert constants(state, config).pack() == Calibration().pack()


def test_an_element_whose_angle_is_far_off_is_refused():
    class Crossed:
        """A span as of a meter whose current inputs are exchanged in a circle."""

        def value(self, number):
            kinds = {index(f"V.{p}"): 120 for p in "ABC"} | {index(f"A.{p}"): 5 for p in "ABC"}
            kinds |= {index(f"W.bi.{p}"): -600 for p in "ABC"} | {index(f"VAR.bi.{p}"): 0.0 for p in "ABC"}
            return kinds[number]

        def mean(self, name, place):
            return 0.0

    wrong = r"IA lags VA by 180.0 degrees where 60 is applied; is it of another phase\?\nIB.*\nIC"
    with pytest.raises(CalibrationError, match=wrong):
        improved(Calibration(), Crossed(), (120,) * 3, (5,) * 3, (60,) * 3, (1e-4,) * 6)


@pytest.mark.parametrize("option", [("--voltage", "301"), ("--current", "21"), ("--seconds", "1e4")])
def test_a_reference_beyond_the_meter_is_refused(state, config, capsys, option):
    assert cli.main(["calibrate", "--state", str(state), "--config", str(config), *option]) == 2
    assert option[0] in capsys.readouterr().err and not state.exists()


def test_a_running_meter_is_refused(state, config):
    with RunningMeter("--state", state, "--config", config) as meter:
        meter.listening()
        result = ferraris("calibrate", "--state", state, "--config", config)
        assert (result.returncode, result.stdout) == (2, "")
        assert "in use by another meter" in result.stderr
        assert meter.stop()[0] == 0


def area(board):
    return Partitions.open(board.flash, PARTITIONS).area("calibration")


def rot(state, config, calibration):
    """Flip bits in the middle of the stored constants."""
    path, packed = state / "flash.bin", calibration.pack()
    content = bytearray(path.read_bytes())
    at = content.index(packed) + len(packed) // 2
    content[at] ^= 0xFF
    path.write_bytes(bytes(content))


def run_errors(state, config):
    result = ferraris("run", "--state", state, "--config", config, "--speed", "max", "--duration", "1")
    assert result.returncode == 0
    return result.stderr


def test_a_damaged_calibration_falls_back_to_the_one_before_and_says_so(state, config):
    calibrate(state, config)
    first = constants(state, config)
    calibrate(state, config, "--current", "3")
    newest = constants(state, config)
    assert newest.pack() != first.pack()
    rot(state, config, newest)
    assert constants(state, config).pack() == first.pack()
    assert "the newest calibration is damaged: the one before it is used" in run_errors(state, config)


def test_without_a_sound_calibration_the_meter_runs_uncalibrated_and_says_so(state, config):
    calibrate(state, config)
    rot(state, config, constants(state, config))
    assert constants(state, config).pack() == Calibration().pack()
    assert "metering uncalibrated, calibrate again" in run_errors(state, config)
    assert calibrate(state, config) == 0
    assert run_errors(state, config) == ""


def test_a_calibration_of_another_version_is_not_used_and_said_so(state, config):
    board, _ = opened(state, config)
    Journal(board.flash, *area(board), CALIBRATION_KIND).save(b"\x63something else", 1)
    board.flash.sync()
    board.flash.close()
    assert constants(state, config).pack() == Calibration().pack()
    assert "stored calibration of another version: calibrate again" in run_errors(state, config)


@pytest.mark.parametrize("cut", range(1, 7))
def test_power_that_fails_while_storing_leaves_the_old_or_the_new_calibration(state, config, cut):
    new = Calibration(gains=(1.5,) * 6)
    calibrate(state, config)
    old = constants(state, config)
    board, app = opened(state, config)
    board.flash.cut_after = cut
    try:
        app.calibrate(new)
    except PowerCut:
        pass
    board.flash.close()
    assert constants(state, config).pack() in (old.pack(), new.pack())
