"""From settings and calibration to the objects of the metrology."""

from meter.metrology.connection import Connection
from meter.metrology.correction import Correction
from meter.metrology.diagnostics import Diagnostics
from meter.metrology.half_cycles import HalfCycles
from meter.metrology.harmonics import Harmonics
from meter.metrology.loss_compensation import LossCompensation
from meter.metrology.tracking import CHANNELS, Tracker
from meter.xnp import FLOAT

# Starting current by class, amperes (the manual, Specifications). Registration stops at half of it.
STARTING_A = {2: 0.001, 10: 0.002, 20: 0.002}
CREEP_PART = 0.5
TRACKED_PART = 0.02  # of the nominal voltage: below it there is nothing to track

# What a Tracker depends on.
TRACKED = (
    "correction.voltage_gain", "correction.current_gain", "service.frequency", "service.nominal_voltage",
)  # fmt: skip


def tracker(adc, settings, calibration, half_cycles, dtype=FLOAT):
    """Return the Tracker for a converter. adc: the HAL's Adc. half_cycles: to a frame."""
    gains = settings["correction.voltage_gain"] + settings["correction.current_gain"]
    scales = []
    offsets = []
    for name, scale in zip(adc.channels, adc.scales):
        k = CHANNELS.index(name)
        scales.append(scale * calibration.gains[k] * gains[k])
        offsets.append(calibration.offsets[k])
    return Tracker(
        adc.channels,
        scales,
        adc.rate,
        settings["service.frequency"],
        half_cycles,
        settings["service.nominal_voltage"] * TRACKED_PART,
        offsets=offsets,
        dtype=dtype,
    )


def half_cycles(settings, calibration, dtype=FLOAT):
    """Return the HalfCycles for these settings."""
    return HalfCycles(
        Connection(settings["service.connection"]),
        Correction(
            calibration.angles,
            settings["correction.curve"],
            settings["correction.watt_gain"],
            settings["correction.var_gain"],
        ),
        LossCompensation(
            settings["service.nominal_voltage"],
            settings["service.nominal_current"],
            settings["loss.delivered"],
            settings["loss.received"],
        ),
        STARTING_A[settings["service.current_class"]] * CREEP_PART,
        Harmonics(
            settings["service.frequency"],
            settings["service.demand_current"] or settings["service.nominal_current"],
            dtype,
        ),
        dtype,
    )


def diagnostics(settings):
    """Return the Diagnostics for these settings."""
    return Diagnostics(Connection(settings["service.connection"]).elements, settings["service.frequency"])
