"""The one door for everyone outside the core: ports, display, tools. It reads by name and hands out plain values."""

from meter import VERSION
from meter.calendar import civil
from meter.quantities import INTEGRATED, describe, index
from meter.registers.energy import SCALER

MANUFACTURER = "FRS"  # three letters, as IEC 62056-21 identifications have it
MODEL = "Ferraris"


class Access:
    """Named reads on a Meter.

    identity    dict: manufacturer, model, serial, firmware
    """

    def __init__(self, meter, serial):
        self._meter = meter
        self.identity = {
            "manufacturer": MANUFACTURER,
            "model": MODEL,
            "serial": serial,
            "firmware": VERSION,
        }

    def read(self, key):
        """Return (value, scaler, unit) of a quantity by its text key: value * 10**scaler is SI, secondary.

        Integrated quantities are ints; instantaneous ones are floats, averages over the last second, or None while
        there is none. KeyError for a key that is not in the catalogue.
        """
        number = index(key)
        name, _, _, unit, _ = describe(number)
        if name in INTEGRATED:
            return self._meter.energy.value(number), SCALER, unit
        latest = self._meter.latest
        return (latest.value(number) if latest else None), 0, unit

    def profile(self, start=None):
        """Yield the records of load profile 1 as LoadProfile.records() does."""
        return self._meter.load_profile.records(start)

    def profile_channels(self):
        """Return the text keys of load profile 1's channels."""
        return self._meter.load_profile.channels

    def local_time(self):
        """Return (year, month, day, hour, minute, second) of the meter's clock, UTC."""
        return civil(self._meter.clock.second)
