"""Random definitions and random lives: a restart changes no register, and the storage types keep their promises."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from meter.registers.definition import KINDS, RATE_NAMES, STATUS_ITEMS, STORAGES, TIME_ITEMS, definitions

from host_tests.register_life import RegisterLife, entry

STORAGE_NAMES = [row[0] for row in STORAGES]
POWERS = ("W.del.P", "W.bi.A", "VAR.q1.P", "VA.del.P", "A.N", "A.P", "A2.B", "Q.rec.P", "Wc.del.P", "W.abs.P")
OTHERS = (*POWERS, "V.A", "PF.bi.P", "Hz.A", "UNBV.P")
TOTALS = ("Wh.del.P", "Wh.net.A", "VARh.q2.P", "VAh.abs.P", "Ah.avg", "V2h.A", "Wch.del.P")
QUANTITIES = {
    "consumption": TOTALS, "instantaneous": OTHERS, "minimum": OTHERS, "maximum": OTHERS, "average": OTHERS,
    "average PF": ("PF.bi.P", "PFv.del.A", "PFc.abs.P"), "coincident demand": (*POWERS, "PF.del.P", "PFvc.bi.C"),
    "time": TIME_ITEMS, "status": STATUS_ITEMS,
}  # fmt: skip
FLOWS = ("W.del.P", "W.rec.P", "W.del.A", "W.rec.A", "VAR.q1.P", "VAR.q2.P", "VA.del.P", "VA.rec.P", "Wc.del.P", "V2.A",
         "A2.A", "A2.B", "A.A", "A.C")  # fmt: skip
RATES = {"tou.days": [["all", "all", "00:00 A, 00:20 B, 23:30 C"]], "tou.seasons": ["06-01", "11-15"]}


@st.composite
def registers(draw):
    found = []
    for number in draw(st.lists(st.integers(0, 49), unique=True, min_size=1, max_size=14)):
        kind, _, has_rate, storages = draw(st.sampled_from(KINDS))
        one = entry(kind, draw(st.sampled_from(QUANTITIES.get(kind, POWERS))), id=number)
        one["storage"] = draw(st.sampled_from(STORAGE_NAMES[:storages]))
        if has_rate:
            one["rate"] = draw(st.sampled_from(RATE_NAMES[:4]))
        if "peak" in one:
            one["peak"] = draw(st.sampled_from(POWERS))
        found.append(one)
    return found


load = st.dictionaries(st.sampled_from(FLOWS), st.integers(0, 5000), max_size=5)
event = st.one_of(
    st.tuples(st.just("run"), st.integers(1, 90), load),
    st.tuples(st.just("reset")),
    st.tuples(st.just("freeze")),
    st.tuples(st.just("preset"), st.integers(0, 13), st.integers(0, 10**10)),
)


def carry_out(life, name, *arguments):
    if name == "preset":
        place, value = arguments
        presettable = [one["id"] for one in life.entries]
        try:
            life.preset(presettable[place % len(presettable)], value)
        except ValueError:
            pass
    else:
        getattr(life, name)(*arguments)


@settings(max_examples=60, deadline=None)
@given(registers(), st.lists(event, max_size=8), st.integers(0, 3))
def test_a_restart_changes_no_register_whatever_was_defined_and_whatever_happened(
    entries, events, subinterval
):
    assert definitions(entries, "normal")[1] == []
    life = RegisterLife(*entries, settings={**RATES, "demand.subinterval": (15, 5, 3, 5)[subinterval]})
    for one in events:
        carry_out(life, *one)
    kept = [one for one in life.entries if one["kind"] not in ("instantaneous", "status")]
    live = {one["id"] for one in kept if one["kind"] != "predicted demand"}  # goes by an instantaneous value
    before = {number: life.value(number) for number in live}
    frozen = {number: (life.register(number).is_frozen, life.register(number).frozen) for number in live}
    state = life.engine.state(life.now)
    life.restart()
    assert {number: life.value(number) for number in live} == before
    assert {
        number: (life.register(number).is_frozen, life.register(number).frozen) for number in live
    } == frozen
    assert len(life.engine.state(life.now)) == len(state)


PROMISES = [
    entry("consumption", "Wh.del.P"), entry("consumption", "Wh.del.P", "billing period reset"),
    entry("peak demand", "W.del.P"), entry("peak demand", "W.del.P", "billing period reset"),
    entry("peak demand", "W.del.P", "cumulative"), entry("peak demand", "W.del.P", "continuous cumulative"),
    entry("maximum", "W.del.P"), entry("maximum", "W.del.P", "billing period reset"),
    entry("time of peak demand", "W.del.P"), entry("time of peak demand", "W.del.P", "billing period reset"),
    entry("average", "W.del.P", "billing period reset"), entry("average", "W.del.P"),
]  # fmt: skip
promised = st.one_of(
    st.tuples(st.just("run"), st.integers(1, 70), st.integers(0, 9000)),
    st.tuples(st.just("reset")),
    st.tuples(st.just("freeze")),
    st.tuples(st.just("restart"), st.sampled_from((0, 0, 50, 4000, 90000))),
    st.tuples(st.just("set_clock"), st.integers(-4000, 4000)),
    st.tuples(st.just("preset"), st.sampled_from((0, 2, 6)), st.integers(0, 9 * 10**9)),
)


@pytest.mark.feature("BIL-01", "BIL-02", "DEM-03", "REG-05", "REG-08")
@settings(max_examples=80, deadline=None)
@given(st.lists(promised, max_size=25))
def test_billing_values_are_those_of_the_reset_and_cumulative_ones_the_sum_of_the_peaks(events):
    life = RegisterLife(*PROMISES)
    peaks, reset, frozen = 0, [None] * 5, None
    for name, *arguments in events:
        before = life.values()
        carry_out(life, name, *arguments)
        after = life.values()
        if name == "reset":
            peaks += before[2]
            reset = [before[place] for place in (0, 2, 6, 8, 11)]
            assert (after[0], after[2], after[6], after[8]) == (before[0], 0, None, None)
            assert after[5] == before[5]
        if name == "freeze":
            frozen = before
        assert [after[place] for place in (1, 3, 7, 9, 10)] == reset
        assert (after[4], after[5]) == (peaks, peaks + after[2])
        if name not in ("reset", "preset"):
            assert after[0] >= before[0] and after[2] >= before[2]
            assert before[6] is None or after[6] >= before[6]
        if frozen:
            assert [life.register(number).frozen for number in range(12)] == frozen
