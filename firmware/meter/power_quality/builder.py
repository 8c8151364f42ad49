"""From settings to the objects of power quality."""

from meter.metrology.connection import Connection
from meter.power_quality.dips import Dips
from meter.xnp import FLOAT


def dips(settings, dtype=FLOAT):
    """Return the Dips for these settings."""
    return Dips(
        Connection(settings["service.connection"]),
        settings["service.nominal_voltage"],
        settings["power_quality.dip"],
        settings["power_quality.swell"],
        settings["power_quality.interruption"],
        settings["power_quality.hysteresis"],
        dtype,
    )
