"""How a register's value is shown: digits, decimals, prefix, leading zeros (the manual, Appendix A, Leading Zeroes)."""

from meter.calendar import civil
from meter.registers.definition import PREFIXES, TIMES

_NO_TIME = 0  # 1970: the manual's 00:00:00 01.01.70


def shown(definition, value, zone):
    """Return a value as text.

    value       primary or secondary, as it is to be shown: an int in 10**-6 of the unit, a float, a UTC second for
                times, a text, or None
    zone        Zone, for times
    """
    if definition.kind in TIMES:
        return time_text(value or _NO_TIME, zone)
    if value is None:
        return "-" * definition.digits
    if not isinstance(value, (int, float)):
        return value
    if definition.kind == "status":
        return "%04X" % value if definition.quantity.endswith("bits") else str(value)
    scaled = _scaled(value, definition)
    if definition.kind == "consumption":
        scaled = (scaled if scaled >= 0 else -scaled) % 10**definition.digits * (1 if scaled >= 0 else -1)
    elif abs(scaled) >= 10**definition.digits:
        return "^" * definition.digits  # too large to be shown
    return _filled(scaled, definition)


def time_text(utc, zone):
    """Return local time as HH:MM:SS DD.MM.YY; no time yet, second 0, as the manual has it."""
    year, month, day, hour, minute, second = civil(zone.local(utc) if utc else 0)
    return "%02d:%02d:%02d %02d.%02d.%02d" % (hour, minute, second, day, month, year % 100)


def _scaled(value, definition):
    """Return the value in units of the last digit: counters cut, as a counter does; measurements are rounded."""
    exponent = [row[1] for row in PREFIXES if row[0] == definition.prefix][0]
    if isinstance(value, int):
        divisor = 10 ** (6 + exponent)
        magnitude = abs(value) * 10**definition.decimals
        magnitude = (
            magnitude // divisor
            if definition.kind == "consumption"
            else (magnitude + divisor // 2) // divisor
        )
        return -magnitude if value < 0 else magnitude
    scaled = abs(value) * 10.0**definition.decimals / 10.0**exponent
    return int(scaled + 0.5) * (-1 if value < 0 else 1)


def _filled(scaled, definition):
    digits, decimals = definition.digits, definition.decimals
    text = "%0*d" % (digits if definition.zeros else decimals + 1, abs(scaled))
    if decimals:
        text = text[:-decimals] + "." + text[-decimals:]
    width = digits + (1 if decimals else 0)
    text = ("-" if scaled < 0 else "") + text
    return text if definition.zeros else " " * max(0, width - len(text)) + text
