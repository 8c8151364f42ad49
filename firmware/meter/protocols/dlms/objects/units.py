"""Units of COSEM (IEC 62056-6-2, 4.3.2, enum unit), and the values of registers in thousandths.

The manual: "scaled by 1000 to provide resolution to three decimal points", double-long-unsigned. So the scaler is -3;
where the device says so, it is 0 as the manual's own table prints it, for head-ends made for that.
"""

from meter.compat import const
from meter.protocols.dlms import axdr

SECOND = const(7)
NONE = const(255)
_OTHER = const(254)
# unit of the catalogue, enum
_UNITS = (
    ("W", 27), ("VA", 28), ("var", 29), ("Wh", 30), ("VAh", 31), ("varh", 32), ("A", 33), ("V", 35), ("Hz", 44),
    ("V2h", 48), ("A2h", 49), ("%", 56), ("Ah", 57), ("deg", 8), ("1", NONE), ("", NONE),
)  # fmt: skip
_CODES = dict(_UNITS)
MICRO, MILLI = const(-6), const(-3)
_WRAP = 1 << 32


def code(unit):
    """Return the enum of a unit of the catalogue; of those that the standard has not, 254: other."""
    return _CODES.get(unit, _OTHER)


def scaler_unit(scaler, unit):
    """Return a scaler_unit. unit: an enum."""
    return b"\x02\x02\x0f" + bytes((scaler & 0xFF, axdr.ENUM, unit))


def milli_unit(unit, context):
    """Return the scaler_unit of values in thousandths. unit: of the catalogue."""
    return scaler_unit(0 if context.device.manual_scaler else MILLI, code(unit))


def is_signed(key):
    """Return True if the values of a quantity can be negative: of a direction that nets, and of a power factor."""
    return ".bi." in key or ".net." in key or key.startswith("PF")


def total(value, key):
    """Return a total in thousandths: it rolls over at 2**32 as a register does. value: int in millionths."""
    milli = value // 1000 if value >= 0 else -(-value // 1000)
    if is_signed(key):
        return axdr.number(axdr.DOUBLE_LONG, (milli + _WRAP // 2) % _WRAP - _WRAP // 2)
    return axdr.number(axdr.DOUBLE_LONG_UNSIGNED, milli % _WRAP)


def measured(value, scaler, key):
    """Return an instantaneous value or a demand in thousandths. Null-data: there is none, or it does not fit.

    value: float, or int in 10**scaler, or None. An angle is from 0 up to 360.
    """
    if value is None or not -1e16 < value < 1e16:  # neither NaN nor infinite
        return axdr.null()
    milli = int(round(value * 1000.0)) if scaler == 0 else int(round(value / 1000))
    if key.startswith("ANG"):
        milli %= 360000
    if is_signed(key):
        return axdr.number(axdr.DOUBLE_LONG, milli) if -_WRAP // 2 <= milli < _WRAP // 2 else axdr.null()
    return axdr.number(axdr.DOUBLE_LONG_UNSIGNED, max(0, milli)) if milli < _WRAP else axdr.null()
