"""The object list is complete and true: it is walked by every kind of client, and each line of it is tried.

What it says can be read is read; what it says cannot is refused, to be read, to be set and to be invoked. What it does
not have is not there.
"""

import pytest
from meter.protocols.dlms import axdr

from host_tests.protocols.dlms.dlms_life import DlmsLife

pytestmark = [pytest.mark.feature("DLM-03"), pytest.mark.feature("SEC-01")]

SETTINGS = {
    "load_profile_2": {"channels": ["V.A", "status.system"]},
    "tou": {"days": [["all", "all", "00:00 A, 08:00 B"]]},
    "registers": {
        "alternate": [
            {"id": 100, "kind": "peak demand", "quantity": "W.del.P"},
            {"id": 101, "kind": "time of peak demand", "quantity": "W.del.P"},
            {"id": 102, "kind": "present demand", "quantity": "W.del.P"},
            {"id": 103, "kind": "past demand", "quantity": "W.del.P"},
            {"id": 104, "kind": "consumption", "quantity": "Wh.del.P", "rate": "B"},
        ]
    },
}
DENIED, UNDEFINED = 3, 4
READ, WRITE = 1, 2
# As whom, and how much of the meter each sees at least: objects, attributes that can be read, set, methods.
CLIENTS = (
    ("public", 250, 700, 0, 0),
    ("reader user2", 250, 700, 1, 1),
    ("reader pq", 250, 700, 0, 0),
    ("reader admin", 300, 900, 1, 1),
    ("management", 320, 1000, 20, 10),
)


@pytest.fixture(scope="module")
def life():
    return DlmsLife(SETTINGS, hours=2.0)


def opened(life, who):
    kind, _, user = who.partition(" ")
    return life.reader(user) if user else getattr(life, kind)()


def listed(client):
    """Return (class, obis, [(attribute, mode)], [(method, mode)]) of each object."""
    found = []
    for entry in client.value(15, "0.0.40.0.0.255").value:
        class_id, _, ln, rights = [part.value for part in entry.value]
        attributes = [(row.value[0].value, row.value[1].value) for row in rights[0].value]
        methods = [(row.value[0].value, row.value[1].value) for row in rights[1].value]
        found.append((class_id, ".".join(str(part) for part in ln), attributes, methods))
    return found


@pytest.mark.parametrize(("who", "objects", "readable", "settable", "callable_"), CLIENTS)
def test_every_attribute_is_readable_by_whom_the_list_says_and_refused_to_others(
    life, who, objects, readable, settable, callable_
):
    client = opened(life, who)
    found = listed(client)
    counts = [0, 0, 0]
    for class_id, obis, attributes, methods in found:
        assert attributes[0][0] == 1 and attributes[0][1] & READ
        for attribute, mode in attributes:
            result, data = client.get(class_id, obis, attribute)
            assert result == (0 if mode & READ else DENIED), (class_id, obis, attribute, result)
            if data is not None:
                axdr.read_whole(data)
            counts[0] += bool(mode & READ)
            counts[1] += bool(mode & WRITE)
            if not mode & WRITE:
                assert client.set(class_id, obis, attribute, axdr.null()) == DENIED, (
                    class_id,
                    obis,
                    attribute,
                )
        for method, mode in methods:
            counts[2] += mode
            if not mode:
                assert client.act(class_id, obis, method)[0] == DENIED, (class_id, obis, method)
        assert client.get(class_id, obis, 99)[0] == UNDEFINED
        assert client.act(class_id, obis, 99)[0] == UNDEFINED
    assert len(found) >= objects
    assert counts[0] >= readable and counts[1] >= settable and counts[2] >= callable_, counts


def test_no_name_is_in_the_list_twice_and_none_is_found_that_is_not_in_it(life):
    client = life.management()
    names = [obis for _, obis, _, _ in listed(client)]
    assert len(names) == len(set(names))
    known = set(names)
    for a in (0, 1):
        for b in (0, 1, 128, 129, 130):
            for c in (0, 1, 21, 96, 99, 128, 190):
                for d in (0, 4, 7, 8, 29, 98, 128):
                    obis = f"{a}.{b}.{c}.{d}.0.255"
                    if obis not in known:
                        assert client.get(1, obis, 1)[0] == UNDEFINED, obis


def test_an_object_asked_for_as_another_class_is_not_given(life):
    client = life.public()
    for class_id, obis, _, _ in listed(client):
        assert client.get(class_id + 1000, obis, 1)[0] in (UNDEFINED, 9), obis


def test_columns_of_every_profile_are_objects_of_the_list(life):
    client = life.management()
    found = listed(client)
    known = {(class_id, obis): dict(attributes) for class_id, obis, attributes, _ in found}
    profiles = [obis for class_id, obis, _, _ in found if class_id == 7]
    assert len(profiles) >= 8
    for obis in profiles:
        for column in client.value(7, obis, 3).value:
            class_id, ln, attribute, _ = [part.value for part in column.value]
            name = ".".join(str(part) for part in ln)
            assert abs(attribute) in known[(class_id, name)], (obis, name)
