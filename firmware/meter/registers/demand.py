"""Demand: the average power over an interval, of a fixed or a sliding window (DEM-01 to DEM-03, DEM-06 to DEM-08).

An interval has one subinterval (a fixed window) or up to 12 (a sliding one). At the end of each subinterval a demand is
formed of the last ones: the energy that flowed in them over the length of the whole interval. So a short interval, the
first after a start or one that the clock or an outage cut, never states more than there was. The rules, with examples,
are in docs/demand.md. Source: the manual's Specifications, Demand; Glossary, Demand to Sliding Window; Appendix A.
"""

import struct

from meter.compat import const
from meter.registers.demand_window import IntegratedWindow, PowerFactor, Window, factor_parts, made_of
from meter.registers.peak import Peak

INTERVALS_MIN = (1, 2, 3, 4, 5, 6, 10, 12, 15, 20, 30, 60)
SUBINTERVALS = const(12)
SYNC_GRACE_S = const(5)  # a pulse that is later than this is missing
_STATE = "<4q4B"


def problems(interval, subinterval):
    """Return what is wrong with the lengths of interval and subinterval together (minutes): a list of sentences."""
    if interval not in INTERVALS_MIN:
        return ["demand.interval: must be one of %s, not %s" % (_listed(INTERVALS_MIN), interval)]
    fits = [each for each in INTERVALS_MIN if not interval % each and interval // each <= SUBINTERVALS]
    if subinterval in fits:
        return []
    return [
        "demand.subinterval: must be one of %s for %d minutes, not %s"
        % (_listed(fits), interval, subinterval)
    ]


def _listed(numbers):
    return ", ".join([str(number) for number in numbers])


class Demand:
    """All demanded quantities, and the intervals they share.

    energy          the totals whose growth is demanded
    zone            calendar.Zone from whose hours the intervals are cut; None: UTC
    interval_min    one of INTERVALS_MIN
    subintervals    how many make an interval; 1: a fixed window
    deferral_s      for how long after an outage no demand is formed; 0: not deferred
    outage_s        from which length on an outage defers
    sync            True: pulses end the subintervals, the clock only where one is missing

    begun, due      UTC seconds: beginning and regular end of the running subinterval
    ended           UTC second at which the last demand was formed; 0: none was
    deferred_until  UTC second at which the deferral ends; 0: none runs
    """

    def __init__(
        self, energy, zone=None, interval_min=15, subintervals=3, deferral_s=0, outage_s=1, sync=False
    ):
        if subintervals < 1 or problems(interval_min, interval_min / subintervals):
            raise ValueError("no demand over %s minutes in %s subintervals" % (interval_min, subintervals))
        self.energy, self.subintervals, self.interval_s = energy, subintervals, interval_min * 60
        self._zone, self._minutes = zone, interval_min // subintervals
        self._length = self._minutes * 60
        self._deferral_s, self._outage_s, self._sync = deferral_s, outage_s, sync
        self._windows, self._integrated = [], []
        self.begun = self.due = self.ended = self.deferred_until = self.rate = 0
        self._go_to(0)
        self._is_held = self._is_anchored = False

    # What is demanded.

    def window(self, number, rate=0):
        """Return the Window of an instantaneous quantity at a rate, always the same. All are made before begin().

        ValueError if there is no demand of it.
        """
        for window in self._windows:
            if (window.number, window.rate) == (number, rate):
                return window
        kind = Window if made_of(number) else IntegratedWindow
        window = kind(self, number, rate)
        self._windows.append(window)
        if kind is IntegratedWindow:
            self._integrated.append(window)
        return window

    def coincident(self, number, rate=0):
        """Return what a Peak can capture: a Window, or for an index of PF, PFv, PFc or PFvc a PowerFactor."""
        parts = factor_parts(number)
        if not parts:
            return self.window(number, rate)
        return PowerFactor(number, [(row, self.window(part, rate)) for part, row in parts])

    def peak(self, number, rate=0, coincident=()):
        """Return a new Peak of a quantity. coincident: indices of what it captures, at the same rate."""
        return Peak(self.window(number, rate), [self.coincident(each, rate) for each in coincident])

    # The running interval.

    def take(self, span, rate=0):
        """Take a Span metered at this rate, when its energy has been booked."""
        self.rate = rate
        for window in self._integrated:
            window.take(span, rate)

    def begin(self, now):
        """Begin anew: nothing that was before now (UTC seconds) is in any demand."""
        self._is_held = self._is_anchored = False
        self._start(now)

    def _start(self, now):
        self.deferred_until = 0
        for window in self._windows:
            window.begin()
        self._run_from(now)

    def _go_to(self, slot):
        """Note where in their rings the windows keep the running subinterval, and the oldest one of the interval."""
        self._slot, self.oldest = slot, (slot + 1) % self.subintervals

    def _run_from(self, now):
        self.begun, self.due = now, self._end_after(now)

    def _end_after(self, now):
        """Return the regular end of a subinterval that runs at this second. None is longer than its length."""
        length = self._length
        if self._is_anchored:
            return self.due + ((now - self.due) // length + 1) * length
        if self._zone is None:
            return now - now % length + length
        return self._zone.next_boundary(now, self._minutes)

    def next_boundary(self, now):
        """Return the first UTC second after now at which close() must be called."""
        end = self.deferred_until or self.due + (SYNC_GRACE_S if self._is_held else 0)
        return max(end, now + 1)

    def close(self, now):
        """End what ends at this second. Return True if a demand was formed: then the peaks are to be offered it."""
        if self.deferred_until:
            if now >= self.deferred_until:
                self._start(now)
            return False
        if now < self.due or self._awaits_pulse(now):
            return False
        end = self.due if self._is_held else now
        self._form(end)
        self._run_from(end)
        return True

    def _awaits_pulse(self, now):
        """Return True while a pulse may still come. If it does not, the subinterval has ended when it was due."""
        if not self._sync:
            return False
        if not self._is_held:
            self._is_held = True
            for window in self._windows:
                window.hold()
            return True
        return now < self.due + SYNC_GRACE_S

    def _form(self, end, is_formed=True):
        for window in self._windows:
            window.close(self.oldest, is_formed, self._is_held)
        self._go_to(self.oldest)
        self._is_held = False
        if is_formed:
            self.ended = end

    def _form_at(self, end):
        """End the subinterval early, if it has lasted. Return True if it had."""
        is_formed = end > self.begun and not self.deferred_until
        self._is_held = False
        if is_formed:
            self._form(end)
        return is_formed

    def ends_interval(self, now):
        """Return True if the demand formed now ended an interval, and not only a subinterval of it."""
        if self._is_anchored:
            return self._slot == 0
        minutes = self.interval_s // 60
        return self._zone.is_boundary(now, minutes) if self._zone else now % self.interval_s == 0

    # What breaks an interval. Each returns True if a demand was formed, as close() does.

    def resynchronise(self, now):
        """An external pulse: the subinterval ends now, and the grid starts again from here. Ignored without sync."""
        if not self._sync:
            return False
        is_formed = self._form_at(now)
        self._is_anchored = True
        self.begun, self.due = now, now + self._length
        return is_formed

    def jumped(self, before, after, is_outage):
        """The clock jumped from before to after (UTC): by an outage, or because it was set."""
        return self._outage(before, after) if is_outage else self._clock_set(before, after)

    def _outage(self, before, after):
        if self._deferral_s and after - before >= self._outage_s:
            is_formed = self._form_at(before)
            self.deferred_until = after + self._deferral_s
            return is_formed
        if self.deferred_until:
            if after >= self.deferred_until:
                self._start(after)
            return False
        if after < self.due:
            return False
        is_formed = self._form_at(before)
        # Nothing flowed in the subintervals that passed meanwhile, but they move a sliding window on.
        passed = (after - self.due) // self._length + (0 if is_formed else 1)
        for _ in range(min(passed, self.subintervals)):
            self._form(before, False)
        self._run_from(after)
        return is_formed

    def _clock_set(self, before, after):
        shift = after - before
        if self.deferred_until or self._is_anchored:
            self.deferred_until += shift if self.deferred_until else 0
            self.begun, self.due = self.begun + shift, self.due + shift
            return False
        if self._end_after(after) != self._end_after(before):
            is_formed = self._form_at(before)
            self._run_from(after)
            return is_formed
        # It began where the clock, as it is now, would have shown this: so it still ends when it has its length.
        self.begun += shift
        self.due = min(self._end_after(after), self.begun + self._length)
        return False

    # The state, for a checkpoint.

    def state(self):
        """Return as bytes what a restart needs. Its layout depends on the windows made, and on their order."""
        head = struct.pack(
            _STATE, self.begun, self.due, self.ended, self.deferred_until,
            self._slot, self._is_held, self._is_anchored, self.rate,
        )  # fmt: skip
        return head + b"".join([window.state() for window in self._windows])

    def restore(self, state):
        """Go on from bytes made by state() with the same windows. Then jumped() says how long the outage was."""
        fields = struct.unpack_from(_STATE, state)
        self.begun, self.due, self.ended, self.deferred_until = fields[:4]
        slot, held, anchored, self.rate = fields[4:]
        self._is_held, self._is_anchored = bool(held), bool(anchored)
        self._go_to(slot)
        at = struct.calcsize(_STATE)
        for window in self._windows:
            at = window.restore(state, at)
