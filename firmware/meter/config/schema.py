"""The configuration: one table of every setting. Validation, defaults and documentation come from it.

path, kind, default, allowed, unit, help. The kinds, and what is `allowed` in each, are in kinds.py.
A document is JSON with nested sections: {"service": {"frequency": 50}}. Defaults follow the manual's Appendix A.
"""

from meter.config.calendars import problems as _tariff_problems
from meter.config.kinds import problem as _problem
from meter.config.mid import problems as _mid_problems
from meter.config.primary import Primary
from meter.config.register_fields import FIELDS as REGISTER_FIELDS
from meter.config.register_fields import problems as _register_problems
from meter.metrology.builder import STARTING_A
from meter.metrology.connection import NAMES as CONNECTIONS
from meter.metrology.loss_compensation import NONE
from meter.registers.engine import RESPONSES
from meter.registers.load_profile import CHANNELS, DEFAULT_CHANNELS
from meter.registers.load_profile_channels import not_built, unit_of
from meter.registers.load_profile_record import INTERVALS
from meter.registers.schedule import KINDS as SCHEDULES
from meter.registers.self_read import TRIGGERS
from meter.registers.tou import DAY_TYPES, RATES

FORMATS = ("values", "counts")
KM = (CHANNELS, 1e-6, 1e9)
# On the secondary side, where a count is a whole number of 1e-6.
LEAST_KM, MOST_KM = 1e-4, 1e9
LOAD_PROFILES = ("load_profile", "load_profile_2")
WEEKDAYS = DAY_TYPES[:7]
OVERRIDES = ("none",) + tuple(RATES)
BAUDS = (300, 600, 1200, 2400, 4800, 9600, 19200)
FAST_BAUDS = BAUDS + (38400, 57600, 115200)  # IEC 62056-21 has no characters for these
MODES = ("A", "B", "C", "E")
SERIAL_PORTS = ("optical", "rs485", "rs485_2")
SERIAL_PROTOCOLS = ("iec62056-21", "dlms")
LINES = ("RS-485", "RS-232")

# The logical device name, the clock and the energies.
_PUSHED = ("1/0.0.42.0.0.255/2", "8/0.0.1.0.0.255/2", "3/1.0.1.8.0.255/2", "3/1.0.2.8.0.255/2")


def _line(name, is_open, delays):
    """Return the settings of an RS-485 or RS-232 port. delays: the manual's, Appendix A, ports 3 and 4."""
    path = "ports.%s." % name
    # fmt: off
    return (
        (path + "enabled", "flag", is_open, None, "", "the port is open, if the board has it"),
        (path + "protocol", "choice", "iec62056-21", SERIAL_PROTOCOLS, "", "what is spoken; dlms: HDLC at once"),
        (path + "type", "choice", "RS-485", LINES, "", "RS-485 drives a direction pin to send, RS-232 raises RTS"),
        (path + "terminator", "flag", False, None, "", "the 120 ohm resistor of RS-485 is on: at the line's two ends"),
        (path + "baud", "choice", 9600, FAST_BAUDS, "Bd", "baud rate; of IEC 62056-21 the one offered, to 19200"),
        (path + "reaction", "integer", 200, (20, 1500), "ms", "pause before an answer of IEC 62056-21"),
        (path + "mode", "choice", "E", MODES, "", "protocol mode of IEC 62056-21; E: C, and HDLC on request"),
        (path + "tx_start", "integer", delays[0], (0, 1000), "ms", "from driving the line to the first byte"),
        (path + "tx_end", "integer", delays[1], (0, 1000), "ms", "from the last byte to letting the line go"),
        (path + "turnaround", "integer", delays[2], (0, 1000), "ms", "from the last byte heard to driving the line"),
    )
    # fmt: on


# fmt: off
FIELDS = (
    ("meter.id", "text", "", (0, 24), "", "name of the meter, for registers and readers"),
    ("meter.administrator", "text", "", (0, 24), "", "who runs the meter, for readers"),
    ("meter.location", "text", "", (0, 24), "", "where the meter is, for readers"),
    ("meter.configuration_id", "text", "", (0, 24), "", "name of the configuration, for readers"),
    ("meter.account", "text", "", (0, 24), "", "account number, for readers"),
    ("meter.serial", "text", "00000001", (1, 16), "", "serial number, and address on the optical port"),
    ("meter.mid", "flag", False, None, "", "MID option, from the factory: fixed registers, both security keys"),
    ("service.connection", "choice", "4-wire wye", CONNECTIONS, "", "form 9: 4-wire; form 5: the others"),
    ("service.current_class", "choice", 20, tuple(STARTING_A), "A", "class current: 2, 10 or 20 A"),
    ("service.frequency", "choice", 60, (50, 60), "Hz", "nominal frequency"),
    ("service.nominal_voltage", "number", 120.0, (1.0, 1e6), "V", "nominal voltage of an element"),
    ("service.nominal_current", "number", 5.0, (0.1, 1e6), "A", "nominal current of an element"),
    ("service.demand_current", "number", 0.0, (0.0, 1e6), "A", "maximum demand current IL for TDD; 0: nominal"),
    ("service.pt_primary", "number", 1.0, (0.001, 1e6), "V", "voltage transformer, primary"),
    ("service.pt_secondary", "number", 1.0, (0.001, 1e6), "V", "voltage transformer, secondary"),
    ("service.ct_primary", "number", 1.0, (0.001, 1e6), "A", "current transformer, primary"),
    ("service.ct_secondary", "number", 1.0, (0.001, 1e6), "A", "current transformer, secondary"),
    ("service.transformer_factor", "number", 1.0, (0.001, 1e6), "", "further factor of primary power"),
    ("correction.voltage_gain", "numbers", (1.0,) * 3, (3, 0.9, 1.1), "", "voltage transformer gain, A, B, C"),
    ("correction.current_gain", "numbers", (1.0,) * 3, (3, 0.9, 1.1), "", "current transformer gain, A, B, C"),
    ("correction.curve", "points", (), (16, 3), "A, %, deg", "current transformer errors over current"),
    ("correction.watt_gain", "number", 1.0, (0.9, 1.1), "", "tweak of watts"),
    ("correction.var_gain", "number", 1.0, (0.9, 1.1), "", "tweak of vars"),
    ("loss.delivered", "numbers", NONE, (5, -100.0, 100.0), "%", "line W, copper W, copper var, iron W, iron var"),
    ("loss.received", "numbers", NONE, (5, -100.0, 100.0), "%", "the same for received power"),
    ("load_profile.interval", "choice", 15, INTERVALS, "min", "interval of load profile 1"),
    ("load_profile.channels", "quantities", DEFAULT_CHANNELS, (1, CHANNELS), "", "channels of load profile 1"),
    ("load_profile.format", "choice", "counts", FORMATS, "", "32-bit engineering values, or 16-bit counts"),
    ("load_profile.km", "each", (), KM, "Wh, V, ...", "primary worth of a count in each channel; none: 1"),
    ("load_profile.events", "flag", True, None, "", "resets, presets, diagnostics end a record too, and are marked"),
    ("load_profile.freeze_markers", "flag", True, None, "", "a freeze ends a record too, and is marked"),
    ("load_profile.sync", "flag", False, None, "", "external pulses end the intervals of minutes"),
    ("load_profile_2.interval", "choice", 15, INTERVALS, "min", "interval of load profile 2"),
    ("load_profile_2.channels", "quantities", (), (0, CHANNELS), "", "channels of load profile 2; none: it is off"),
    ("load_profile_2.format", "choice", "values", FORMATS, "", "as for load profile 1"),
    ("load_profile_2.km", "each", (), KM, "Wh, V, ...", "as for load profile 1"),
    ("load_profile_2.events", "flag", True, None, "", "as for load profile 1"),
    ("load_profile_2.freeze_markers", "flag", True, None, "", "as for load profile 1"),
    ("load_profile_2.sync", "flag", False, None, "", "as for load profile 1"),
    ("clock.zone", "zone", "UTC0", None, "", "local time and daylight saving, as a POSIX TZ"),
    ("clock.after_failure", "choice", RESPONSES[0], RESPONSES, "", "what is done when battery and supply failed"),
    ("tou.seasons", "seasons", (), None, "", "where seasons 1 to 4 begin each year; none: one season"),
    ("tou.days", "days", (), None, "", "rates by season, day and time; none: no rates"),
    ("tou.holidays", "holidays", (), None, "", "days of type H1 (if none is given) or H2, within twenty years"),
    ("tou.override", "choice", "none", OVERRIDES, "", "rate in force while the override is on"),
    ("billing.freeze.kind", "choice", "none", SCHEDULES, "", "when the registers are frozen by itself"),
    ("billing.freeze.time", "time", "00:00", None, "", "local time; of an hourly one only the minute counts"),
    ("billing.freeze.weekday", "choice", "Mon", WEEKDAYS, "", "day of a weekly one"),
    ("billing.freeze.day", "integer", 1, (1, 31), "", "day of a monthly one; the last day in a shorter month"),
    ("billing.reset.kind", "choice", "none", SCHEDULES, "", "when a billing period ends by itself"),
    ("billing.reset.time", "time", "00:00", None, "", "local time; of an hourly one only the minute counts"),
    ("billing.reset.weekday", "choice", "Mon", WEEKDAYS, "", "day of a weekly one"),
    ("billing.reset.day", "integer", 1, (1, 31), "", "day of a monthly one; the last day in a shorter month"),
    ("billing.lockout", "integer", 5, (0, 60), "min", "after a reset the reset key is locked"),
    ("self_read.kind", "choice", "none", TRIGGERS, "", "when registers are read and kept by itself"),
    ("self_read.time", "time", "00:00", None, "", "local time; of an hourly one only the minute counts"),
    ("self_read.weekday", "choice", "Mon", WEEKDAYS, "", "day of a weekly one"),
    ("self_read.day", "integer", 1, (1, 31), "", "day of a monthly one; the last day in a shorter month"),
) + REGISTER_FIELDS + (
    ("power_quality.dip", "number", 90.0, (1.0, 99.0), "%", "a dip begins below this part of the nominal voltage"),
    ("power_quality.swell", "number", 110.0, (101.0, 200.0), "%", "a swell begins above it"),
    ("power_quality.interruption", "number", 50.0, (0.5, 90.0), "%", "below it: interruption; IEC 61000-4-30: 5"),
    ("power_quality.hysteresis", "number", 2.0, (0.0, 10.0), "%", "by which the voltage must be back, of nominal"),
    ("ports.optical.enabled", "flag", True, None, "", "IEC 62056-21 on the optical port"),
    ("ports.optical.baud", "choice", 9600, BAUDS, "Bd", "baud rate offered after sign-on"),
    ("ports.optical.reaction", "integer", 200, (20, 1500), "ms", "pause before an answer"),
    ("ports.optical.mode", "choice", "E", MODES, "", "protocol mode of IEC 62056-21; E: C, and HDLC on request"),
) + _line("rs485", True, (40, 40, 20)) + _line("rs485_2", False, (0, 0, 0)) + (
    ("ports.iec62056_21_tcp.enabled", "flag", True, None, "", "IEC 62056-21 on a TCP port"),
    ("ports.iec62056_21_tcp.host", "text", "127.0.0.1", (1, 64), "", "address to listen on"),
    ("ports.iec62056_21_tcp.port", "integer", 2001, (0, 65535), "", "TCP port; 0 takes a free one"),
    ("ports.dlms_tcp.enabled", "flag", True, None, "", "DLMS on a TCP port: the wrapper, or HDLC by its first byte"),
    ("ports.dlms_tcp.host", "text", "127.0.0.1", (1, 64), "", "address to listen on"),
    ("ports.dlms_tcp.port", "integer", 4059, (0, 65535), "", "TCP port; 0 takes a free one"),
    ("ports.dlms_tcp.inactivity", "integer", 120, (0, 3600), "s", "a silent connection is closed; 0: never"),
    ("ports.hdlc.unit", "integer", 1, (1, 16381), "", "physical device address of HDLC"),
    ("ports.hdlc.max_info", "integer", 128, (128, 2030), "bytes", "longest information field that is negotiated"),
    ("ports.hdlc.window", "integer", 1, (1, 7), "", "frames in a row that are negotiated"),
    ("ports.hdlc.inactivity", "integer", 120, (0, 3600), "s", "a silent link is ended; 0: never"),
    ("ports.hdlc.inter_frame", "integer", 1000, (20, 6000), "ms", "a frame that stops for so long is dropped"),
    ("dlms.manual_scaler", "flag", False, None, "", "registers say scaler 0 although they are in thousandths"),
    ("dlms.primary", "flag", False, None, "", "registers and load profiles in primary values; else secondary"),
    ("outputs.disconnect", "integer", 0, (0, 7), "", "output that the disconnect control drives; 0: none"),
    ("dlms.push.enabled", "flag", False, None, "", "data are sent to a head-end by DLMS/COSEM"),
    ("dlms.push.host", "text", "127.0.0.1", (1, 64), "", "address of the head-end"),
    ("dlms.push.port", "integer", 4059, (1, 65535), "", "its TCP port"),
    ("dlms.push.client", "integer", 103, (1, 65535), "", "client address (wPort) of who listens there"),
    ("dlms.push.objects", "attributes", _PUSHED, None, "", "what is sent: class/OBIS code/attribute"),
    ("dlms.push.events", "events", (), None, "", "what is followed by a push"),
    ("dlms.push.schedule.kind", "choice", "none", SCHEDULES, "", "when a push is due by itself"),
    ("dlms.push.schedule.time", "time", "00:00", None, "", "local time; of an hourly one only the minute counts"),
    ("dlms.push.schedule.weekday", "choice", "Mon", WEEKDAYS, "", "day of a weekly one"),
    ("dlms.push.schedule.day", "integer", 1, (1, 31), "", "day of a monthly one; the last day in a shorter month"),
    ("dlms.push.window", "windows", (), None, "", "local times at which pushes are sent; none: always"),
    ("dlms.push.randomisation", "integer", 0, (0, 65535), "s", "a push is put off by up to so long, by chance"),
    ("dlms.push.retries", "integer", 3, (0, 255), "", "how often a push that failed is tried again"),
    ("dlms.push.delay", "integer", 60, (0, 65535), "s", "time between tries"),
    ("simulator.frequency", "number", 60.0, (40.0, 70.0), "Hz", "frequency of the synthesizer"),
    ("simulator.voltage", "numbers", (120.3, 119.6, 120.1), (3, 0.0, 1e6), "V", "voltage of A, B, C"),
    ("simulator.current", "numbers", (5.0, 4.2, 4.6), (3, 0.0, 1e6), "A", "current of A, B, C"),
    ("simulator.lag", "numbers", (25.8, 18.2, 31.0), (3, -360.0, 360.0), "deg", "lag of the currents of A, B, C"),
    ("simulator.thd_voltage", "number", 0.02, (0.0, 1.0), "", "5th harmonic of the voltages, of the fundamental"),
    ("simulator.thd_current", "number", 0.08, (0.0, 1.0), "", "3rd harmonic of the currents, of the fundamental"),
    ("simulator.swing", "number", 0.2, (0.0, 1.0), "", "how far the currents swing, slowly, around their value"),
    ("simulator.noise", "number", 3.0, (0.0, 1e6), "counts", "noise of the converter, RMS"),
    ("simulator.crosstalk", "number", 0.0, (0.0, 0.1), "", "part of each channel seen in the next"),
    ("simulator.clock", "number", 0.0, (0.0, 1e9), "Hz", "clock the sample rate is divided from; 0: any rate"),
    ("simulator.gain_error", "numbers", (0.0,) * 6, (6, -0.5, 0.5), "", "gain error of VA VB VC IA IB IC"),
    ("simulator.drift", "numbers", (0.0,) * 6, (6, -1e4, 1e4), "ppm/K", "gain drift of VA VB VC IA IB IC"),
    ("simulator.temperature", "number", 23.0, (-60.0, 125.0), "degC", "temperature; the reference is 23"),
    ("simulator.key_1", "flag", False, None, "", "security key 1 is fitted: nothing that is measured can be changed"),
    ("simulator.key_2", "flag", False, None, "", "security key 2 is fitted: the reset key is blocked"),
    ("simulator.offset", "numbers", (0.0,) * 6, (6, -1e6, 1e6), "counts", "offset of VA VB VC IA IB IC"),
    ("simulator.delay", "numbers", (0.0,) * 6, (6, -50.0, 50.0), "us", "delay of VA VB VC IA IB IC"),
)
# fmt: on


class ConfigError(Exception):
    """A document cannot be used. problems: list of one line each, all that is wrong."""

    def __init__(self, problems):
        super().__init__("; ".join(problems))
        self.problems = problems


def defaults():
    """Return the factory configuration: a dict from path to value."""
    return {field[0]: field[2] for field in FIELDS}


def validate(document):
    """Return a dict from path to value: the document over the defaults. Raises ConfigError with every problem."""
    problems = []
    settings = defaults()
    fields = {field[0]: field for field in FIELDS}
    for path, value in _leaves(document, "", fields, problems):
        problem = _problem(fields[path][1], value, fields[path][3])
        if problem:
            problems.append("%s: %s, not %s" % (path, problem, _short(value)))
        else:
            settings[path] = tuple(value) if isinstance(value, list) else value
    for section in LOAD_PROFILES:
        problems += _load_profile(section, settings)
    if not any(line.startswith("tou.") for line in problems):
        problems += _tariff_problems(settings)
    problems += _register_problems(settings)
    problems += _mid_problems(settings)
    for port in SERIAL_PORTS:
        problems += _serial_port(port, settings)
    if problems:
        raise ConfigError(problems)
    return settings


def _serial_port(name, settings):
    """Return what is wrong with the settings of a serial port together."""
    path = "ports.%s." % name
    baud, mode = settings[path + "baud"], settings[path + "mode"]
    if settings.get(path + "protocol", SERIAL_PROTOCOLS[0]) != SERIAL_PROTOCOLS[0]:
        return []
    if baud not in BAUDS:
        return ["%sbaud: IEC 62056-21 goes up to 19200, not %d" % (path, baud)]
    if mode == "B" and baud == BAUDS[0]:
        return ["%sbaud: mode B begins at 600, not 300" % path]
    return []


def _load_profile(section, settings):
    """Return what is wrong with the settings of a load profile together."""
    channels, km = settings[section + ".channels"], settings[section + ".km"]
    problems = ["%s.channels: %s" % (section, not_built(key)) for key in channels if not_built(key)]
    if km and len(km) != len(channels):
        problems.append(
            "%s.km: must be one for each of %d channels, not %d" % (section, len(channels), len(km))
        )
    elif channels and not problems and settings[section + ".format"] == "counts":
        problems += _bad_km(section, settings)
    return problems


def _bad_km(section, settings):
    """Return a line if a count is worth less or more on the meter's side than it can count in."""
    primary = Primary(settings)
    for key, km in zip(settings[section + ".channels"], settings[section + ".km"]):
        unit = unit_of(key)
        least, most = primary.of(LEAST_KM, unit), primary.of(MOST_KM, unit)
        if not least * 0.999 <= km <= most:
            text = "%s.km: must be from %g to %g %s for %s by the ratios, not %g"
            return [text % (section, least, most, unit, key, km)]
    return []


def _leaves(node, path, fields, problems):
    """Yield (path, value) of every known setting in a document; note what is unknown or not a section."""
    if path in fields:
        yield path, node
        return
    below = [
        name[len(path) + 1 if path else 0 :].split(".")[0]
        for name in fields
        if not path or name.startswith(path + ".")
    ]
    if not isinstance(node, dict):
        problems.append("%s: must be a section with %s" % (path or "the document", ", ".join(_unique(below))))
        return
    for name, value in node.items():
        inner = "%s.%s" % (path, name) if path else str(name)
        if name in below:
            yield from _leaves(value, inner, fields, problems)
        else:
            problems.append("%s: unknown setting; known here: %s" % (inner, ", ".join(_unique(below))))


def _unique(names):
    return [name for k, name in enumerate(names) if name not in names[:k]]


def _short(value):
    if isinstance(value, dict):
        return "a section"
    if isinstance(value, (list, tuple)):
        return "[%s]" % _cut(", ".join([_item(item) for item in value[:20]]))
    return _item(value)


def _item(value):
    # No repr() of what may be nested, or have more digits than an interpreter prints.
    if isinstance(value, (dict, list, tuple)):
        return "{...}" if isinstance(value, dict) else "[...]"
    if isinstance(value, int) and not -1e18 < value < 1e18:
        return "a number beyond 1e18"
    return _cut(repr(value))


def _cut(text):
    return text if len(text) <= 40 else text[:37] + "..."
