"""Half cycles in native code, in an emulator of the processor, against those in Python: the same rows to rounding."""

import sys

import numpy as np
import pytest
from meter.metrology import kernel
from meter.metrology.connection import NAMES, Connection
from meter.metrology.correction import Correction
from meter.metrology.frame import GAP, HALF, QUARTER, STUCK, Frame
from meter.metrology.half_cycles import HalfCycles
from meter.metrology.harmonics import Harmonics
from meter.metrology.loss_compensation import LossCompensation
from meter.quantities import START

from host_tests.hal.thumb import Thumb
from host_tests.harness import noise, three_phase

CURVE = ((0.05, 0.8, 0.6), (0.5, 0.4, 0.3), (5.0, -0.1, 0.05), (20.0, -0.3, 0.02))
LOSS = (0.2, 0.3, 0.4, 0.1, 0.05)
SECONDS = np.full(1, 1 / 120, dtype=np.float32)


@pytest.fixture(scope="module")
def assembled(tmp_path_factory):
    folder = tmp_path_factory.mktemp("thumb")
    return [
        Thumb(f"meter.metrology.{name}_thumb", "armv7emsp", folder) for name in ("kernel", "tape", "spectrum")
    ]


@pytest.fixture(autouse=True)
def thumb(assembled):
    """(kernel, tape, spectrum): the modules of native code, as if this interpreter had an assembler."""
    with assembled[0].installed(), assembled[1].installed(), assembled[2].installed():
        yield assembled
    for name in ("native", "spectrum"):
        sys.modules.pop("meter.metrology." + name, None)


OPTIONS = {
    "plain": {},
    **{name: {"connection": Connection(name)} for name in NAMES[1:]},
    "angles": {"correction": Correction((0.3, -0.2, 1.5), watt_gain=1.01, var_gain=0.98)},
    "curve": {"correction": Correction((0.3, 0.0, 0.0), CURVE)},
    "loss": {"loss": LossCompensation(120.0, 5.0, LOSS, (0.0, 0.1, 0.2, 0.3, 0.4))},
    "loss of a delta": {"connection": Connection("3-wire delta"), "loss": LossCompensation(120.0, 5.0, LOSS, LOSS)},
    "starting": {"starting_a": 2.0},
    "all": {"connection": Connection("3-wire delta"), "loss": LossCompensation(120.0, 5.0, LOSS, LOSS),
            "correction": Correction((0.3, -0.2, 1.5), CURVE, 1.01, 0.98), "starting_a": 0.001},
}  # fmt: skip


def both(options, nominal=60):
    """(native, in Python): HalfCycles with the same options."""
    made = [
        HalfCycles(harmonics=Harmonics(nominal, dtype=np.float32), dtype=np.float32, **options)
        for _ in range(2)
    ]
    assert made[0]._native
    made[1]._native = None
    return made


def stream(halves, lag=(30.0, 160.0, -40.0), rms=0.5):
    cycles = np.arange(-QUARTER, halves * HALF) / 512.0
    samples = three_phase(cycles, amps=(5.0, 1.5, 8.0), lag=lag, harmonics=((3, 0.1), (4, 0.02), (70, 0.03)))
    return (samples + noise(samples.shape, rms) + 0.2).astype(np.float32)


class Pair:
    """Feeds both with the same half cycles, the native one from one and the same array."""

    def __init__(self, options, **more):
        self.native, self.python = both(options, **more)
        self.buffer = np.zeros((6, QUARTER + HALF), dtype=np.float32)

    def take(self, samples, flags=0):
        """Return (native, in Python): (rows, flags after it)."""
        self.buffer[:] = samples
        found = []
        for metrology, array in ((self.native, self.buffer), (self.python, samples.copy())):
            frame = Frame(1, array, SECONDS, [0], flags)
            found.append((metrology.process(frame)[:, 0].copy(), frame.flags))
        assert self.native._last is self.native._native
        return found


# By what rounding is measured: what a row is a part or a difference of.
WHOLE = (
    (("W", "VAR", "VA", "VAv", "Q", "VARf"), "VA"), (("Wc", "VARc", "VAc", "VAvc", "Qc"), "VAc"),
    (("VH2", "HVo", "HVe"), "V2"), (("AH2", "HAo", "HAe", "N2"), "A2"),
    (("VD", "VR", "VI"), "VP"), (("AD", "AR", "AI"), "AP"), (("TDo", "TDe"), "TDo"),
)  # fmt: skip


def assert_same(found, wanted):
    """Rows are alike to rounding."""
    starts = sorted(START.values()) + [len(wanted)]
    wholes = {START[name]: START[whole] for names, whole in WHOLE for name in names}
    for first, last in zip(starts, starts[1:]):
        whole = wholes.get(first, first)
        size = np.max(np.abs(wanted[whole : starts[starts.index(whole) + 1]])) + 1e-9
        assert np.max(np.abs(found[first:last] - wanted[first:last])) < 2e-6 * size, (first, last)


@pytest.mark.parametrize("name", OPTIONS)
def test_whatever_is_configured_the_rows_are_those_of_python(name):
    pair, samples = Pair(OPTIONS[name]), stream(27)
    for half in range(27):
        (found, flags), (wanted, wanted_flags) = pair.take(samples[:, half * HALF :][:, : QUARTER + HALF])
        assert_same(found, wanted)
        assert flags == wanted_flags == 0
    # The harmonics of the first window, of 24 half cycles, are in it.
    assert found[START["HVo"]] > 0 and found[START["HS"]] == SECONDS[0]


@pytest.mark.parametrize("lag", range(5, 360, 50))
def test_all_quadrants_and_directions(lag):
    pair, samples = Pair({}), stream(3, lag=(lag, lag + 90.0, lag + 180.0))
    for half in range(3):
        (found, _), (wanted, _) = pair.take(samples[:, half * HALF :][:, : QUARTER + HALF])
        assert_same(found, wanted)


def test_a_gap_starts_afresh_in_the_harmonics_and_before_the_first():
    pair, samples = Pair({}, nominal=50), stream(40)
    for half in range(40):
        part = samples[:, half * HALF :][:, : QUARTER + HALF]
        (found, _), (wanted, _) = pair.take(part, GAP if half == 10 else 0)
        assert_same(found, wanted)
        assert (found[START["HS"]] > 0) == (wanted[START["HS"]] > 0) == (half >= 29)


def test_frames_that_are_computed_in_python_join_on():
    """Long frames, and samples that do not lie in one piece."""
    pair, samples = Pair({}), stream(30)
    at = 0
    for n, is_native in (
        (1, True),
        (1, True),
        (3, False),
        (1, True),
        (1, False),
        (2, False),
        (1, True),
        (1, True),
    ):
        part = samples[:, at * HALF : QUARTER + (at + n) * HALF]
        if is_native:
            (found, _), (wanted, _) = pair.take(part)
        else:
            seconds = np.full(n, SECONDS[0], dtype=np.float32)
            found, wanted = [
                metrology.process(Frame(n, part, seconds, [0] * n))[:, n - 1].copy()
                for metrology in (pair.native, pair.python)
            ]
            assert pair.native._last is not pair.native._native
        assert_same(found, wanted)
        at += n


@pytest.mark.parametrize("value, stuck", ((7.25, STUCK), (-7.25, STUCK), (0.0, 0)))
@pytest.mark.parametrize("channel", (0, 4))
def test_a_channel_that_is_stuchalfis_told(value, stuck, channel):
    pair, samples = Pair({}), stream(2)
    samples[channel, QUARTER + HALF :] = value
    for half in range(2):
        (_, flags), (_, wanted) = pair.take(samples[:, half * HALF :][:, : QUARTER + HALF])
        assert flags == wanted == (stuck if half else 0)


def test_an_element_that_is_not_there_is_not_stuck():
    pair, samples = Pair({"connection": Connection("network")}), stream(1)
    samples[[1, 4]] = 3.0
    assert [flags for _, flags in pair.take(samples)] == [0, 0]


def test_no_signal_books_nothing():
    pair = Pair({"starting_a": 0.001})
    (found, _), (wanted, _) = pair.take(np.zeros((6, QUARTER + HALF), dtype=np.float32))
    assert np.array_equal(found, wanted) and not np.any(found)


def test_double_precision_is_left_to_python():
    assert HalfCycles(dtype=np.float64)._native is None


@pytest.mark.parametrize("samples", (np.zeros((6, 385), dtype=np.float32)[:, 1:], np.zeros((6, 384)),
                                     np.zeros((6, 400), dtype=np.float32)))  # fmt: skip
def test_samples_that_it_cannot_read_are_not_taken(samples):
    assert not HalfCycles(dtype=np.float32)._native.takes(samples)


def test_a_half_cycle_takes_so_many_instructions(thumb):
    """docs/real-time.md says what that means."""
    kernel, tape, _ = thumb
    pair = Pair({})
    pair.take(stream(1))
    assert 10_000 < kernel.instructions < 12_000  # of channels(), twice; products(): see test_kernel_thumb
    assert 14_000 < tape.instructions < 16_000
    assert len(pair.native._native._words) < 700


def test_where_there_is_no_assembler_python_does_it(monkeypatch):
    monkeypatch.delitem(sys.modules, "meter.metrology.native", raising=False)
    monkeypatch.delitem(sys.modules, "meter.metrology.kernel_thumb")
    metrology = HalfCycles(dtype=np.float32)
    assert metrology._native is None
    frame = Frame(1, stream(1), SECONDS, [0])
    assert metrology.process(frame)[START["V2"], 0] == pytest.approx(120**2 / 120, rel=0.02)
    assert kernel.ROWS == len(metrology._last)
