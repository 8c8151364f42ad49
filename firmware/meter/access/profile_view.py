"""A load profile as protocols read it: its records as they are on the flash, and what their values are worth."""

from meter.compat import const
from meter.registers.load_profile_channels import QUANTUM, is_status, unit_of
from meter.registers.load_profile_record import RETAINED_DAYS

_DAY_S = const(86400)
_FEW = const(16)  # entries among which there is a record, if there is one


class ProfileView:
    """One load profile.

    profile     LoadProfile
    primary     Primary: values are on the primary side of the instrument transformers; None: on the meter's
    now         UTC second: records that are older than RETAINED_DAYS are not given out

    channels    text keys
    interval_s  nominal length of the interval, seconds; of a month that of 30 days
    capacity    how many records the flash keeps
    first, next entry numbers: of the oldest record that is given out, behind the newest
    """

    def __init__(self, profile, primary, now):
        self._profile, self._primary = profile, primary
        self.channels = profile.channels
        self.interval_s = profile.interval * 60
        self.capacity = profile.capacity
        self.first = max(profile.first, profile.fifo.find_time(max(0, now - RETAINED_DAYS * _DAY_S)))
        self.next = profile.fifo.next

    @property
    def km(self):
        """What a count is worth in each channel, floats; 1 where values are recorded and not counts."""
        profile = self._profile
        km = profile.km or [1.0] * len(self.channels)
        return [each * (self._side(key) if profile.km else 1.0) for key, each in zip(self.channels, km)]

    def find_time(self, second):
        """Return the entry number before which no record ends at or after this UTC second."""
        return max(self.first, self._profile.fifo.find_time(max(0, second)))

    def raw(self, start=None):
        """Yield (entry, end, payload, Description) as LoadProfile.raw() does, oldest first."""
        return self._profile.raw(max(start or 0, self.first))

    def latest(self):
        """Return the newest Record, or None."""
        newest = None
        for record in self._profile.records(max(self.first, self.next - _FEW)):
            newest = record
        return newest

    def latest_value(self, key):
        """Return the newest recorded value of a channel, a float, or None."""
        record = self.latest()
        if record is None or key not in record.description.keys:
            return None
        place = record.description.keys.index(key)
        value, factors = record.values[place], self.factors(record.description)
        if factors and factors[place] == 0.0:
            return float(value & 0xFFFF)
        value *= factors[place] if factors else 1.0
        return value if value == value else None

    def factors(self, description):
        """Return what each value of a record is to be multiplied by: a tuple of floats; None if all are 1.

        A factor of 0 says that the value is a word of 16 bits: a count is to be masked, a float is what it says.
        """
        found = []
        for key, km in zip(description.keys, description.km):
            if is_status(key):
                found.append(0.0 if description.counts else 1.0)
            else:
                found.append(self._side(key) * (km * QUANTUM if description.counts else 1.0))
        return None if all([each == 1.0 for each in found]) else tuple(found)

    def _side(self, key):
        return self._primary.of(1.0, unit_of(key)) if self._primary else 1.0
