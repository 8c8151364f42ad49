"""Definitions: what is refused, in words; and the factory's lists against the manual's Appendix A, row by row."""

import pytest
from meter.registers.default_registers import LISTS as FACTORY
from meter.registers.definition import KINDS, LISTS, RATE_NAMES, STORAGES, definitions

GOOD = {"id": 1, "kind": "consumption", "quantity": "Wh.del.P"}

# number, kind, quantity or item, storage, prefix, digits, decimals, display screen. The manual's page of alternate
# registers has lost its first row; the labels of 2 and 3, and of 4 and 5, are exchanged there.
APPENDIX_A = {
    "normal": [
        (0, "status", "meter ID", "working", "", None, None, 1),
        (1, "time", "present time", "working", "", None, None, 2),
        (2, "consumption", "Wh.del.P", "working", "k", 8, 0, 3),
        (3, "consumption", "Wh.rec.P", "working", "k", 8, 0, 4),
        (4, "consumption", "VARh.del.P", "working", "k", 8, 0, 5),
        (5, "consumption", "VARh.rec.P", "working", "k", 8, 0, 6),
    ],
    "alternate": [
        (100, "consumption", "Wh.del.P", "billing period reset", "k", 8, 0, 1),
        (101, "consumption", "Wh.rec.P", "billing period reset", "k", 8, 0, 2),
        (102, "consumption", "VARh.del.P", "billing period reset", "k", 8, 0, 3),
        (103, "consumption", "VARh.rec.P", "billing period reset", "k", 8, 0, 4),
        (104, "time", "last billing reset", "working", "", None, None, 5),
        (105, "status", "phasors", "working", "", None, None, 6),
        (106, "status", "communication", "working", "", None, None, 7),
        (107, "status", "system bits", "working", "", None, None, 8),
    ],
    "test": [
        (200, "consumption", "Wh.del.P", "working", "", 6, 2, 1),
        (201, "consumption", "Wh.rec.P", "working", "", 6, 2, 2),
        (202, "consumption", "VARh.del.P", "working", "", 6, 2, 3),
        (203, "consumption", "Wh.del.A", "working", "", 6, 2, 4),
        (204, "consumption", "Wh.del.B", "working", "", 6, 2, 5),
        (205, "consumption", "Wh.del.C", "working", "", 6, 2, 6),
        (206, "consumption", "Wh.rec.A", "working", "", 6, 2, 7),
        (207, "consumption", "Wh.rec.B", "working", "", 6, 2, 8),
        (208, "consumption", "Wh.rec.C", "working", "", 6, 2, 9),
    ],
}


@pytest.mark.feature("REG-01", "REG-09")
@pytest.mark.parametrize("name", APPENDIX_A)
def test_the_factory_lists_are_those_of_the_manual(name):
    found, problems = definitions(dict(FACTORY)[name], name)
    assert not problems
    rows = [
        (one.id, one.kind, one.quantity, one.storage, one.prefix)
        + ((None, None) if one.kind in ("time", "status") else (one.digits, one.decimals))
        + (one.screen,)
        for one in found
    ]
    assert rows == APPENDIX_A[name]
    assert all(one.rate == 0 and one.primary and one.label for one in found)


@pytest.mark.feature("REG-01")
@pytest.mark.parametrize("name, first, last", LISTS)
def test_a_list_holds_fifty_registers_and_its_own_numbers(name, first, last):
    entries = [{**GOOD, "id": number} for number in range(first, last + 1)]
    found, problems = definitions(entries, name)
    assert (len(found), problems) == (50, [])
    assert definitions(found, name) == (found, [])
    assert definitions([*entries, GOOD], name)[1] == ["must have at most 50 registers, not 51"]
    for number in (first - 1, last + 1):
        assert definitions([{**GOOD, "id": number}], name)[1] == [
            f"register {number}: id: must be {first} to {last}"
        ]


@pytest.mark.parametrize(
    "entry, problem",
    [
        ({"kind": "energy"}, "kind: must be one of consumption, instantaneous"),
        ({"quantity": "W.del.P"}, "quantity: not one for this kind: W.del.P"),
        ({"quantity": "Wh"}, "quantity: no quantity Wh"),
        ({"kind": "maximum"}, "quantity: not one for this kind: Wh.del.P"),
        ({"kind": "time"}, "quantity: must be one of present time"),
        ({"storage": "cumulative"}, "storage: must be one of working, billing period reset, season change"),
        (
            {"kind": "instantaneous", "quantity": "V.A", "storage": "previous day"},
            "storage: must be one of working",
        ),
        ({"rate": "I"}, "rate: must be one of total, A"),
        (
            {"kind": "minimum", "quantity": "V.A", "rate": "A"},
            "rate: a register of kind minimum belongs to no rate",
        ),
        ({"peak": "W.del.P"}, "peak: only a coincident demand has one"),
        ({"kind": "coincident demand", "quantity": "W.del.P"}, "peak: no quantity"),
        ({"prefix": "G"}, 'prefix: must be "", "k" or "M"'),
        ({"digits": 0}, "digits: must be 1 to 10"),
        ({"digits": 11}, "digits: must be 1 to 10"),
        ({"digits": 1, "decimals": 1}, "decimals: must be 0 to 6, and fewer than the digits"),
        ({"digits": 10, "decimals": 7}, "decimals: must be 0 to 6, and fewer than the digits"),
        ({"decimals": -1}, "decimals: must be 0 to 6"),
        ({"label": "ö" * 17}, "label: must have at most 32 bytes"),
        ({"screen": 100}, "screen: must be 0 to 99"),
        ({"colour": 1}, "unknown: colour"),
        ({"digits": True}, "digits: must be a whole number"),
        ({"zeros": 1}, "zeros: must be true or false"),
        ({"label": None}, "label: must be a text"),
    ],
)
@pytest.mark.feature("REG-09")
def test_what_is_wrong_with_a_register_is_said_in_words(entry, problem):
    (line,) = definitions([{**GOOD, **entry}], "normal")[1]
    assert problem in line and line.startswith(("register 1: ", "entry 0: "))


def test_numbers_are_there_once_and_eight_of_a_list_are_in_self_reads():
    assert definitions([GOOD, GOOD], "normal")[1] == ["register 1: its id is there twice"]
    many = [{**GOOD, "id": k, "self_read": True} for k in range(9)]
    assert definitions(many, "normal")[1] == ["more than 8 registers for self-reads"]
    assert definitions(many[:8], "normal")[1] == []
    assert definitions({}, "normal")[1] == ["must be a list of registers"]
    assert definitions([5], "normal")[1] == ["entry 0: must be an object"]


@pytest.mark.feature("REG-04", "REG-05")
@pytest.mark.parametrize("kind, quantities, has_rate, storages", KINDS)
def test_each_kind_takes_its_storage_types_and_rates(kind, quantities, has_rate, storages):
    quantity = {
        "consumption": "Wh.del.P",
        "average PF": "PF.bi.P",
        "time": "last freeze",
        "status": "battery",
    }.get(kind, "W.del.P")
    entry = {
        "id": 0,
        "kind": kind,
        "quantity": quantity,
        "peak": "W.rec.P" if kind == "coincident demand" else "",
    }
    for place, (storage, _, _) in enumerate(STORAGES):
        assert bool(definitions([{**entry, "storage": storage}], "normal")[1]) == (place >= storages)
    for rate in RATE_NAMES[1:]:
        assert bool(definitions([{**entry, "rate": rate}], "normal")[1]) != has_rate
