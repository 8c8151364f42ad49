"""`ferraris calibrate --meter`: a meter that runs and whose front end is off, over DLMS; and what goes wrong."""

import json
import socket
import threading

import pytest
from ferraris.dlms import calibrating
from ferraris.errors import ClientError, UsageError
from meter.config.schema import defaults
from meter.metrology.calibration import Calibration, CalibrationError
from meter.metrology.frame import CLIPPED, GAP
from meter.metrology.tracking import CHANNELS
from meter.protocols.dlms import axdr

from host_tests.protocols.dlms.dlms_served import served
from host_tests.tools.cli_process import called, refused
from host_tests.tools.test_cli_dlms import KEYS, failed

GAINS = (0.01, -0.008, 0.004, -0.01, 0.006, 0.003)
OFFSETS = (500.0, -300.0, 200.0, 800.0, -900.0, 100.0)
DELAYS = (1.0, -2.0, 3.0, 0.5, -1.0, 2.0)
VOLTS, AMPS, LAG = (118.0, 121.0, 120.0), (4.0, 3.0, 2.0), (60.0, 50.0, 70.0)
LOAD = {
    "voltage": VOLTS, "current": AMPS, "lag": LAG, "swing": 0.0, "thd_voltage": 0.0, "thd_current": 0.0,
    "gain_error": GAINS, "offset": OFFSETS, "delay": DELAYS,
}  # fmt: skip
SPEED = 6.0
REFERENCE = ("--voltage", "118,121,120", "--current", "4,3,2", "--angle", "60,50,70", "--seconds", "1.5")


def settings(**simulator):
    return {"simulator": {**LOAD, **simulator}}


@pytest.fixture
def keys(tmp_path):
    path = tmp_path / "keys.json"
    path.write_text(json.dumps(KEYS))
    return path


@pytest.fixture
def run(capsys, monkeypatch, keys):
    monkeypatch.setenv("FERRARIS_PASSWORD", "admin")
    monkeypatch.setattr(calibrating, "_POLL_S", 0.05)

    def call(meter, *arguments, client="?client=1"):
        url = meter if isinstance(meter, str) else f"dlms+tcp://{meter.address}{client}"
        if client == "?client=1":
            arguments = (*arguments, "--keys", keys)
        return called(capsys, "calibrate", "--meter", url, *arguments)

    return call


def names(meter):
    return [event.name for event in meter.app.logs.log("events").records()]


def test_a_meter_that_runs_reads_as_applied_at_once_and_after_its_next_start(run, capsys):
    with served(speed=SPEED, **settings()) as meter:
        result = run(meter, *REFERENCE, "--json")
        assert (result.returncode, result.stderr) == (0, ""), result
        found = json.loads(result.stdout)
        after = found["after"]
        for name, gain, offset in zip(CHANNELS, GAINS, OFFSETS, strict=True):
            assert after["gain"][name] == pytest.approx(1 / (1 + gain), rel=2e-5)
            assert after["offset"][name] == pytest.approx(offset, abs=3)
            assert found["before"]["error"][name] == pytest.approx(100 * gain, abs=0.01)
            assert abs(after["error"][name]) < 0.003
        for k, phase in enumerate("ABC"):
            angle = (DELAYS[k] - DELAYS[k + 3]) * 1e-6 * 60 * 360
            assert after["angle"][phase] == pytest.approx(angle, abs=5e-4)
            assert abs(after["error"]["W" + phase]) < 0.003
            assert meter.app.access.read("V." + phase)[0] == pytest.approx(VOLTS[k], rel=3e-5)
        assert found["reference"] == {
            "voltage": list(VOLTS), "current": list(AMPS), "angle": list(LAG), "seconds": 1.5,
        }  # fmt: skip
        events = [e for e in meter.app.logs.log("events").records() if e.name == "calibration"]
        assert [(e.user, e.origin) for e in events] == [("management", events[0].origin)] * 2
        assert events[0].peer.startswith("127.0.0.1:")
        stored = calibrate_stored(meter.app)
    assert stored.pack() == meter.app.calibration.pack()
    assert stored.gains == pytest.approx(tuple(after["gain"].values()))


def calibrate_stored(app):
    """Return what the next start will read."""
    from meter.metrology import calibration

    return calibration.stored(app._calibrations)[0]


@pytest.mark.parametrize("scheme", ["dlms+hdlc", "dlms+serial", "dlms+optical"])
def test_every_transport_calibrates(run, scheme):
    with served(speed=SPEED, **settings()) as meter:
        where = {
            "dlms+hdlc": f"//{meter.address}",
            "dlms+serial": meter.rs485,
            "dlms+optical": meter.optical,
        }[scheme]
        result = run(f"{scheme}:{where}?client=1", *REFERENCE)
        assert (result.returncode, result.stderr) == (0, ""), result
        assert max(map(len, result.stdout.splitlines())) <= 80
        assert "applied to each phase: 118, 121, 120 V" in result.stdout
        assert meter.app.calibration.gains[0] == pytest.approx(1 / 1.01, rel=2e-5)


def test_gains_and_tweaks_of_the_settings_are_taken_out_and_losses_take_no_part(run):
    corrected = {
        "correction": {
            "voltage_gain": [1.02, 1.0, 0.98], "current_gain": [0.97, 1.01, 1.0],
            "watt_gain": 1.01, "var_gain": 0.99,
        },
        "loss": {"delivered": [0.3, 0.5, 1.5, 0.4, 1.2]},
    }  # fmt: skip
    with served(speed=SPEED, **settings(), **corrected) as meter:
        result = run(meter, *REFERENCE, "--json")
        assert result.returncode == 0, result
        after = json.loads(result.stdout)["after"]
        for name, gain, offset in zip(CHANNELS, GAINS, OFFSETS, strict=True):
            assert after["gain"][name] == pytest.approx(1 / (1 + gain), rel=2e-5)
            assert after["offset"][name] == pytest.approx(offset, abs=3)
        assert max(abs(error) for error in after["error"].values()) < 0.003
        assert after["angle"]["C"] == pytest.approx(0.0216, abs=5e-4)
        assert meter.app.access.read("V.A")[0] == pytest.approx(118 * 1.02, rel=3e-5)


@pytest.mark.parametrize(
    ("changed", "word"),
    [
        (
            {"service.connection": "3-wire delta"},
            "service.connection is 3-wire delta: calibrate as 4-wire wye",
        ),
        ({"service.connection": "network"}, "service.connection is network"),
        ({"correction.curve": ((1.0, 0.1, 0.1), (5.0, 0.1, 0.1))}, "correction.curve is set"),
    ],
)
def test_settings_that_cannot_be_taken_out_are_refused(changed, word):
    with pytest.raises(UsageError, match=word):
        calibrating.factors({**defaults(), **changed})


def untouched(meter):
    assert meter.app.calibration.pack() == Calibration().pack()
    assert "calibration" not in names(meter)


def test_what_is_not_as_the_reference_says_is_refused_by_channel_and_nothing_is_written(run):
    with served(
        speed=SPEED, **settings(current=(4.0, 0.0, 2.0), gain_error=(0.0, 0.0, -0.4, 0.0, 0.0, 0.0))
    ) as meter:
        result = run(meter, *REFERENCE)
        assert (result.returncode, result.stdout) == (2, "")
        lines = result.stderr.splitlines()
        assert len(lines) == 3 and "the constants were left as they were" in lines[0]
        assert "VC reads 72" in lines[1] and lines[2].endswith("where 3 is applied; is there a load?")
        untouched(meter)


def test_a_clamp_that_is_reversed_is_told_by_its_phase(run):
    with served(speed=SPEED, **settings(lag=(60.0, 230.0, 70.0))) as meter:
        result = run(meter, *REFERENCE)
        assert result.returncode == 2
        (_, line) = result.stderr.splitlines()
        assert "IB lags VB by -130" in line and "turn the clamp of this phase around" in line
        untouched(meter)


def test_a_load_that_goes_in_the_second_round_leaves_the_constants_of_before(run, monkeypatch):
    before = Calibration(gains=(1.001,) * 6)
    with served(speed=SPEED, **settings()) as meter:
        meter.do(meter.app.calibrate, before)
        front_end, write = meter.app._board.adc._front_end, calibrating.write

        def written(client, constants):
            write(client, constants)
            front_end._factor[4] = 0.0

        monkeypatch.setattr(calibrating, "write", written)
        result = run(meter, *REFERENCE)
        assert result.returncode == 2 and "the constants were left as they were" in result.stderr, result
        assert "IB reads" in result.stderr and "is there a load?" in result.stderr
        assert meter.app.calibration.pack() == before.pack() == calibrate_stored(meter.app).pack()
        assert names(meter).count("calibration") == 3


def test_who_has_no_right_is_told_what_is_needed(run):
    with served(speed=SPEED, **settings()) as meter:
        for client in ("", "?user=admin"):
            refused(run(meter, *REFERENCE, client=client), "who has its keys: ?client=1")
        untouched(meter)
    with served(speed=SPEED, **settings(key_1=True)) as meter:
        failed(run(meter, *REFERENCE), "security key 1")
        untouched(meter)


def test_wrong_keys_and_a_meter_that_is_not_there(run, keys):
    with served(speed=SPEED, **settings()) as meter:
        keys.write_text(json.dumps({**KEYS, "encryption_key": "00" * 16}))
        failed(run(meter, *REFERENCE), "refuse")
        keys.write_text("{")
        refused(run(meter, *REFERENCE), "not JSON")
        untouched(meter)
    keys.write_text(json.dumps(KEYS))
    failed(run(meter, *REFERENCE), meter.address)


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (("--voltage", "120", "--current", "5"), "--angle"),
        (("--current", "5", "--angle", "60"), "--voltage"),
        ((*REFERENCE, "--board", "linux_ad7606"), "--board"),
        ((*REFERENCE, "--state", "state"), "--state"),
        ((*REFERENCE, "--config", "c.json"), "--config"),
    ],
)
def test_a_command_line_that_is_not_for_a_running_meter_is_refused(run, arguments, word):
    refused(run("dlms+tcp://127.0.0.1:1?client=1", *arguments), word)


@pytest.mark.parametrize(
    "value", ["120,120", "120,x,120", "1,2,3,4", "-5", "nan", "", "120;120;120", "0,120,120"]
)
def test_a_reference_that_is_no_number_for_each_phase_is_refused(capsys, value):
    result = called(capsys, "calibrate", "--voltage", value)
    assert result.returncode == 2 and "--voltage" in result.stderr and result.stdout == ""


def test_options_of_a_running_meter_are_not_for_a_stopped_one(capsys):
    refused(called(capsys, "calibrate", "--timeout", "3"), "--timeout")
    refused(called(capsys, "calibrate", "--keys", "k.json"), "--keys")


class Way:
    """A way to a meter that is cut as soon as is_cut(how many pieces came to it, both ways together) says so."""

    def __init__(self, meter, is_cut):
        self._server = socket.create_server(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{self._server.getsockname()[1]}"
        self._port, self._is_cut, self._pieces, self._open = meter.port, is_cut, 0, []
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        try:
            while True:
                near, _ = self._server.accept()
                far = socket.create_connection(("127.0.0.1", self._port))
                self._open += [near, far]
                for one, other in ((near, far), (far, near)):
                    threading.Thread(target=self._pass, args=(one, other), daemon=True).start()
        except OSError:
            pass

    def _pass(self, one, other):
        try:
            while data := one.recv(4096):
                self._pieces += 1
                if self._is_cut(self._pieces):
                    break
                other.sendall(data)
        except OSError:
            pass
        for each in (one, other):
            try:
                each.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def close(self):
        self._server.close()
        for one in self._open:
            one.close()


def test_a_connection_that_is_lost_anywhere_leaves_whole_constants_and_says_which(run):
    with served(speed=SPEED, **settings()) as meter:
        assert run(meter, *REFERENCE).returncode == 0
        final = meter.app.calibration
        for pieces, rounds, told in (
            (1, 0, None),  # before there is an association
            (5, 0, None),
            (18, 0, "; nothing was written"),
            (
                1,
                1,
                "; the meter may have the constants of round 1 or those before, whole",
            ),  # the answer is lost
            (6, 1, "; the meter has the constants of round 1"),
            (1, 2, "; the meter may have the constants of round 2 or those before, whole"),
            (6, 2, "; the meter has the constants of round 2"),
        ):
            meter.do(meter.app.calibrate, Calibration())
            before, after = names(meter).count("calibration"), []

            def is_cut(count):
                if names(meter).count("calibration") - before >= rounds:  # noqa: B023
                    after.append(count)  # noqa: B023
                return len(after) >= pieces  # noqa: B023

            way = Way(meter, is_cut)
            result = run(f"dlms+tcp://{way.address}?client=1", *REFERENCE, "--timeout", "3")
            way.close()
            assert (result.returncode, result.stdout) == (1, ""), result
            assert told is None or result.stderr.endswith(told + "\n"), result
            now = meter.app.calibration
            assert names(meter).count("calibration") - before == rounds
            assert calibrate_stored(meter.app).pack() == now.pack()
            if rounds:
                assert now.gains == pytest.approx(final.gains, rel=5e-5)
                assert now.angles == pytest.approx(final.angles, abs=2e-3)
            else:
                assert now.pack() == Calibration().pack()


class Tape:
    """As a Client: it reads what is on the tape, and keeps what is set."""

    def __init__(self, windows):
        self._windows, self.sets = list(windows), []

    def read(self, attribute):
        one = self._windows.pop(0) if len(self._windows) > 1 else self._windows[0]
        if one is None:
            return axdr.read_whole(axdr.null())
        second, flags, values = one
        return axdr.read_whole(
            axdr.structure(
                axdr.number(axdr.DOUBLE_LONG_UNSIGNED, second),
                axdr.number(axdr.DOUBLE_LONG_UNSIGNED, flags),
                axdr.array([axdr.number(axdr.FLOAT32, each) for each in values]),
            )
        )


def measured(windows, seconds=3.0, skip=0):
    return calibrating.measure(Tape(windows), (1.0,) * 18, seconds, skip, 0.05, lambda s: None)


def row(value):
    return (float(value),) * 24


def test_windows_are_each_taken_once_and_those_with_lost_samples_are_left_out():
    windows = [
        (9, 0, row(9)), (9, 0, row(9)), (10, 0, row(100)), (10, 0, row(100)), (12, GAP, row(500)), (13, 0, row(101)),
    ]  # fmt: skip
    assert measured(windows).values == (100.5,) * 18
    assert measured([(k, 0, row(100 + k)) for k in range(9)], skip=2).values == (103.5,) * 18


def test_a_load_that_changes_meanwhile_is_told_by_its_channels():
    windows = [(k, 0, (120.0,) * 5 + (5.0 + 0.06 * k,) + (0.0,) * 18) for k in range(5)]
    with pytest.raises(CalibrationError, match="^IC goes from 5.06 to 5.24: the load is not steady$"):
        measured(windows, seconds=6.0)
    assert measured(windows[:3], seconds=3.0).values[5] == pytest.approx(5.09)


def test_a_converter_at_its_limit_a_meter_that_stands_still_and_one_that_loses_samples_are_told():
    with pytest.raises(CalibrationError, match="at the converter's limit"):
        measured([(1, 0, row(1)), (2, CLIPPED, row(1))])
    with pytest.raises(ClientError, match="does not measure"):
        measured([(1, 0, row(1))])
    with pytest.raises(ClientError, match="no waveforms"):
        measured([None])
    with pytest.raises(ClientError, match="loses samples"):
        measured([(k, GAP, row(1)) for k in range(20)])
    with pytest.raises(ClientError, match="another shape"):
        measured([(1, 0, row(1)[:20]), (2, 0, row(1)[:20])])
