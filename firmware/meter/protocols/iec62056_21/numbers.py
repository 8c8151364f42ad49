"""Numbers as a readout shows them: registers that roll over, and measured values with fixed decimals.

Registers are integer arithmetic throughout: a float of the smaller boards has 24 bits, a register needs 37.
"""

from math import isfinite

REGISTER_DIGITS = 8


def shift_for(scaler, unit, decimals):
    """Return n so that value * 10**n counts the last decimal place shown. unit: as shown; k is a thousand."""
    return scaler + decimals - (3 if unit.startswith("k") else 0)


def register_text(value, shift, decimals):
    """Return a register: 8 digits and the decimals. It rolls over, and is cut off, never rounded up.

    value: int, or a float from a source that has no integers. None if it is not finite.
    """
    if not isinstance(value, int):
        if not isfinite(value):
            return None
        value, shift = int(float(value) * 10.0**shift), 0
    count = abs(value)
    count = count * 10**shift if shift >= 0 else count // 10**-shift
    count %= 10 ** (REGISTER_DIGITS + decimals)
    return ("-" if value < 0 and count else "") + _point(count, REGISTER_DIGITS, decimals)


def measured_text(value, shift, decimals):
    """Return a measured value, rounded to the decimals; without leading zeros. None if it is not finite."""
    if not isinstance(value, int):
        return _float_text(float(value), shift - decimals, decimals) if isfinite(value) else None
    count = abs(value)
    count = count * 10**shift if shift >= 0 else (count + 10**-shift // 2) // 10**-shift
    return ("-" if value < 0 and count else "") + _point(count, 1, decimals)


def _float_text(value, exponent, decimals):
    """Return value * 10**exponent with these decimals. Zero has no sign."""
    text = ("%." + str(decimals) + "f") % (value * 10.0**exponent)
    return text.lstrip("-") if float(text) == 0 else text


def _point(count, digits, decimals):
    """Return count with a decimal point and at least `digits` digits before it. count: int, not negative."""
    text = str(count)
    text = "0" * (digits + decimals - len(text)) + text
    return text[:-decimals] + "." + text[-decimals:] if decimals else text
