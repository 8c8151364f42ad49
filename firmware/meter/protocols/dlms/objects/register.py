"""Registers: class 3, 4 and 5 version 0 (IEC 62056-6-2, 4.3.2 to 4.3.4). The manual, Appendix D: Register Objects.

    1.B.C.7.E, 8.E      instantaneous values and energies, in thousandths (units.py); energies of rates where kept
    1.B.C.4.E, 6.E      demand (class 5) and peak demand (class 4) where a working register shows them
    1.B.C.29.0, 27.0    the last recorded value of each channel of the load profiles, float32, scaler 0
    1.131.P.0.n         the same of a channel without a code of its own: the n-th of load profile P
    1.130.L.0.n         register n of the lists normal (1), alternate (2), test (3)

All are on the side of the instrument transformers that the device says (dlms.primary), but a register of a list: it
says for itself on which side it is. What has no value yet is null-data.
"""

from meter.compat import const
from meter.protocols.dlms import axdr
from meter.protocols.dlms.objects import base, codes, units
from meter.protocols.dlms.objects.clock import times
from meter.protocols.dlms.objects.codes import Code
from meter.protocols.dlms.objects.doing import command, done

_READ, _LISTED, _RECORDED = "read:read", "read:registers", "read:profile"
_PRESET = "command:preset register"
LISTS = ("normal", "alternate", "test")  # numbers from 0, 100 and 200 on
COUNT, REAL, TIME = "count", "real", "time"  # forms of registers
RATES = ("total", "A", "B", "C", "D", "E", "F", "G", "H")
PROFILES = (1, 2)
_LISTS_B, _CHANNELS_B = const(130), const(131)


class Register(base.CosemObject):
    """An instantaneous value or an energy. code: Code of NOW or TOTAL."""

    class_id = 3
    attributes = ((2, _READ, None), (3, _READ, None))
    methods = ((1, None),)

    def __init__(self, ln, code):
        super().__init__(ln)
        self._code = code

    def get(self, attribute, context):
        """Return an attribute."""
        value, scaler, unit = done(_read, self._code, context)
        if attribute == 3:
            return units.milli_unit(unit, context)
        if self._code.kind == codes.TOTAL:
            return units.total(value, self._code.key)
        return units.measured(value, scaler, self._code.key)


def _read(code, context):
    access, is_primary = context.access, context.device.primary
    if code.rate:
        return access.read_rate(code.key, code.rate, is_primary)
    return access.read(code.key, is_primary)


class RegisterFamily:
    """Instantaneous values and energies, for the catalogue."""

    def find(self, class_id, ln, context):
        """Return the object with this name, or None."""
        code = codes.of_name(ln)
        if code is None or code.kind not in (codes.NOW, codes.TOTAL):
            return None
        return Register(ln, code) if _is_there(code, context) else None

    def all(self, context):
        """Yield the objects."""
        for kind in (codes.NOW, codes.TOTAL):
            for code in codes.codes(kind):
                if _is_there(code, context):
                    yield Register(codes.name_of(code), code)
                for rate in range(1, len(RATES)) if kind == codes.TOTAL else ():
                    rated = Code(kind, code.key, rate)
                    if not _is_there(rated, context):
                        break
                    yield Register(codes.name_of(rated), rated)


def _is_there(code, context):
    """Return True if the meter has this quantity, and at this rate."""
    try:
        context.access.unit(code.key)
        return not code.rate or context.access.keeps_rate(code.key)
    except KeyError:
        return False


class DemandRegister(base.CosemObject):
    """The demand of a quantity: running, and of the last interval. code: Code of DEMAND."""

    class_id = 5
    attributes = tuple([(number, _LISTED, None) for number in range(2, 10)])
    methods = ((1, None), (2, "command:resynchronise demand"))

    def __init__(self, ln, code):
        super().__init__(ln)
        self._code = code

    def get(self, attribute, context):
        """Return an attribute."""
        if attribute in (2, 3):
            return self._average("present demand" if attribute == 2 else "past demand", context)
        if attribute == 4:
            return units.milli_unit(context.access.unit(self._code.key), context)
        if attribute == 5:
            return axdr.null()
        begun, ended, period_s, periods = done(context.access.demand_timing)
        if attribute in (6, 7):
            return times(context).octets(ended if attribute == 6 else begun)
        if attribute == 8:
            return axdr.number(axdr.DOUBLE_LONG_UNSIGNED, period_s)
        return axdr.number(axdr.LONG_UNSIGNED, periods)

    def _average(self, kind, context):
        """Return what a register shows, null-data if there is none."""
        key, rate = self._code.key, self._code.rate
        try:
            value, scaler, _ = context.access.demanded(kind, key, rate, context.device.primary)
        except KeyError:
            return axdr.null()
        return units.measured(value, scaler, key)

    def invoke(self, method, data, context):
        """End the running period, as an external pulse does."""
        base.integer(data, 0, 0)
        command(context, "resynchronise demand")


class PeakRegister(base.CosemObject):
    """The peak demand of a quantity, with its time. code: Code of PEAK."""

    class_id = 4
    attributes = tuple([(number, _LISTED, None) for number in range(2, 6)])
    methods = ((1, None),)

    def __init__(self, ln, code):
        super().__init__(ln)
        self._code = code

    def get(self, attribute, context):
        """Return an attribute."""
        key, rate = self._code.key, self._code.rate
        if attribute == 2:
            value, scaler, _ = done(context.access.demanded, "peak demand", key, rate, context.device.primary)
            return units.measured(value, scaler, key)
        if attribute == 3:
            return units.milli_unit(context.access.unit(key), context)
        if attribute == 4:
            return axdr.null()
        try:
            time = context.access.demanded("time of peak demand", key, rate)[0]
        except KeyError:
            time = None
        return times(context).octets(time)


# kind of code, class of its objects, kinds of registers that make one
_DEMANDS = (
    (codes.DEMAND, DemandRegister, ("present demand", "past demand")),
    (codes.PEAK, PeakRegister, ("peak demand",)),
)


class DemandFamily:
    """Demands and peak demands that registers show, for the catalogue."""

    def find(self, class_id, ln, context):
        """Return the object with this name, or None."""
        code = codes.of_name(ln)
        for kind, made, registers in _DEMANDS if code else ():
            if kind == code.kind:
                for shown, key, rate in context.access.demands():
                    if shown in registers and (key, rate) == code[1:]:
                        return made(ln, code)
        return None

    def all(self, context):
        """Yield the objects."""
        shown = sorted(set(context.access.demands()))
        for kind, made, registers in _DEMANDS:
            for key, rate in sorted(set([one[1:] for one in shown if one[0] in registers])):
                code = Code(kind, key, rate)
                ln = codes.name_of(code)
                if ln:
                    yield made(ln, code)


# Channels of load profiles.


class ChannelRegister(base.CosemObject):
    """The last recorded value of a channel. profile: 1 or 2. key: text key of the channel."""

    class_id = 3
    attributes = ((2, _RECORDED, None), (3, _RECORDED, None))
    methods = ((1, None),)

    def __init__(self, ln, profile, key):
        super().__init__(ln)
        self._profile, self._key = profile, key

    def get(self, attribute, context):
        """Return an attribute."""
        if attribute == 3:
            return units.scaler_unit(0, units.code(context.access.unit(self._key)))
        view = done(context.access.load_profile, self._profile, context.device.primary)
        value = view.latest_value(self._key)
        return axdr.null() if value is None else axdr.number(axdr.FLOAT32, value)


def channel_name(profile, place, key):
    """Return the logical name of a channel. place: from 0."""
    for kind in (codes.CONSUMPTION, codes.AVERAGE):
        ln = codes.name_of(Code(kind, key, 0))
        if ln:
            return ln
    return bytes((1, _CHANNELS_B, profile, 0, place + 1, 255))


def channel_key(ln, profile, channels):
    """Return the text key of a channel with this logical name, None if that can be none."""
    code = codes.of_name(ln)
    if code:
        return code.key if code.kind in (codes.CONSUMPTION, codes.AVERAGE) else None
    for place, key in enumerate(channels):
        if ln == channel_name(profile, place, key):
            return key
    return None


class ChannelFamily:
    """The channels of the load profiles, for the catalogue. One that both have is that of the first."""

    def find(self, class_id, ln, context):
        """Return the object with this name, or None."""
        if ln[0] != 1 or ln[3] not in (27, 29, 24) and ln[1] != _CHANNELS_B:
            return None
        for one in self.all(context):
            if one.ln == ln:
                return one
        return None

    def all(self, context):
        """Yield the objects."""
        known = []
        for profile in PROFILES:
            for place, key in enumerate(_channels(profile, context)):
                ln = channel_name(profile, place, key)
                if ln not in known:
                    known.append(ln)
                    yield ChannelRegister(ln, profile, key)


def _channels(profile, context):
    try:
        return context.access.channels(profile)
    except KeyError:
        return ()


# Registers of the lists.


class ListedRegister(base.CosemObject):
    """A number of a list: an int in millionths as long64, or a float64."""

    class_id = 3
    attributes = ((2, _LISTED, _PRESET), (3, _LISTED, None))
    methods = ((1, _PRESET),)

    def get(self, attribute, context):
        """Return an attribute."""
        one = done(context.access.register, self.ln[4])
        if attribute == 3:
            return units.scaler_unit(self._scaler(context), units.code(one.unit))
        if one.value is None:
            return axdr.null()
        if isinstance(one.value, int):
            return axdr.number(axdr.LONG64, one.value)
        return axdr.number(axdr.FLOAT64, one.value)

    def set(self, attribute, data, context):
        """Preset the register. A whole number is in millionths where the register counts; all else is in its unit."""
        if isinstance(data.value, float):
            self._preset(data.value, context)
            return
        value = base.integer(data, -(1 << 63), (1 << 63) - 1)
        self._preset(value if self._scaler(context) else float(value), context)

    def invoke(self, method, data, context):
        """Preset the register to 0."""
        base.integer(data, 0, 0)
        self._preset(0, context)

    def _scaler(self, context):
        return units.MICRO if done(context.access.form, self.ln[4]) == COUNT else 0

    def _preset(self, value, context):
        command(context, "preset register", number=self.ln[4], value=value)


class ListedData(base.CosemObject):
    """A text, a time or bits of a list."""

    class_id = 1
    attributes = ((2, _LISTED, None),)

    def get(self, attribute, context):
        """Return the value."""
        one = done(context.access.register, self.ln[4])
        if done(context.access.form, self.ln[4]) == TIME:
            return times(context).octets(one.time)
        if one.value is None:
            return axdr.null()
        if isinstance(one.value, int):
            return axdr.number(axdr.DOUBLE_LONG_UNSIGNED, one.value & 0xFFFFFFFF)
        return axdr.utf8(one.value)


class ListFamily:
    """The registers of the three lists, for the catalogue."""

    def find(self, class_id, ln, context):
        """Return the object with this name, or None."""
        if ln[:2] != b"\x01\x82" or ln[3] or ln[5] != 255 or not 1 <= ln[2] <= len(LISTS):
            return None
        try:
            return _listed(context.access.form(ln[4]), ln) if ln[4] // 100 == ln[2] - 1 else None
        except KeyError:
            return None

    def all(self, context):
        """Yield the objects."""
        for place, name in enumerate(LISTS):
            for number, form in context.access.listed(name):
                yield _listed(form, bytes((1, _LISTS_B, place + 1, 0, number, 255)))


def _listed(form, ln):
    return ListedRegister(ln) if form in (COUNT, REAL) else ListedData(ln)
