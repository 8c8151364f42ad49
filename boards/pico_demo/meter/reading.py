"""What a port of the demonstration reads: see meter.access.access.Access, of which this has what a readout needs."""

from meter import VERSION
from meter.calendar import civil
from meter.quantities import INTEGRATED, describe, index
from meter.registers.energy import SCALER


class Reading:
    """meter: Meter. serial: text.

    identity    dict: manufacturer, model, serial, firmware
    """

    def __init__(self, meter, serial):
        self._meter = meter
        self.identity = {"manufacturer": "FRS", "model": "Ferraris", "serial": serial, "firmware": VERSION}

    def read(self, key):
        """Return (value, scaler, unit) of a quantity as Access.read() does. KeyError."""
        if key == "error_code":
            return self._meter.diagnostics.state, 0, ""
        number = index(key)
        name, _, _, unit, _ = describe(number)
        if name in INTEGRATED:
            return self._meter.energy.value(number), SCALER, unit
        latest = self._meter.latest
        return (latest.value(number) if latest else None), 0, unit

    def local_time(self):
        """Return (year, month, day, hour, minute, second): UTC."""
        return civil(self._meter.clock.second)
