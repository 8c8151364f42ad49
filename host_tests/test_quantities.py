"""The catalogue of quantities: one name for each, one number for each, and directions that cannot disagree."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from meter.quantities import (
    BASE,
    BASE_START,
    CATALOGUE,
    COUNT,
    FLOW_ROWS,
    INTEGRATED,
    PHASES,
    ROWS,
    describe,
    index,
    keys,
    terms,
)

KEYS = list(keys())
FLOWS = dict(BASE)


def test_every_key_is_there_once():
    assert len(KEYS) == len(set(KEYS)) == COUNT


@pytest.mark.parametrize("number, key", list(enumerate(KEYS)))
def test_index_and_describe_go_back_and_forth(number, key):
    assert index(key) == number
    name, direction, phase, unit, flow = describe(number)
    assert ".".join(part for part in (name, direction, phase) if part) == key
    assert unit and phase in PHASES
    assert flow is None or flow in FLOWS


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
    ):
        assert key in KEYS


@pytest.mark.parametrize("key, unit", (("V.A", "V"), ("A.P", "A"), ("W.del.A", "W"), ("VAR.q2.C", "var"),
                                       ("VAv.rec.P", "VA"), ("Hz.A", "Hz"), ("Wh.net.P", "Wh"),
                                       ("VARh.abs.P", "varh"), ("VAh.del.P", "VAh")))  # fmt: skip
def test_units(key, unit):
    assert describe(index(key))[3] == unit


@pytest.mark.parametrize(
    "key",
    ("", ".", "V", "V.", "V.D", "V.a", "V.A.A", "V..A", "W.A", "W.del", "W.del.", "W.net.P", "Wh.bi.P", "W.q1.P",
     "Wh.del.P.", "Wh.del.P.P", "Hz.B", "Hz", "wh.del.P", "Wh del P", "PF.del.P", " Wh.del.P", "Wh.del.P\n"),
)  # fmt: skip
def test_unknown_keys_are_refused_by_name(key):
    with pytest.raises(KeyError) as caught:
        index(key)
    assert caught.value.args == (f"unknown quantity: {key}",)


@given(st.text(alphabet=".VAWRhqPBCdelrcnt1234", max_size=12))
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


def test_base_rows_are_all_used_and_none_twice():
    used = [row for flow, directions in BASE for k in range(len(directions))
            for row in range(BASE_START[flow] + 4 * k, BASE_START[flow] + 4 * k + 4)]  # fmt: skip
    assert sorted(used) == list(range(FLOW_ROWS))
    assert ROWS == FLOW_ROWS + 6


@pytest.mark.parametrize("flow", FLOWS)
@pytest.mark.parametrize("phase", PHASES)
def test_a_base_direction_is_its_own_row(flow, phase):
    for place, direction in enumerate(FLOWS[flow]):
        assert terms(flow, direction, phase) == ((1, BASE_START[flow] + 4 * place + PHASES.index(phase)),)


@pytest.mark.parametrize("flow", FLOWS)
@pytest.mark.parametrize("phase", PHASES)
@given(values=st.lists(st.integers(0, 1000), min_size=FLOW_ROWS, max_size=FLOW_ROWS))
def test_net_is_delivered_less_received_and_absolute_their_sum(flow, phase, values):
    def total(direction):
        return sum(sign * values[row] for sign, row in terms(flow, direction, phase))

    assert total("net") == total("bi") == total("del") - total("rec")
    assert total("abs") == total("del") + total("rec")
    if flow == "VAR":
        assert total("del") == total("q1") + total("q2") and total("rec") == total("q3") + total("q4")


def test_power_and_energy_of_a_flow_have_the_same_terms():
    for name, _, directions, _, flow in CATALOGUE:
        if name in INTEGRATED:
            assert name[:-1] == flow
            for direction in directions:
                instantaneous = {"net": "bi"}.get(direction, direction)
                assert terms(flow, direction, "P") == terms(flow, instantaneous, "P")
                assert f"{flow}.{instantaneous}.P" in KEYS
