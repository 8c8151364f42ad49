"""Burdens and dividers of the boards, and what they give: full scale and the size of a count.

Usage: python -m ferraris.front_end [--update]. Prints the table of each board; --update writes them into the READMEs.

    mains -- AC adapter -- R1 --+-- input        conductor )( clamp CT --+-- input
                                R2                                       Rb
                                +-- ground                               +-- ground

A burden takes the peak of a full-scale sine, and a quarter more for harmonics, to the end of the converter's range,
or of what the transformer keeps its accuracy at, whichever comes first. Values are the next smaller of E96 (IEC 60063).
"""

import math
import sys
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[2] / "boards"
HEADROOM = 1.25  # peak that is taken over the peak of a full-scale sine
FULL_SCALE_V = 300.0  # RMS of the mains: 130 % of 230 V
CLASSES = (10.0, 20.0)  # amperes RMS: the class is the largest current
E96 = tuple(round(10 ** (k / 96), 2) for k in range(96))
BEGIN, END = "<!-- front end: made by tools/ferraris/front_end.py -->", "<!-- end of front end -->"


class Adapter(NamedTuple):
    """An AC adapter: mains volts to a volt of its secondary, without load."""

    ratio: float


class Clamp(NamedTuple):
    """A current transformer: turns, and the RMS volts of its secondary up to which it is used."""

    turns: float
    secondary_v: float


class Converter(NamedTuple):
    """peak: volts from zero to the end of its range at the input. bits: of a count, over both signs."""

    peak: float
    bits: int


ADAPTER = Adapter(230.0 / 11.1)
CLAMP = Clamp(2000.0, 1.0)
SERIES = 10000.0  # ohms before the divider's tap

CONVERTERS = {
    "pico2_ads131m08": Converter(1.2, 24),
    "linux_ads131m08": Converter(1.2, 24),
    "linux_ad7606": Converter(5.0, 16),
    "pico_demo": Converter(1.65, 12),
}


class Current(NamedTuple):
    """burden: ohms. full_scale: amperes RMS of a sine that just fits. step: amperes of a count.
    a_volt: amperes for a volt at the input. watts: in the burden.
    """

    burden: float
    full_scale: float
    step: float
    a_volt: float
    watts: float


class Voltage(NamedTuple):
    """tap: ohms across the input. full_scale: volts RMS of the mains that just fit. step: mains volts of a count.
    a_volt: mains volts for a volt at the input. watts: in the divider.
    """

    tap: float
    full_scale: float
    step: float
    a_volt: float
    watts: float


def standard(ohms: float) -> float:
    """Return the largest value of E96 that is not above `ohms`."""
    decade = 10.0 ** math.floor(math.log10(ohms))
    value = max((v * decade for v in E96 if v * decade <= ohms * (1 + 1e-9)), default=decade)
    return round(value, 6)


def current(converter: Converter, amps: float, clamp: Clamp = CLAMP) -> Current:
    """Return the burden for a meter that takes `amps` RMS, and what it gives."""
    by_range = converter.peak * clamp.turns / (amps * math.sqrt(2) * HEADROOM)
    burden = standard(min(by_range, clamp.secondary_v * clamp.turns / amps))
    a_volt = clamp.turns / burden
    return Current(
        burden,
        converter.peak * a_volt / math.sqrt(2),
        a_volt * count_v(converter),
        a_volt,
        (amps / clamp.turns) ** 2 * burden,
    )


def voltage(converter: Converter, volts: float = FULL_SCALE_V, adapter: Adapter = ADAPTER) -> Voltage:
    """Return the divider for mains of up to `volts` RMS, and what it gives."""
    peak = volts / adapter.ratio * math.sqrt(2)
    tap = standard(SERIES / (peak / converter.peak - 1))
    a_volt = adapter.ratio * (SERIES + tap) / tap
    watts = (volts / adapter.ratio) ** 2 / (SERIES + tap)
    return Voltage(tap, converter.peak * a_volt / math.sqrt(2), a_volt * count_v(converter), a_volt, watts)


def count_v(converter: Converter) -> float:
    """Return the volts of one count at the converter's input."""
    return 2 * converter.peak / 2**converter.bits


def table(board: str) -> str:
    """Return the Markdown table of a board."""
    converter = CONVERTERS[board]
    lines = [
        "| input | resistors | full scale, RMS | one count | for a volt at the input | power in them |",
        "|---|---|---|---|---|---|",
    ]
    divider = voltage(converter)
    lines.append(
        f"| voltage, {FULL_SCALE_V:g} V | {SERIES:g} Ω in series, {divider.tap:g} Ω across the input "
        f"| {divider.full_scale:.0f} V | {_small(divider.step, 'V')} | {divider.a_volt:.2f} V "
        f"| {_small(divider.watts, 'W')} |"
    )
    for amps in CLASSES:
        made = current(converter, amps)
        lines.append(
            f"| current, class {amps:g} | burden {made.burden:g} Ω "
            f"| {made.full_scale:.1f} A | {_small(made.step, 'A')} | {made.a_volt:.2f} A | {_small(made.watts, 'W')} |"
        )
    return "\n".join(lines)


def _small(value: float, unit: str) -> str:
    """Return a value with three digits and a prefix."""
    for prefix, factor in (("", 1.0), ("m", 1e-3), ("µ", 1e-6), ("n", 1e-9)):
        if value >= factor:
            return f"{value / factor:.3g} {prefix}{unit}"
    return f"{value:.3g} {unit}"


def readme(board: str) -> str:
    """Return the README of a board with its table as it should be. ValueError if it has no place for it."""
    text = (ROOT / board / "README.md").read_text(encoding="utf-8")
    head, begin, rest = text.partition(BEGIN)
    _, end, tail = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"{board}: there is no {BEGIN} ... {END}")
    return f"{head}{BEGIN}\n\n{table(board)}\n\n{END}{tail}"


def main() -> int:
    """Print the tables, or write them into the READMEs."""
    for board in CONVERTERS:
        if sys.argv[1:] == ["--update"]:
            text = readme(board)
            (ROOT / board / "README.md").write_text(text, encoding="utf-8")
        else:
            print(f"{board}\n{table(board)}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
