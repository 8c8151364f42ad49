"""The activity calendar: the one in force, the passive one, and the special days; kept as they were set.

In force are the settings tou.*. What was set by DLMS is kept besides, with its names and day ids, and holds as long as
the settings are those that were made of it; else the calendar is told by the settings alone.

    state `passive calendar`    calendar; activation time 12 bytes, and as UTC second, uint32 big-endian, 0: none
    state `active calendar`     fingerprint of the settings 4 bytes, calendar, count of seasons, and for each the day
                                ids of H1 and H2 and whether there is each; then the special days
    special days                count uint16 big-endian; index uint16 big-endian, date 5 bytes, day id
"""

import struct

from meter.access.errors import Refused
from meter.config import activity_calendar as model
from meter.config.fingerprint import print_of
from meter.storage.errors import StorageError

PASSIVE, ACTIVE = "passive calendar", "active calendar"
NEVER = b"\xff" * 9 + b"\x80\x00\xff"


class ActivityCalendar:
    """kept: Kept. settings: function that returns the configuration in force.

    passive     Calendar
    time        12 bytes: when the passive one is activated by itself
    """

    def __init__(self, kept, settings):
        self._kept, self._settings = kept, settings
        self.passive, self.time, self._due = model.NONE, NEVER, 0
        stored = kept.get(PASSIVE)
        if stored:
            reader = model.Reader(stored)
            self.passive, self.time = model.unpack(reader), reader.take(12)
            self._due = struct.unpack(">I", reader.take(4))[0]

    # The one in force.

    def _in_force(self):
        """Return (Calendar, special days, pairs)."""
        settings, stored = self._settings(), self._kept.get(ACTIVE)
        if stored and struct.unpack_from("<I", stored)[0] == _print(settings):
            return _unpacked(stored)
        return model.calendar_of(settings)

    @property
    def active(self):
        """The Calendar in force."""
        return self._in_force()[0]

    @property
    def special_days(self):
        """The special days in force: (index, date, day id)."""
        return self._in_force()[1]

    def _replace(self, calendar, special_days, before, change):
        """Put a calendar in force. change: function that changes settings, of a dict. Refused, Denied."""
        try:
            pairs = model.holiday_days(calendar, special_days, before)
            values = model.settings_of(calendar, special_days, pairs)
        except ValueError as error:
            raise Refused(str(error))
        change(values)
        stored = struct.pack("<I", _print(self._settings())) + _packed(calendar, special_days, pairs)
        self._keep(ACTIVE, stored)

    def set_special_days(self, entries, change):
        """Replace all special days. change: as below."""
        calendar, _, pairs = self._in_force()
        self._replace(calendar, tuple(entries), pairs, change)

    def insert(self, entry, change):
        """Add a special day, or replace the one with its index."""
        others = [one for one in self.special_days if one[0] != entry[0]]
        self.set_special_days(others + [entry], change)

    def delete(self, index, change):
        """Remove the special day with this index. Refused if there is none."""
        found = self.special_days
        others = [one for one in found if one[0] != index]
        if len(others) == len(found):
            raise Refused("there is no special day %d" % index)
        self.set_special_days(others, change)

    # The passive one.

    def set_passive(self, **parts):
        """Change parts of the passive calendar: name, seasons, weeks, days. Refused."""
        now = self.passive
        whole = [parts.get(name, getattr(now, name)) for name in ("name", "seasons", "weeks", "days")]
        try:
            for name, check in _CHECKS:
                if name in parts:
                    check(parts[name])
        except ValueError as error:
            raise Refused(str(error))
        self._keep_passive(model.Calendar(*whole), self.time, self._due)

    def set_time(self, time, second):
        """Set when the passive calendar is activated. time: 12 bytes. second: UTC second of it, None for never."""
        self._keep_passive(self.passive, time, second or 0)

    def forget_time(self):
        """Do not activate it by itself any more, in this life."""
        self._due = 0

    def _keep_passive(self, passive, time, due):
        self._keep(PASSIVE, model.pack(passive) + time + struct.pack(">I", due))
        self.passive, self.time, self._due = passive, time, due

    def activate(self, change):
        """Put the passive calendar in force. change: function that changes settings, of a dict. Refused, Denied."""
        self._replace(self.passive, self.special_days, (), change)

    def is_due(self, second):
        """Return True if the passive calendar is to be put in force at this UTC second."""
        return 0 < self._due <= second

    def _keep(self, name, state):
        try:
            self._kept.put(name, state)
        except (OSError, StorageError, ValueError) as error:
            raise Refused("the calendar could not be stored: %s" % error)


_CHECKS = (
    ("name", model.check_name),
    ("seasons", model.check_seasons),
    ("weeks", model.check_weeks),
    ("days", model.check_days),
)


def _print(settings):
    return print_of([(path, settings[path]) for path in model.PATHS])


def _packed(calendar, special_days, pairs):
    parts = [model.pack(calendar), bytes((len(pairs),))]
    parts += [bytes([day or 0 for day in pair] + [day is not None for day in pair]) for pair in pairs]
    parts.append(struct.pack(">H", len(special_days)))
    parts += [struct.pack(">H", index) + bytes(date) + bytes((day,)) for index, date, day in special_days]
    return b"".join(parts)


def _unpacked(stored):
    reader = model.Reader(stored)
    reader.take(4)
    calendar, pairs = model.unpack(reader), []
    for _ in range(reader.byte()):
        one, two, has_one, has_two = reader.take(4)
        pairs.append((one if has_one else None, two if has_two else None))
    special = []
    for _ in range(struct.unpack(">H", reader.take(2))[0]):
        special.append((struct.unpack(">H", reader.take(2))[0], reader.take(5), reader.byte()))
    return calendar, tuple(special), tuple(pairs)
