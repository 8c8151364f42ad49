"""The catalogue of quantities: one name for each, one number for each, and directions that cannot disagree."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from meter.quantities import (
    CATALOGUE,
    COMPENSATED,
    COUNT,
    FLOW_ROWS,
    FLOWS,
    INTEGRATED,
    PHASES,
    PLAIN,
    ROWS,
    START,
    TOTAL_ROWS,
    describe,
    index,
    keys,
    terms,
)

KEYS = list(keys())
DIRECTIONS = dict(FLOWS)
PLAIN_COUNTS = dict(PLAIN)
TOTALLED = ("A", "V2", "A2")  # rows without direction that are kept as totals


def test_every_key_is_there_once():
    assert len(KEYS) == len(set(KEYS)) == COUNT


@pytest.mark.parametrize("number, key", list(enumerate(KEYS)))
def test_index_and_describe_go_back_and_forth(number, key):
    assert index(key) == number
    name, direction, phase, unit, source = describe(number)
    assert ".".join(part for part in (name, direction, phase) if part) == key
    assert unit and phase in PHASES + ("N", "avg")
    assert source == "" or source in DIRECTIONS or source in TOTALLED
    assert all(isinstance(text, str) for text in (name, direction, phase, unit, source))


def test_the_documented_keys_are_in_the_catalogue():
    for key in (
        "Wh.del.P",
        "Wh.rec.P",
        "V.A",
        "A.C",
        "W.bi.P",
        "VAR.q1.A",
        "VARh.q4.P",
        "VAv.abs.B",
        "PF.bi.P",
        "Hz.A",
        "A.N",
        "V.avg",
        "V.P",
        "VLL.A",
        "VLL.avg",
        "Q.bi.P",
        "Qh.del.P",
        "VAvh.net.C",
        "Wc.del.P",
        "Wch.rec.P",
        "VARch.q3.P",
        "PFvc.bi.P",
        "VARf.q1.A",
        "VARfh.abs.P",
        "PF.del.P",
        "THDV.A",
        "UNBV.P",
        "UV2.P",
        "ANGA.C",
        "CFA.B",
        "V2s.P",
        "ANGA2s.P",
        "Ah.P",
        "V2h.A",
        "A2h.avg",
    ):
        assert key in KEYS


@pytest.mark.parametrize("key, unit", (("V.A", "V"), ("A.P", "A"), ("W.del.A", "W"), ("VAR.q2.C", "var"),
                                       ("VAv.rec.P", "VA"), ("Hz.A", "Hz"), ("Wh.net.P", "Wh"),
                                       ("VARh.abs.P", "varh"), ("VAh.del.P", "VAh"), ("Q.bi.P", "var"),
                                       ("Qh.net.P", "varh"), ("VARf.q1.P", "var"), ("V2.A", "V2"),
                                       ("VLL2.avg", "V2"), ("Ah.A", "Ah"), ("V2h.P", "V2h"), ("A2h.P", "A2h"),
                                       ("THDA.P", "%"), ("ANGV.B", "deg"), ("CFV.A", "1"), ("A.N", "A"),
                                       ("V2s.P", "V"), ("A2s.P", "A"), ("VAvch.rec.P", "VAh"),
                                       ("PFvc.abs.P", "1")))  # fmt: skip
def test_units(key, unit):
    assert describe(index(key))[3] == unit


@pytest.mark.parametrize(
    "key",
    ("", ".", "V", "V.", "V.D", "V.a", "V.A.A", "V..A", "W.A", "W.del", "W.del.", "W.net.P", "Wh.bi.P", "W.q1.P",
     "Wh.del.P.", "Wh.del.P.P", "Hz.B", "Hz", "wh.del.P", "Wh del P", "PF.net.P", "PF.q1.P", " Wh.del.P", "Wh.del.P\n",
     "V.N", "Hz.avg", "W.bi.avg", "W.bi.N", "UV2.A", "CFV.P", "ANGV.P", "Qc.q1.P", "V2h.del.P", "Ah.N"),
)  # fmt: skip
def test_unknown_keys_are_refused_by_name(key):
    with pytest.raises(KeyError) as caught:
        index(key)
    assert caught.value.args == (f"unknown quantity: {key}",)


@given(st.text(alphabet=".VAWRhqPBCdelrcnt1234NQfgsv", max_size=12))
def test_no_other_text_is_a_key(text):
    if text in KEYS:
        assert KEYS[index(text)] == text
    else:
        with pytest.raises(KeyError):
            index(text)


@pytest.mark.parametrize("number", (-1, -COUNT, COUNT, COUNT + 100))
def test_unknown_numbers_are_refused(number):
    with pytest.raises(KeyError, match=str(number)):
        describe(number)


def test_rows_are_all_used_and_none_twice():
    used = [row for flow, directions in FLOWS for k in range(len(directions))
            for row in range(START[flow] + 4 * k, START[flow] + 4 * k + 4)]  # fmt: skip
    assert sorted(used) == list(range(FLOW_ROWS))
    plain = [row for name, count in PLAIN for row in range(START[name], START[name] + count)]
    assert plain == list(range(FLOW_ROWS, ROWS))
    assert set(START) == set(DIRECTIONS) | set(PLAIN_COUNTS)


def test_totals_are_kept_of_the_flows_and_of_the_first_plain_rows():
    assert TOTAL_ROWS == FLOW_ROWS + 9
    assert [name for name, _ in PLAIN if START[name] < TOTAL_ROWS] == list(TOTALLED)
    assert all(
        source in DIRECTIONS or source in TOTALLED
        for _, unit, _, _, source in CATALOGUE
        if unit.endswith("h")
    )


def test_compensated_rows_repeat_those_without_compensation():
    originals = [name[:-1] for name in COMPENSATED]
    distance = START["Wc"] - START["W"]
    for name, original in zip(COMPENSATED, originals):
        assert DIRECTIONS[name] == DIRECTIONS[original]
        assert START[name] - START[original] == distance
    assert originals == [name for name, _ in FLOWS][:5] and START["Wc"] == START["Q"] + 8


@pytest.mark.parametrize("flow", DIRECTIONS)
@pytest.mark.parametrize("phase", PHASES)
def test_a_booked_direction_is_its_own_row(flow, phase):
    for place, direction in enumerate(DIRECTIONS[flow]):
        assert terms(flow, direction, phase) == (1, ((1, START[flow] + 4 * place + PHASES.index(phase)),))


@pytest.mark.parametrize("name", TOTALLED)
def test_rows_without_direction_are_of_a_phase_the_sum_of_three_or_their_mean(name):
    rows = [START[name] + k for k in range(3)]
    for phase, row in zip("ABC", rows):
        assert terms(name, "", phase) == (1, ((1, row),))
    assert terms(name, "", "P") == (1, tuple((1, row) for row in rows))
    assert terms(name, "", "avg") == (3, tuple((1, row) for row in rows))


@pytest.mark.parametrize("flow", DIRECTIONS)
@pytest.mark.parametrize("phase", PHASES)
@given(values=st.lists(st.integers(0, 1000), min_size=FLOW_ROWS, max_size=FLOW_ROWS))
def test_net_is_delivered_less_received_and_absolute_their_sum(flow, phase, values):
    def total(direction):
        divisor, parts = terms(flow, direction, phase)
        assert divisor == 1
        return sum(sign * values[row] for sign, row in parts)

    assert total("net") == total("bi") == total("del") - total("rec")
    assert total("abs") == total("del") + total("rec")
    if len(DIRECTIONS[flow]) == 4:
        assert flow.startswith("VAR")
        assert total("del") == total("q1") + total("q2") and total("rec") == total("q3") + total("q4")


def test_power_and_energy_of_a_flow_have_the_same_terms():
    for name, _, directions, phases, source in CATALOGUE:
        if name not in INTEGRATED:
            continue
        assert name[:-1] == source
        assert bool(directions) is (source in DIRECTIONS)
        for direction in directions:
            instantaneous = {"net": "bi"}.get(direction, direction)
            assert terms(source, direction, "P") == terms(source, instantaneous, "P")
            assert f"{source}.{instantaneous}.P" in KEYS
        if not directions:
            assert all(f"{source}.{phase}" in KEYS for phase in phases)


def test_every_flow_has_a_power_and_an_energy():
    for flow, directions in FLOWS:
        assert describe(index(f"{flow}.{directions[0]}.A"))[4] == flow
        assert describe(index(f"{flow}h.{directions[0]}.A"))[4] == flow
