"""The configuration: defaults that are valid, and every mistake in a document named at once."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from meter.config.schema import BAUDS, FIELDS, ConfigError, defaults, validate
from meter.metrology.connection import NAMES as CONNECTIONS
from meter.quantities import index
from meter.registers.load_profile_channels import is_status
from meter.registers.load_profile_record import INTERVALS

PATHS = [field[0] for field in FIELDS]
KINDS = {"text", "integer", "number", "choice", "numbers", "flag", "quantities", "each", "points"} | {
    "zone", "time", "seasons", "days", "holidays", "registers", "triggers",
    "attributes", "windows", "events",
}  # fmt: skip


def nested(path, value):
    """Return the document that sets one path."""
    for name in reversed(path.split(".")):
        value = {name: value}
    return value


def problems(document):
    with pytest.raises(ConfigError) as caught:
        validate(document)
    assert str(caught.value) == "; ".join(caught.value.problems)
    return caught.value.problems


def test_an_empty_document_gives_the_defaults():
    assert validate({}) == defaults()
    assert set(defaults()) == set(PATHS)


def test_the_defaults_as_a_document_are_valid():
    document = {}
    for path, value in defaults().items():
        node = document
        for name in path.split(".")[:-1]:
            node = node.setdefault(name, {})
        node[path.split(".")[-1]] = value
    assert validate(json.loads(json.dumps(document))) == defaults()


def test_defaults_of_the_reference_meter():
    found = defaults()
    assert found["service.frequency"] == 60 and found["load_profile.interval"] == 15
    assert found["service.nominal_voltage"] * found["service.nominal_current"] * 3 == 1800


def test_every_field_is_complete():
    assert len(set(PATHS)) == len(PATHS)
    for path, kind, _, _, unit, text in FIELDS:
        assert kind in KINDS and path.count(".") >= 1
        assert isinstance(unit, str) and text


def test_no_path_is_a_section_of_another():
    assert not [a for a in PATHS for b in PATHS if b.startswith(a + ".")]


def test_given_values_replace_defaults_and_no_others():
    found = validate({"service": {"frequency": 50, "nominal_voltage": 230}, "meter": {"serial": "A-1"}})
    changed = {path for path in PATHS if found[path] != defaults()[path]}
    assert changed == {"service.frequency", "service.nominal_voltage", "meter.serial"}
    assert found["service.nominal_voltage"] == 230


def test_lists_become_tuples():
    found = validate(nested("load_profile.channels", ["Wh.del.P", "VARh.q4.A"]))
    assert found["load_profile.channels"] == ("Wh.del.P", "VARh.q4.A")


BAD = (
    ("meter.serial", ("", "x" * 17, 5, None, "a(b", "a/b", "é", "a\n", ["a"], "\x7f")),
    ("service.frequency", (0, 55, "60", True, None, [60], {}, 60.5)),
    ("service.nominal_voltage", (0.5, -1, 2e6, "120", True, float("nan"), float("inf"), None, [], 10**400)),
    ("load_profile.interval", (7, 0, -15, 1440, "15", True, False)),
    ("load_profile.channels", ([], ["Wh.del.P"] * 17, "Wh.del.P", ["Wh.del"], [5], [None], [["Wh.del.P"]],
                               [b"Wh.del.P"], ["Wh.del.P", "no"], {}, None, [{}])),
    ("load_profile.km", (5, "abc", [0], [1] * 17, ["1"], [True], [2e9], {}, None)),
    ("load_profile.format", ("float", 1, None)),
    ("ports.optical.enabled", (1, 0, "true", None, [])),
    ("ports.optical.baud", (1000, "9600", 115200)),
    ("ports.optical.reaction", (19, 1501, 200.0, True, "200", 10**5000)),
    ("ports.iec62056_21_tcp.port", (-1, 65536, 1.5, "2001")),
    ("ports.iec62056_21_tcp.host", ("", "x" * 65)),
    ("simulator.voltage", ([1, 2], [1, 2, 3, 4], [1, 2, -1], [1, 2, "3"], 120, [1, 2, True], [1, 2, [3]], "abc")),
    ("service.connection", ("5-wire", "", None, 9)),
    ("service.current_class", (5, "20", True)),
    ("correction.curve", (5, None, "abc", {}, [1, 2, 3], [[1, 2]], [[1, 2, 3, 4]], [[1, 2, "3"]], [[1, 2, True]], [{}],
                          [[2, 0, 0], [1, 0, 0]], [[1, 0, 0], [1, 0, 0]], [[k, 0, 0] for k in range(17)],
                          [[1, 0, float("nan")]], [[1e7, 0, 0]], ["abc"], [None])),
    ("simulator.gain_error", ([0] * 5, [0, 0, 0, 0, 0, 0.6])),
)  # fmt: skip


@pytest.mark.parametrize(
    "path, value", [(path, value) for path, values in BAD for value in values], ids=lambda x: ""
)
def test_a_bad_value_is_named_with_its_path_and_what_is_allowed(path, value):
    (problem,) = problems(nested(path, value))
    assert problem.startswith(path + ": must ")
    assert ", not " in problem and len(problem) < 250


@pytest.mark.parametrize(
    "path, values",
    [
        ("service.frequency", (50, 60)),
        ("load_profile.interval", INTERVALS),
        ("ports.rs485.baud", BAUDS),
        ("ports.rs485.reaction", (20, 1500)),
        ("service.ct_primary", (0.001, 1, 1e6)),
        ("service.transformer_factor", (0.001, 1, 1e6)),
        ("service.connection", CONNECTIONS),
        ("service.current_class", (2, 10, 20)),
        ("correction.watt_gain", (0.9, 1, 1.1)),
        (
            "correction.curve",
            ([], [[0.1, -1, 2]], [[k, 0.1, 0.2] for k in range(16)], [[-1e6, 0, 0], [1e6, 0, 0]]),
        ),
        ("loss.delivered", ([-100, 0, 100.0, 1, 2],)),
        ("meter.serial", ("1", "x" * 16)),
        ("load_profile.channels", (["Wh.net.P"], ["VAvh.rec.C"] * 16, ["V.A", "PF.bi.P"])),
        ("load_profile_2.channels", ([], ["Hz.A"] * 16)),
        ("load_profile.km", ([], [1e-4, 1, 2.5, 1e9])),
        ("load_profile.format", ("values", "counts")),
        ("simulator.lag", ([-360, 0, 360.0],)),
    ],
)
def test_values_at_the_limits_are_taken(path, values):
    for value in values:
        found = validate(nested(path, value))[path]
        assert json.loads(json.dumps(found)) == value
        assert isinstance(found, tuple) is isinstance(value, list)


def test_choices_name_all_values():
    (problem,) = problems(nested("ports.optical.baud", 1))
    assert all(str(baud) in problem for baud in BAUDS)


def test_every_mistake_is_reported_at_once():
    document = {
        "service": {"frequency": 55, "voltage": 120},
        "load_profile": {"interval": 7},
        "meter": "x",
        "colour": "blue",
    }
    found = problems(document)
    assert len(found) == 5
    for start in ("service.frequency: must be one of 50, 60", "service.voltage: unknown setting", "colour: unknown",
                  "load_profile.interval: must be one of 1, 2,", "meter: must be a section with id"):  # fmt: skip
        assert len([problem for problem in found if problem.startswith(start)]) == 1


def test_an_unknown_setting_names_those_that_are_known():
    (problem,) = problems({"service": {"freqency": 50}})
    assert problem.startswith(
        "service.freqency: unknown setting; known here: connection, current_class, frequency, nominal_voltage"
    )
    (problem,) = problems({"ports": {"optical": {"speed": 9600}}})
    assert problem == "ports.optical.speed: unknown setting; known here: enabled, baud, reaction, mode"


@pytest.mark.parametrize("name", ("service.frequency", "", "Service", "service ", "a.b.c"))
def test_dotted_and_misspelled_names_are_unknown(name):
    assert "unknown setting" in problems({name: 50})[0]


@pytest.mark.parametrize("document", (None, [], [1], "x", 5, 1.5, True, ()))
def test_a_document_must_be_a_section(document):
    (problem,) = problems(document)
    assert problem.startswith(
        "the document: must be a section with meter, service, correction, loss, load_profile"
    )


@pytest.mark.parametrize("depth", (10, 900, 100_000))
@pytest.mark.parametrize(
    "path", ("service.frequency", "load_profile.channels", "simulator.voltage", "meter.serial")
)
def test_deeply_nested_values_are_only_bad_values(depth, path):
    value = []
    for _ in range(depth):
        value = [value]
    (problem,) = problems(nested(path, value))
    assert problem.startswith(path + ": must ")


def test_deeply_nested_sections_are_unknown_settings():
    document = {}
    for _ in range(900):
        document = {"service": document}
    assert "service.service: unknown" in problems(document)[0]


def test_a_long_value_is_shortened():
    assert all(len(problem) < 200 for problem in problems(nested("meter.serial", "x" * 100_000)))
    assert all(
        len(problem) < 250 for problem in problems(nested("load_profile.channels", ["x" * 1000] * 1000))
    )


SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8)
NAMES = st.sampled_from(sorted({name for path in PATHS for name in path.split(".")})) | st.text(max_size=4)
ANYTHING = st.recursive(SCALARS, lambda x: st.lists(x, max_size=4) | st.dictionaries(NAMES, x, max_size=4))
SECTIONS = st.dictionaries(
    st.sampled_from(sorted({path.split(".")[0] for path in PATHS})) | st.text(max_size=3),
    st.dictionaries(NAMES, ANYTHING, max_size=4) | ANYTHING,
    max_size=4,
)


@given(SECTIONS | ANYTHING)
def test_no_document_raises_anything_but_a_config_error(document):
    try:
        found = validate(document)
    except ConfigError as error:
        assert error.problems and all(": " in problem for problem in error.problems)
    else:
        assert set(found) == set(PATHS)


@given(st.sampled_from(FIELDS), ANYTHING)
def test_a_value_that_is_taken_is_within_what_is_allowed(field, value):
    path, kind, _, allowed, _, _ = field
    try:
        found = validate(nested(path, value))[path]
    except ConfigError:
        return
    if kind in ("integer", "number"):
        assert allowed[0] <= found <= allowed[1]
    elif kind == "choice":
        assert found in allowed
    elif kind == "numbers":
        assert len(found) == allowed[0] and all(allowed[1] <= x <= allowed[2] for x in found)
    elif kind == "each":
        assert len(found) <= allowed[0] and all(allowed[1] <= x <= allowed[2] for x in found)
    elif kind == "points":
        assert len(found) <= allowed[0] and all(len(point) == allowed[1] for point in found)
        assert all(a[0] < b[0] for a, b in zip(found, found[1:]))
    elif isinstance(found, tuple) and kind != "quantities":
        assert kind in KINDS
    elif kind == "quantities":
        assert all(is_status(key) or index(key) >= 0 for key in found)
    else:
        assert isinstance(found, (bool, str))


@pytest.mark.parametrize("key", ("pulse.1", "totalization.2", "contact.8"))
@pytest.mark.parametrize("section", ("load_profile", "load_profile_2"))
def test_a_channel_that_is_not_built_yet_is_named(section, key):
    (problem,) = problems(nested(section + ".channels", ["Wh.del.P", key]))
    assert problem.startswith(f"{section}.channels: channel {key}: ")
    assert problem.endswith("not built yet")


def test_there_is_a_km_for_each_channel_or_none():
    assert problems({"load_profile": {"channels": ["V.A", "A.A"], "km": [1.0]}}) == [
        "load_profile.km: must be one for each of 2 channels, not 1"
    ]


def test_settings_of_both_load_profiles_are_apart():
    found = validate({"load_profile_2": {"interval": 1, "channels": ["V.A"]}})
    assert (found["load_profile.interval"], found["load_profile_2.interval"]) == (15, 1)
    (problem,) = problems({"load_profile": {"2": 1}})
    assert problem.startswith("load_profile.2: unknown setting; known here: interval, channels, format")


@pytest.mark.feature("PRT-01", "PRT-02", "PRT-03")
def test_serial_ports_have_their_rates_delays_and_kinds():
    settings = validate({})
    delays = [settings["ports.rs485." + name] for name in ("tx_start", "tx_end", "turnaround")]
    assert delays == [40, 40, 20]  # the manual, Appendix A, port 3
    delays = [settings["ports.rs485_2." + name] for name in ("tx_start", "tx_end", "turnaround")]
    assert delays == [0, 0, 0]  # port 4
    assert settings["ports.rs485.type"] == "RS-485" and settings["ports.optical.mode"] == "E"
    for baud in (300, 1200, 19200, 38400, 115200):
        validate({"ports": {"rs485": {"baud": baud, "protocol": "dlms"}}})
    for baud in (300, 1200, 19200):
        validate({"ports": {"optical": {"baud": baud}, "rs485": {"baud": baud}}})


@pytest.mark.parametrize(
    "port, given, problem",
    [
        ("rs485", {"baud": 38400}, "ports.rs485.baud: IEC 62056-21 goes up to 19200, not 38400"),
        ("optical", {"mode": "B", "baud": 300}, "ports.optical.baud: mode B begins at 600, not 300"),
        ("rs485", {"mode": "B", "baud": 300}, "ports.rs485.baud: mode B begins at 600, not 300"),
        ("optical", {"mode": "D"}, "ports.optical.mode: must be one of A, B, C, E, not 'D'"),
        (
            "rs485",
            {"tx_start": 1001},
            "ports.rs485.tx_start: must be a whole number from 0 to 1000, not 1001",
        ),
        (
            "rs485",
            {"turnaround": -1},
            "ports.rs485.turnaround: must be a whole number from 0 to 1000, not -1",
        ),
        ("rs485", {"type": "RS-422"}, "ports.rs485.type: must be one of RS-485, RS-232, not 'RS-422'"),
    ],
)
def test_a_serial_port_that_cannot_be_is_refused(port, given, problem):
    assert problems({"ports": {port: given}}) == [problem]
