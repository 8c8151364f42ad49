"""Dips, swells and interruptions of each voltage, from the RMS of one cycle, renewed each half cycle: Urms(1/2).

A dip begins below its level and ends at or above the level plus the hysteresis; a swell begins above its level and
ends at or below the level less the hysteresis (IEC 61000-4-30, 5.4.2 and 5.4.3; the manual, Voltage Dips and Swells).
Each voltage has events of its own. While all voltages that there are lie below the interruption level, the events
that go on are interruptions (5.5: all channels; the manual: all three phases).

An event starts where the newest half cycle starts that brought the voltage over the level, and ends likewise: so a
rectangular event is never more than a cycle longer or shorter than it was.

    half cycles     | 120 | 120 |  60 |  60 |  60 | 120 | 120 |
    Urms(1/2)         120   120    95    60    60    95   120        levels 108 and 110.4 V
                                start                 end

Most frames hold nothing: then the lowest and the highest value of each voltage is all that is looked at.
"""

from meter.compat import const
from meter.metrology.connection import Connection
from meter.metrology.frame import GAP
from meter.power_quality.voltage_event import DIP, FLOW_ROWS, INTERRUPTION, SWELL, VoltageEvent
from meter.quantities import START
from meter.xnp import FLOAT, floats, np

# A voltage that never was cannot dip. It is watched from the first cycle on in which it is whole, or after ten
# cycles in which it is not interrupted: a meter may be started in a dip.
SETTLED = const(20)
_A = START["A"]

# Connections in which the line-to-line voltages are watched, and their nominal value over that of an element. The
# voltages of a four-wire delta to its neutral differ, those between its lines do not.
LINES = (("3-wire delta", 1), ("open delta", 1), ("3-wire wye", 1), ("4-wire delta", 2))


class _Voltage:
    """One voltage that is watched. Levels are twice the mean square: the sum of two half cycles."""

    def __init__(self, place, name, nominal, levels):
        self.place, self.name, self.nominal = place, name, nominal
        dip, swell, interruption, hysteresis = levels
        self.dip, self.dip_end = _level(nominal, dip), _level(nominal, dip + hysteresis)
        self.swell, self.swell_end = _level(nominal, swell), _level(nominal, swell - hysteresis)
        self.interruption = _level(nominal, interruption)
        self.event = None
        self.is_watched = False
        self._settled = 0

    def is_quiet(self, low, high):
        """Return True if nothing between these values begins, goes on or ends."""
        if self.is_watched:
            return self.event is None and low >= self.dip and high <= self.swell
        if high < self.interruption:
            self._settled = 0
            return True
        return False

    def watch(self, column):
        """Return from which value on the voltage is watched; the number of values if it is not."""
        if self.is_watched:
            return 0
        for k, x in enumerate(column):
            self._settled = self._settled + 1 if x >= self.interruption else 0
            if x >= self.dip_end or self._settled >= SETTLED:
                self.is_watched = True
                return k
        return len(column)

    def begins(self, column, k):
        """Return where from k on an event begins; the number of values if none does."""
        while k < len(column) and self.dip <= column[k] <= self.swell:
            k += 1
        return k

    def ends(self, column, k):
        """Return where from k on the event is over; the number of values if it is not."""
        if self.event.kind == SWELL:
            while k < len(column) and column[k] > self.swell_end:
                k += 1
        else:
            while k < len(column) and column[k] < self.dip_end:
                k += 1
        return k


def _level(nominal, percent):
    volts = nominal * percent / 100
    return volts * volts * 2.0


class Dips:
    """The events of all voltages of a connection.

    connection  Connection
    nominal     volts of an element
    dip, swell, interruption, hysteresis    percent of nominal

    observers   list of functions: each is called with each VoltageEvent that has ended
    """

    def __init__(
        self, connection=None, nominal=120.0, dip=90.0, swell=110.0, interruption=50.0, hysteresis=2.0,
        dtype=FLOAT,
    ):  # fmt: skip
        connection = connection or Connection()
        ratio = dict(LINES).get(connection.name)
        self._row = START["VLL2" if ratio else "V2"]
        names, places = (
            ("AB", "BC", "CA") if ratio else "ABC",
            connection.lines if ratio else connection.elements,
        )
        levels = (dip, swell, interruption, hysteresis)
        self._voltages = [_Voltage(k, names[k], nominal * (ratio or 1), levels) for k in places]
        self._dtype = dtype
        self._n = 0
        self._last = None  # mean squares of the last half cycle, or None
        self._end = 0  # the sample after it
        self.observers = []

    def take(self, frame, rows, clock):
        """Take a Frame, the (ROWS, n) matrix of its integrals, and the Clock."""
        last = None if frame.flags & GAP else self._last
        if frame.n == 1:
            sums, low, high = self._one(frame, rows, last)
        else:
            sums, low, high = self._many(frame, rows, last)
        if sums is not None:
            is_quiet = True
            for one in self._voltages:
                if not one.is_quiet(low[one.place], high[one.place]):
                    is_quiet = False
            if not is_quiet:
                self._look(frame, rows, clock, sums, 0 if last else 1)
        self._end = frame.ends[frame.n - 1]

    def _one(self, frame, rows, last):
        seconds = float(frame.seconds[0])
        now = self._last = [x / seconds for x in floats(rows[self._row : self._row + 3, 0])]
        if not last:
            return None, None, None
        sums = [now[0] + last[0], now[1] + last[1], now[2] + last[2]]
        return sums, sums, sums

    def _many(self, frame, rows, last):
        """Return the sums of each half cycle and the one before, (3, n), their lowest and their highest, lists.

        Without a half cycle before, the first has no sum.
        """
        n = frame.n
        if n != self._n:
            self._n = n
            self._half = np.zeros((3, n + 1), dtype=self._dtype)
        half = self._half
        half[:, 1:] = rows[self._row : self._row + 3] / frame.seconds
        half[:, 0] = np.array(last or [0.0] * 3, dtype=self._dtype)
        self._last = floats(half[:, n])
        sums = half[:, 1:] + half[:, :n]
        if not last:
            sums = sums[:, 1:]
        return sums, floats(np.min(sums, axis=1)), floats(np.max(sums, axis=1))

    def _look(self, frame, rows, clock, sums, first):
        """Look at each value. first: the half cycle of the frame that the first value belongs to."""
        columns = [floats(sums[k]) if frame.n > 1 else [sums[k]] for k in range(3)]
        single = self._single(frame, rows) if frame.n == 1 else None
        starts = [one.watch(columns[one.place]) for one in self._voltages]
        watched = [columns[one.place] for one in self._voltages if one.is_watched]
        highest = [max(values) for values in zip(*watched)]
        for one, k in zip(self._voltages, starts):
            column = columns[one.place]
            while k < len(column):
                if one.event is None:
                    k = one.begins(column, k)
                    if k == len(column):
                        break
                    self._begin(one, column[k], self._start_of(frame, k + first), clock)
                stop = one.ends(column, k)
                if stop > k:
                    if one.event.kind == DIP and min(highest[k:stop]) < one.interruption:
                        one.event.kind = INTERRUPTION
                    if single:
                        flows, amperes = single
                        ampere = amperes[one.event.current - _A]
                        one.event.add_one((column[0] * 0.5) ** 0.5, ampere, flows, frame.flags)
                    else:
                        self._add(one.event, column[k:stop], frame, rows, k + first)
                if stop < len(column):
                    self._close(one, self._start_of(frame, stop + first), clock)
                k = stop

    def _single(self, frame, rows):
        """Return what flowed in a frame's only half cycle, a view, and the amperes of A, B, C, a list."""
        seconds = float(frame.seconds[0])
        return rows[:FLOW_ROWS, 0], [x / seconds for x in floats(rows[_A : _A + 3, 0])]

    def _add(self, event, squares, frame, rows, start):
        """Let an event take half cycles of a frame from `start` on. squares: their Urms(1/2), squared, twice."""
        end = start + len(squares)
        volts = [(x * 0.5) ** 0.5 for x in squares]
        amperes = floats(rows[event.current, start:end] / frame.seconds[start:end])
        flowed = [sum(floats(rows[row, start:end])) for row in event.rows]
        event.add(volts, amperes, flowed, frame.flags)

    def _start_of(self, frame, k):
        return frame.ends[k - 1] if k else self._end

    def _begin(self, one, value, sample, clock):
        kind = DIP if value < one.dip else SWELL
        one.event = VoltageEvent(kind, one.name, one.nominal, clock.utc(sample), sample)

    def _close(self, one, sample, clock, is_finished=True):
        event, one.event = one.event, None
        # Both by the clock of now: it may have been set meanwhile.
        (start, start_us), (end, end_us) = clock.utc(event.first), clock.utc(sample)
        duration = (end - start) * 1000000 + end_us - start_us
        event.close((end, end_us), sample, duration, is_finished)
        for observer in self.observers:
            observer(event)

    def finish(self, clock):
        """The supply fails or the recording has ended: close what goes on, marked as unfinished."""
        for one in self._voltages:
            if one.event:
                self._close(one, self._end, clock, False)
