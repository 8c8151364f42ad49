"""What the columns of a load are called, and what they mean at the meter's inputs.

Power is that of the plant, on the primary side, positive where it is delivered; the meter sees it divided by the
instrument transformers' ratios. A service without neutral has no power of a phase: its elements A and C see the
line-to-line voltages AB and CB of a balanced load.
"""

from collections.abc import Callable, Mapping
from math import sqrt
from typing import Any

import numpy as np
from meter.hal.sim.load_model import HERTZ, VALUES, VARS, VOLTS, WATTS
from meter.metrology.connection import Connection
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Complain = Callable[[int, str], None]  # takes the place of a value, and what is wrong with it
BY_PHASE = ("kW", "kvar", "PF", "V")
PHASES = "ABC"
KEYS = (*(name + end for name in BY_PHASE for end in ("", "_A", "_B", "_C")), "Hz")
POWERS = tuple(key for key in KEYS if key[0] == "k")
OVERLOAD = (
    1.5  # of the class current: what the meter carries continuously (the manual, Specifications, Input Range)
)
LARGEST_VOLTAGE = 2.5  # of the nominal one: 300 V at 120 V (the same)
FREQUENCY_RANGE = 0.2  # of the nominal one: how far half cycles can follow


def conflicts(keys: Mapping[str, Any], settings: Mapping[str, Any]) -> list[str]:
    """Return what is wrong with a set of columns (of KEYS) together, for a connection."""
    connection = Connection(settings["service.connection"])
    problems = []
    if not any(key.startswith("kW") for key in keys):
        problems.append("there is no active power: kW, or kW_A, kW_B, kW_C")
    for name in BY_PHASE:
        phases = [key for key in keys if key.startswith(name + "_")]
        if name in keys and phases:
            problems.append(f"both {name} and {', '.join(phases)} are given")
        if connection.line_to_line and phases:
            problems.append(
                f"{', '.join(phases)}: a {connection.name} has no phase powers or voltages; give {name}"
            )
        elif not connection.line_to_line:
            missing = [key for key in phases if PHASES.index(key[-1]) not in connection.elements]
            problems += [f"{key}: a {connection.name} has no element {key[-1]}" for key in missing]
    for end in ("", *("_" + phase for phase in PHASES)):
        if "PF" + end in keys and "kvar" + end in keys:
            problems.append(f"both PF{end} and kvar{end} are given")
    return problems


def at_inputs(
    columns: Mapping[str, Floats], count: int, settings: Mapping[str, Any], complain: Complain
) -> Floats:
    """Return (VALUES, count): what the elements see.

    columns: of KEYS without conflicts(), each (count,). complain: called for each value that cannot be.
    """
    connection = Connection(settings["service.connection"])
    pt = settings["service.pt_primary"] / settings["service.pt_secondary"]
    ct = settings["service.ct_primary"] / settings["service.ct_secondary"]
    watt = 1000.0 / (pt * ct * settings["service.transformer_factor"])
    out = np.zeros((VALUES, count))
    out[HERTZ] = columns.get("Hz", np.full(count, float(settings["service.frequency"])))
    for p in connection.elements:
        end = "_" + PHASES[p]
        kw, kvar = _power(columns, end, count, complain)
        out[WATTS + p] += kw * watt
        out[VARS + p] += kvar * watt
        kw, kvar = _power(columns, "", count, complain if p == 0 else _nothing)
        if connection.line_to_line:
            # Two elements of a balanced load: AB leads the voltage of A by 30 degrees, CB lags that of C as much.
            sign = -1.0 if p == 0 else 1.0
            kw, kvar = (0.5 * kw + sign * kvar / sqrt(12.0), 0.5 * kvar - sign * kw / sqrt(12.0))
            out[WATTS + p] += kw * watt
            out[VARS + p] += kvar * watt
        else:
            out[WATTS + p] += kw * watt / len(connection.elements)
            out[VARS + p] += kvar * watt / len(connection.elements)
        volts = columns.get("V" + end, columns.get("V"))
        out[VOLTS + p] = settings["service.nominal_voltage"] if volts is None else volts / pt
    _check(out, settings, connection, complain)
    return out


def _nothing(place: int, text: str) -> None:
    """A problem that was already told."""


def _power(columns: Mapping[str, Floats], end: str, count: int, complain: Complain) -> tuple[Floats, Floats]:
    """Return kW and kvar of a phase ("_A"), or of all together ("")."""
    kw = columns.get("kW" + end, np.zeros(count))
    if "PF" + end not in columns:
        return kw, columns.get("kvar" + end, np.zeros(count))
    factor = columns["PF" + end]
    for place in np.flatnonzero((np.abs(factor) > 1) | (factor == 0)):
        complain(int(place), f"PF{end} is {factor[place]:g}: it must be from -1 to 1, and not 0")
    # Positive lags (quadrants I and III), negative leads (the manual's sign).
    safe = np.where((np.abs(factor) > 1) | (factor == 0), 1.0, factor)
    return kw, kw * np.sqrt(1.0 / (safe * safe) - 1.0) * np.sign(safe)


def _check(values: Floats, settings: Mapping[str, Any], connection: Connection, complain: Complain) -> None:
    nominal = settings["service.frequency"]
    hertz = values[HERTZ]
    for place in np.flatnonzero(~(np.abs(hertz / nominal - 1) <= FREQUENCY_RANGE)):
        complain(int(place), f"{hertz[place]:g} Hz is too far from the nominal {nominal} Hz")
    most_v = LARGEST_VOLTAGE * settings["service.nominal_voltage"]
    most_a = OVERLOAD * settings["service.current_class"]
    for p in connection.elements:
        name, volts = PHASES[p], values[VOLTS + p]
        power = np.hypot(values[WATTS + p], values[VARS + p])
        for place in np.flatnonzero((volts < 0) | (volts > most_v)):
            complain(int(place), f"{volts[place]:g} V at input {name}: it takes 0 to {most_v:g} V")
        for place in np.flatnonzero((volts == 0) & (power > 0)):
            complain(int(place), f"power on {name} without a voltage")
        amps = power / np.where(volts > 0, volts, 1.0)
        for place in np.flatnonzero((amps > most_a) & (volts > 0)):
            complain(
                int(place),
                f"{amps[place]:.4g} A at input {name}: a class {settings['service.current_class']} meter "
                f"takes {most_a:g} A; are the instrument transformers' ratios configured?",
            )
