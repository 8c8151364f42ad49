"""The status word: 16 system bits and 16 trigger bits, that stay long enough to be seen in a load profile.

A bit is set while its condition holds, and for one whole interval of load profile 1 from when it last held; bits of
what happens in a moment likewise. So each is in at least one record of every load profile that has the word as a
channel. Bit 1 is the lowest. Source: the manual, Status Word.
"""

import struct

from meter.calendar import DAILY, MONTHLY
from meter.compat import const
from meter.registers.alarm_watch import AlarmWatch

BITS = const(16)
BATTERY = const(1)
GENERAL = const(3)
LOAD_PROFILE_OVERFLOW = const(4)
PULSE_OVERFLOW = const(5)
NO_TIME_SYNC = const(6)
TIME_DRIFT = const(7)
DST = const(8)
COVER = const(9)
TIME_CHANGE = const(10)
CONFIGURATION = const(11)
FIRMWARE = const(12)

# bit, name; 2 and 13 to 16 have no meaning yet in the manual either
SYSTEM_BITS = (
    (BATTERY, "battery failure"),
    (GENERAL, "general failure"),
    (LOAD_PROFILE_OVERFLOW, "load profile overflow"),
    (PULSE_OVERFLOW, "pulse output overflow"),
    (NO_TIME_SYNC, "loss of time sync"),
    (TIME_DRIFT, "time sync drift"),
    (DST, "daylight saving time"),
    (COVER, "cover removed"),
    (TIME_CHANGE, "manual time change"),
    (CONFIGURATION, "configuration change"),
    (FIRMWARE, "firmware change"),
)
DRIFT_MS = (10, 10000)
DEFAULT_DRIFT_MS = const(500)
_LONGEST_MONTH_S = const(2_678_400)
_CLOCK_CHANGE_S = const(3600)  # the day on which daylight saving time ends is longer
_IDENTITY = "<IIB"  # overflows seen, fingerprint of the configuration, bytes of the firmware's version


def hold_s(interval):
    """Return how long a bit stays at least, for the code of a load profile's interval: the longest such interval."""
    if interval < DAILY:
        return interval * 60
    return (_LONGEST_MONTH_S if interval == MONTHLY else interval * 60) + _CLOCK_CHANGE_S


def system_texts(bits):
    """Return what system bits say, a list of texts."""
    return [name for bit, name in SYSTEM_BITS if bits >> bit - 1 & 1]


class Word:
    """16 bits, each with its condition and the second until which it stays.

    hold        seconds

    bits        the word, an int
    """

    def __init__(self, hold):
        self.hold = hold
        self.bits = 0
        self._holding = 0  # the conditions
        self._until = [0] * BITS  # for those that are set without condition
        self._next = None  # the first of them that ends

    def set(self, conditions, now):
        """Take which conditions hold at this UTC second, bits. Cheap where nothing has changed."""
        if conditions != self._holding:
            self._stay(self._holding & ~conditions, now)
            self._holding = conditions
            self.bits |= conditions
        self.expire(now)

    def set_one(self, bit, holds, now):
        """Take whether the condition of one bit, 1 to 16, holds."""
        mask = 1 << bit - 1
        self.set(self._holding | mask if holds else self._holding & ~mask, now)

    def note(self, bit, now):
        """Something has happened in a moment that sets this bit, 1 to 16."""
        self._stay(1 << bit - 1, now)

    def _stay(self, mask, now):
        for place in range(BITS):
            if mask >> place & 1:
                self._until[place] = now + self.hold
        self.bits |= mask
        self._find_next()

    def _find_next(self):
        waiting = [second for second in self._until if second]
        self._next = min(waiting) if waiting else None

    def expire(self, now):
        """Clear what has stayed long enough at this UTC second."""
        if self._next is None or now < self._next:
            return
        for place in range(BITS):
            if self._until[place] and self._until[place] <= now:
                self._until[place] = 0
                if not self._holding >> place & 1:
                    self.bits &= ~(1 << place)
        self._find_next()

    def moved(self, before, after):
        """The clock was set: what is left of each stay is kept."""
        self._until = [second and max(1, second + after - before) for second in self._until]
        self._find_next()

    def state(self, now):
        """Return it as bytes: after a restart a bit stays as if its condition had ended now."""
        until = [
            now + self.hold if self._holding >> place & 1 else second
            for place, second in enumerate(self._until)
        ]
        found = [second for second in until if second]
        mask = sum([1 << place for place in range(BITS) if until[place]])
        return struct.pack("<H%dI" % len(found), mask, *found)

    def restore(self, state, at):
        """Take it from bytes of state(), from a position on. Return the position behind it."""
        self.bits = struct.unpack_from("<H", state, at)[0]
        at += 2
        self._holding = 0
        for place in range(BITS):
            is_set = self.bits >> place & 1
            self._until[place] = struct.unpack_from("<I", state, at)[0] if is_set else 0
            at += 4 * is_set
        self._find_next()
        return at


class StatusWord:
    """Both words, and what sets them.

    hold        seconds that a bit stays at least, hold_s() of load profile 1
    triggers    Triggers, or None
    drift_ms    the clock may be so far from the time source

    system, trigger     Word
    """

    def __init__(self, hold=900, triggers=None, drift_ms=DEFAULT_DRIFT_MS):
        self.system, self.trigger = Word(hold), Word(hold)
        self._triggers = triggers
        self._alarms = AlarmWatch()
        self._drift_ms = drift_ms
        self._overflowed = self._dropped = 0
        self._configuration, self._version = 0, ""

    # What sets bits. now: UTC second.

    def show(self, span, ms=0):
        """Take the newest instantaneous Span. Return what the alarm log is to be told: (kind, time, what) of each."""
        if not self._triggers:
            return ()
        conditions = self._triggers.conditions(span)
        self.trigger.set(conditions, span.end)
        return self._alarms.take(conditions, span.end, ms, self._triggers)

    def tick(self, now):
        """A second has passed."""
        self.system.expire(now)
        self.trigger.expire(now)

    def set(self, bit, holds, now):
        """Take whether the condition of a system bit holds."""
        self.system.set_one(bit, holds, now)

    def note(self, bit, now):
        """Set a system bit for what happened in a moment."""
        self.system.note(bit, now)

    def drift(self, milliseconds, now):
        """Take how far the clock is from its time source."""
        self.set(TIME_DRIFT, abs(milliseconds) > self._drift_ms, now)

    def counted(self, overflowed, dropped, now):
        """Take how many load profile values were too large, and how many records the flash did not take, so far."""
        if overflowed > self._overflowed:
            self.note(LOAD_PROFILE_OVERFLOW, now)
        if dropped > self._dropped:
            self.note(GENERAL, now)
        self._overflowed, self._dropped = overflowed, dropped

    def identify(self, version, configuration, now):
        """Take the firmware's version (text) and the configuration's fingerprint (32 bits) of this start."""
        if self._version and self._version != version:
            self.note(FIRMWARE, now)
        if self._version and self._configuration != configuration:
            self.note(CONFIGURATION, now)
        self._version, self._configuration = version, configuration

    def moved(self, before, after):
        """The clock was set."""
        self.system.moved(before, after)
        self.trigger.moved(before, after)

    # The state.

    def state(self, now):
        """Return all as bytes. now: UTC second."""
        version = self._version.encode()[:255]
        identity = struct.pack(_IDENTITY, self._overflowed, self._configuration, len(version))
        return self.system.state(now) + self.trigger.state(now) + identity + version + self._alarms.state()

    def restore(self, state):
        """Take all from bytes of state()."""
        at = self.trigger.restore(state, self.system.restore(state, 0))
        self._overflowed, self._configuration, size = struct.unpack_from(_IDENTITY, state, at)
        at += struct.calcsize(_IDENTITY)
        self._version = bytes(state[at : at + size]).decode()
        self._alarms.restore(state[at + size :])
