"""The register engine on the device's interpreter: the factory's lists over a small life, a restart, live heap."""

from meter.access.access import Access
from meter.config import build_registers
from meter.config.primary import Primary
from meter.config.schema import defaults
from meter.metrology.span import Span
from meter.quantities import START
from meter.registers.definition import LISTS, RATE_NAMES, definitions
from meter.registers.register import NotPresettable

HOUR = 1700002800  # UTC 2023-11-14 23:00:00
WH = 1000000


class Memory:
    keeps_seconds = False
    largest = 1 << 20

    def save(self, state, second):
        self.kept = state

    def idle(self):
        return False

    def load(self):
        return None


class Standing:
    """What Access needs of a meter."""

    def __init__(self, engine):
        self.engine = engine


def made(settings):
    return build_registers.engine(settings, Memory(), {})


def run(engine, now, until, watts):
    span = Span()
    while now < until:
        end = min(engine.next_boundary, until)
        span.clear()
        span.seconds, span.half_cycles, span.end = float(end - now), 120 * (end - now), end
        for row in range(3):
            span.sums[START["W"] + row] = watts / 3 * span.seconds
        span.sums[START["W"] + 3] = watts * span.seconds
        span.sums[START["VA"] + 3] = 2 * watts * span.seconds
        engine.take(span)
        engine.show(span)
        now = end
        engine.close(now)


def near(value, expected):
    return abs(value - expected) <= 1e-5 * expected + 2


def test_the_factory_lists_over_a_life():
    settings = defaults()
    engine = made(settings)
    engine.begin(HOUR)
    run(engine, HOUR, HOUR + 5400, 2001.0)
    engine.billing_period_reset(HOUR + 5400)
    engine.freeze(HOUR + 5400)
    run(engine, HOUR + 5400, HOUR + 7200, 4000.0)
    access = Access(Standing(engine), "1", Primary(settings), None, True)
    assert [one.number for one in access.registers("alternate")] == [100, 101, 102, 103, 104, 105, 106, 107]
    assert access.register(2, remote=False).text == "00000005", access.register(2, remote=False)
    assert access.register(2).text == access.register(100).text == "00000003"
    assert near(access.register(2, False).value, 5001500000)
    assert access.register(104).text == "00:30:00 15.11.23"
    assert access.register(1, False).text == "01:00:00 15.11.23"
    assert access.register(105).text.startswith("VA 0.0 0.0, VB")

    other = made(settings)
    other.resume(engine.state(HOUR + 7200), HOUR + 7200, HOUR + 7200)
    for list_name in ("normal", "alternate", "test"):
        for remote in (False, True):
            before = [one.value for one in access.registers(list_name, remote) if one.kind == "consumption"]
            again = Access(Standing(other), "1", Primary(settings), None, True).registers(list_name, remote)
            assert [one.value for one in again if one.kind == "consumption"] == before


def test_demand_extremes_and_presets():
    settings = defaults()
    settings["registers.normal"] = (
        {"id": 0, "kind": "peak demand", "quantity": "W.del.P"},
        {"id": 1, "kind": "peak demand", "quantity": "W.del.P", "storage": "continuous cumulative"},
        {"id": 2, "kind": "coincident demand", "quantity": "PF.del.P", "peak": "W.del.P"},
        {"id": 3, "kind": "average PF", "quantity": "PF.del.P"},
        {"id": 4, "kind": "maximum", "quantity": "W.del.P"},
        {"id": 5, "kind": "average", "quantity": "W.del.P"},
        {"id": 6, "kind": "predicted demand", "quantity": "W.del.P"},
        {"id": 7, "kind": "consumption", "quantity": "Wh.del.P"},
    )
    engine = made(settings)
    engine.begin(HOUR)
    run(engine, HOUR, HOUR + 1800, 2000.0)
    engine.billing_period_reset(HOUR + 1800)
    run(engine, HOUR + 1800, HOUR + 2850, 4000.0)
    values = [engine.register(number).value() for number in range(8)]
    expected = (4000 * WH, 6000 * WH, 500000, 0.5, 4000.0, 4000.0, 4000 * WH)
    for value, wanted in zip(values, expected):
        assert near(value, wanted), (value, wanted)
    engine.preset(HOUR + 2850, 7, 123456789012345678)
    assert engine.register(7).value() == 123456789012345678
    engine.preset(HOUR + 2850, 4, 5000 * WH)
    assert near(engine.register(4).value(), 5000.0)
    for number, value in ((3, 1), (7, 1 << 62)):
        try:
            engine.preset(HOUR + 2850, number, value)
            raise AssertionError("it was set")
        except NotPresettable:
            pass


def full_list(list_name, first):
    """Fifty registers of kinds, rates and storage types as a utility would mix them."""
    kinds = (
        ("consumption", "Wh"), ("peak demand", "W"), ("time of peak demand", "W"), ("maximum", "W"),
        ("coincident demand", "VAR"), ("average PF", "PF"),
    )  # fmt: skip
    entries = []
    for k in range(50):
        kind, name = kinds[k % 6]
        entries.append(
            {
                "id": first + k, "kind": kind, "quantity": "%s.del.%s" % (name, "PABC"[k // 6 % 4]),
                "label": "register %d" % k,
                "rate": RATE_NAMES[0 if kind == "maximum" else k % 5],
                "peak": "W.del.P" if kind == "coincident demand" else "",
                "storage": ("working", "billing period reset", "previous day")[k % 3],
            }
        )  # fmt: skip
    found, problems = definitions(entries, list_name)
    assert not problems, problems
    return found


def heap_of_the_factory_registers():
    engine = made(defaults())
    engine.begin(HOUR)
    return engine


def heap_of_150_registers():
    settings = defaults()
    for list_name, first, _ in LISTS:
        settings["registers." + list_name] = full_list(list_name, first)
    engine = made(settings)
    engine.begin(HOUR)
    return engine
