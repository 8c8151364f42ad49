"""Data objects, class 1 version 0 (IEC 62056-6-2, 4.3.1), as one table. The manual, Appendix D: Data Objects.

    logical name, right to read, function of the context that returns the value

Beyond the manual's: what the Blue Book has for every meter, and under 0.128.96 what is this meter's own:

    0.128.96.0.0    the configuration, a JSON document: octet-string; SET writes it ("write configuration")
    0.128.96.1.0    {path, value as JSON}, write only: one setting, such as {"demand.interval", "15"}
    0.128.96.2.0    UTC time of the last freeze
    0.128.96.3.0    the calibration, as metrology.calibration packs it: octet-string; SET writes it ("calibrate")
    0.128.96.4.0    what it is found from: {UTC second, flags of the frames, array of 24 floats} of the last 1.5 s, as
                    metrology.calibration.measured(); null-data where no waveforms are metered
    0.128.96.12.0   what each protocol on each port says of itself: array of {port, protocol, state}, a state being
                    0 fault, 1 ready, 2 active, 3 alert (the manual, Communication Events)

There is one firmware: register, metrology, service and PQ firmware are it; what this meter has not (FPGA, digital and
analog boards, CPLD) has an empty version. There are no pulse outputs and no test pulses yet: both arrays are empty.
"""

from meter.compat import const
from meter.protocols.dlms import axdr
from meter.protocols.dlms.objects import base, units
from meter.protocols.dlms.objects.clock import times
from meter.protocols.dlms.objects.doing import change, command, done, text
from meter.protocols.dlms.objects.profile import PIECE
from meter.protocols.session import STATES

_IDENTITY = base.FREE
_PLATE, _STATE, _PROFILE, _ERROR = "read:nameplate", "read:status", "read:profile", "read:read"
_CONFIGURATION, _CONFIGURE = "read:configuration", "command:write configuration"
_CONSTANTS, _CALIBRATE = "read:calibration", "command:calibrate"
_NAME = const(16)  # bytes of a logical device name, of which three are the manufacturer's
_LONGEST_SETTING = const(16384)
# seconds of the load profile intervals, in the order of the manual's values: decision 1 has all 15
INTERVALS_S = tuple([60 * minutes for minutes in (1, 2, 3, 4, 5, 6, 10, 12, 15, 20, 30, 60)]) + (
    86400, 604800, 2592000,
)  # fmt: skip


def _unsigned(value):
    return axdr.number(axdr.DOUBLE_LONG_UNSIGNED, value & 0xFFFFFFFF)


def _firmware(context):
    return axdr.visible(context.access.identity["firmware"])


def _no_version(context):
    return axdr.visible("")


def _signature(context):
    return axdr.octets(context.device.signature)


def _no_signature(context):
    return axdr.octets(b"")


def _serial(context):
    return axdr.visible(context.access.identity["serial"])


def device_name(context):
    """Return the logical device name: manufacturer and serial number, an octet-string."""
    identity = context.access.identity
    return axdr.octets((identity["manufacturer"] + identity["serial"]).encode()[:_NAME])


def _label(path):
    return lambda context: axdr.visible(done(context.access.nameplate)[path])


def _ratio(name, part):
    """Return the function for one side of a ratio. The numbers are whole: of a ratio that is not, thousandths."""

    def value(context):
        plate = done(context.access.nameplate)
        sides = [plate["service.%s_%s" % (name, side)] for side in ("primary", "secondary")]
        factor = 1 if all([side == int(side) for side in sides]) else 1000
        return _unsigned(int(sides[part] * factor + 0.5))

    return value


def _interval(number):
    def value(context):
        seconds = done(context.access.load_profile, number).interval_s
        return _unsigned(INTERVALS_S.index(seconds))

    return value


def _km(number):
    def value(context):
        view = done(context.access.load_profile, number, context.device.primary)
        return axdr.array([axdr.number(axdr.FLOAT32, each) for each in view.km])

    return value


def _no_pulses(context):
    return axdr.array([])


def _profile_status(number):
    def value(context):
        newest = done(context.access.load_profile, number).latest()
        return _unsigned(newest.status & 0x0FFF) if newest else axdr.null()

    return value


def _error(context):
    return _unsigned(done(context.access.read, "error_code")[0])


def _status(name):
    return lambda context: _unsigned(done(context.access.status)[name])


def _battery(context):
    return axdr.visible(done(context.access.status)["battery"])


def _moment(name):
    return lambda context: times(context).octets(done(context.access.status)[name])


def _rate(context):
    rate = done(context.access.status)["rate"]
    return axdr.octets(b"ABCDEFGH"[rate - 1 : rate] if rate else b"")


def _communication(context):
    return axdr.array(
        [
            axdr.structure(
                axdr.visible(one.port), axdr.visible(one.protocol), axdr.enum(STATES.index(one.state))
            )
            for one in context.device.endpoints()
        ]
    )


def _received(context):
    return _unsigned(context.access.keys.received)


def _document(context):
    """Return the configuration as an octet-string, in pieces: the first pass adds up its length."""
    pieces = context.access.configuration_pieces
    size = sum([len(piece) for piece in done(pieces)])
    return _octets(size, pieces())


def _octets(size, pieces):
    whole = bytearray((axdr.OCTET_STRING,))
    whole += axdr.length(size)
    for piece in pieces:
        whole += piece
        if len(whole) >= PIECE // 2:
            yield bytes(whole)
            whole = bytearray()
    yield bytes(whole)


def _calibration(context):
    done(context.access.check_read, "calibration")
    return axdr.octets(context.device.state.calibration)


def _measured(context):
    done(context.access.check_read, "calibration")
    found = context.device.state.measured()
    if found is None:
        return axdr.null()
    second, flags, values = found
    floats = axdr.array([axdr.number(axdr.FLOAT32, each) for each in values])
    return axdr.structure(_unsigned(second), _unsigned(flags), floats)


def _write_only(context):
    raise base.AccessError(base.READ_WRITE_DENIED)


def _configure(data, context):
    if data.tag not in base.TEXTS:
        raise base.AccessError(base.TYPE_UNMATCHED)
    command(context, "write configuration", document=data.value)


def _calibrate(data, context):
    command(context, "calibrate", calibration=base.octets(data))


def _change(data, context):
    path, value = base.structure(data, 2)
    text(value)
    if len(value.value) > _LONGEST_SETTING:
        raise base.AccessError(base.OTHER_REASON)
    change(context, {text(path): done(context.access.parsed, value.value)})


# A, B, C, D, E; right to read; value
_TABLE = (
    ((0, 0, 42, 0, 0), _IDENTITY, device_name),
    ((0, 0, 96, 1, 0), _IDENTITY, _serial),
    ((0, 0, 43, 1, 0), _IDENTITY, _received),
    ((0, 0, 0, 2, 1), _IDENTITY, _firmware),
    ((0, 0, 0, 2, 8), _IDENTITY, _signature),
    ((0, 1, 0, 2, 1), _IDENTITY, _firmware),
    ((0, 1, 0, 2, 8), _IDENTITY, _signature),
    ((0, 2, 0, 2, 1), _IDENTITY, _firmware),
    ((0, 2, 0, 2, 8), _IDENTITY, _signature),
    ((0, 3, 0, 2, 1), _IDENTITY, _firmware),
    ((0, 3, 0, 2, 8), _IDENTITY, _signature),
    ((0, 4, 0, 2, 1), _IDENTITY, _no_version),
    ((0, 4, 0, 2, 8), _IDENTITY, _no_signature),
    ((0, 5, 0, 2, 1), _IDENTITY, _no_version),
    ((0, 6, 0, 2, 1), _IDENTITY, _no_version),
    ((0, 7, 0, 2, 1), _IDENTITY, _no_version),
    ((0, 0, 96, 11, 0), _IDENTITY, _serial),
    ((0, 0, 96, 11, 1), _PLATE, _label("meter.id")),
    ((0, 0, 96, 11, 2), _PLATE, _label("meter.administrator")),
    ((0, 0, 96, 11, 3), _PLATE, _label("meter.location")),
    ((0, 0, 96, 11, 4), _PLATE, _label("meter.configuration_id")),
    ((0, 0, 96, 11, 5), _PLATE, _label("meter.account")),
    ((1, 0, 0, 4, 2), _PLATE, _ratio("ct", 0)),
    ((1, 0, 0, 4, 3), _PLATE, _ratio("pt", 0)),
    ((1, 0, 0, 4, 5), _PLATE, _ratio("ct", 1)),
    ((1, 0, 0, 4, 6), _PLATE, _ratio("pt", 1)),
    ((1, 0, 0, 8, 4), _PROFILE, _interval(1)),
    ((1, 128, 103, 0, 0), _PROFILE, _km(1)),
    ((1, 128, 100, 0, 0), _PLATE, _no_pulses),
    ((1, 128, 101, 0, 0), _PLATE, _no_pulses),
    ((0, 0, 96, 10, 1), _PROFILE, _profile_status(1)),
    ((0, 0, 97, 97, 0), _ERROR, _error),
    ((0, 0, 97, 98, 0), _STATE, _status("trigger")),  # alarm
    ((0, 0, 96, 5, 0), _STATE, _status("system")),  # internal operating status
    ((0, 0, 96, 6, 1), _STATE, _battery),  # battery charge display
    ((0, 0, 96, 14, 0), _STATE, _rate),  # currently active tariff
    ((1, 0, 0, 1, 2), _STATE, _moment("reset_at")),  # time of the last billing period reset
    ((0, 128, 96, 2, 0), _STATE, _moment("frozen_at")),
    ((0, 128, 96, 12, 0), _STATE, _communication),
    ((0, 128, 96, 0, 0), _CONFIGURATION, _document),
    ((0, 128, 96, 1, 0), None, _write_only),
    ((0, 128, 96, 3, 0), _CONSTANTS, _calibration),
    ((0, 128, 96, 4, 0), _CONSTANTS, _measured),
)
# Of load profile 2, where it is on.
_SECOND = (
    ((1, 0, 0, 8, 5), _PROFILE, _interval(2)),
    ((1, 128, 104, 0, 0), _PROFILE, _km(2)),
    ((0, 0, 96, 10, 2), _PROFILE, _profile_status(2)),
)
# What can be set: right, function of (data, context)
_SETS = (
    ((0, 128, 96, 0, 0), _CONFIGURE, _configure),
    ((0, 128, 96, 1, 0), _CONFIGURE, _change),
    ((0, 128, 96, 3, 0), _CALIBRATE, _calibrate),
)


class Value(base.CosemObject):
    """A Data object. row: of the table."""

    class_id = 1

    def __init__(self, row):
        super().__init__(bytes(row[0] + (255,)))
        self._row = row

    def _setter(self):
        for name, right, function in _SETS:
            if name == self._row[0]:
                return right, function
        return None, None

    @property
    def attributes(self):
        """Row of (number, right to read, right to set)."""
        return ((2, self._row[1], self._setter()[0]),)

    def get(self, attribute, context):
        """Return the value."""
        return self._row[2](context)

    def set(self, attribute, data, context):
        """Set the value."""
        self._setter()[1](data, context)


class BatteryTime(base.CosemObject):
    """How long the battery has been in use, a register in seconds."""

    class_id = 3
    attributes = ((2, _STATE, None), (3, _STATE, None))
    methods = ((1, "command:battery changed"),)

    def get(self, attribute, context):
        """Return an attribute."""
        if attribute == 3:
            return units.scaler_unit(0, units.SECOND)
        return _unsigned(done(context.access.status)["battery_s"])

    def invoke(self, method, data, context):
        """There is a new battery."""
        base.integer(data, 0, 0)
        command(context, "battery changed")


BATTERY_TIME = b"\x00\x00\x60\x06\x00\xff"


class DataFamily:
    """The Data objects, for the catalogue."""

    def find(self, class_id, ln, context):
        """Return the object with this name, or None."""
        if ln == BATTERY_TIME:
            return BatteryTime(ln)
        wanted = tuple(ln)
        for row in _rows(context):
            if row[0] == wanted[:5] and wanted[5] == 255:
                return Value(row)
        return None

    def all(self, context):
        """Yield the objects."""
        for row in _rows(context):
            yield Value(row)
        yield BatteryTime(BATTERY_TIME)


def _rows(context):
    try:
        context.access.channels(2)
    except KeyError:
        return _TABLE
    return _TABLE + _SECOND
