"""Dips on the device's interpreter: half cycles in frames of any length, times beyond 31 bits, the log's fields."""

from meter.clock import Clock
from meter.metrology.connection import Connection
from meter.metrology.frame import Frame
from meter.power_quality.dips import Dips
from meter.power_quality.sag_log import SagLog
from meter.quantities import ROWS, START
from meter.xnp import np

NOW = 0x80000000  # 2038
SECONDS = 1 / 120
VOLTS = (120, 120, 120, 60, 60, 60, 120, 120, 150, 150, 120, 120)


class Logs:
    def __init__(self):
        self.entries = []

    def add(self, kind, time, **what):
        self.entries.append((kind, time, what))


def run(n, channels=(0,), **options):
    logs, clock, dips = Logs(), Clock(30720.0, NOW), Dips(**options)
    dips.observers.append(SagLog(logs).take)
    for at in range(0, len(VOLTS), n):
        rows = np.zeros((ROWS, n))
        for k in range(n):
            for p in range(3):
                volts = VOLTS[at + k] if p in channels else 120
                rows[START["V2"] + p, k] = volts * volts * SECONDS
                rows[START["A"] + p, k] = 5.0 * SECONDS
                rows[START["W"] + p, k] = rows[START["VA"] + p, k] = 5.0 * volts * SECONDS
        seconds = np.ones(n) * SECONDS
        ends = [256 * (at + k + 1) for k in range(n)]
        dips.take(Frame(n, None, seconds, ends), rows, clock)
    dips.finish(clock)
    return logs.entries


def near(a, b):
    return abs(a - b) < 1e-3


def test_a_dip_and_a_swell_are_the_same_in_frames_of_any_length():
    for n in (1, 2, 12):
        (dip, ends, what), (swell, _, other) = run(n)
        fields = what["fields"]
        assert (dip, swell, ends, what["start"]) == (128, 129, NOW, NOW)
        assert (
            fields[0] == "A"
            and near(fields[2], 60)
            and near(fields[3], 94.86833)
            and near(fields[4], 77.43416)
        )
        assert near(fields[5], 5) and near(fields[7], 5) and near(fields[8], 1)
        assert fields[9:] == (33, 2.0, 25, None, 0) and what["ms"] == 58
        assert other["fields"][0] == "A" and near(other["fields"][3], 150)


def test_all_phases_below_are_an_interruption_of_each():
    found = run(12, channels=(0, 1, 2), interruption=51.0)
    assert [kind for kind, _, _ in found] == [130, 129] * 3
    assert [what["fields"][0] for _, _, what in found[::2]] == ["A", "B", "C"]


def test_two_elements_have_two_voltages():
    assert len(run(1, channels=(0, 1), connection=Connection("network"))) == 2
