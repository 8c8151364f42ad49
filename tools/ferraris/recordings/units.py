"""Units as recorders write them, to SI: "kV", "volt", "mA", "кВ" become a factor and "V" or "A"."""

PREFIXES = {"": 1.0, "k": 1e3, "K": 1e3, "M": 1e6, "m": 1e-3, "u": 1e-6, "µ": 1e-6, "μ": 1e-6}
BASES = {
    "v": "V",
    "volt": "V",
    "volts": "V",
    "a": "A",
    "amp": "A",
    "amps": "A",
    "ampere": "A",
    "amperes": "A",
}
# Cyrillic letters that look like, or stand for, the Latin ones
CYRILLIC = str.maketrans({"А": "A", "В": "V", "к": "k", "К": "K", "м": "m", "М": "M"})


def si_unit(text: str) -> tuple[float, str]:
    """Return (factor, "V" or "A"), or (1.0, text) for a unit that is neither volts nor amperes."""
    unit = text.strip()
    latin = unit.translate(CYRILLIC)
    for prefix, factor in PREFIXES.items():
        base = BASES.get(latin[len(prefix) :].strip().lower())
        if base and latin.startswith(prefix):
            return factor, base
    return 1.0, unit
