"""The list of objects: complete, true, and each one readable as a whole by our reader and by another program."""

import pytest
from meter.access.commands import COMMANDS, READS
from meter.protocols.dlms import axdr
from meter.protocols.dlms.objects import base

from host_tests.protocols.dlms.gurux_objects import value_of
from host_tests.protocols.dlms.objects_life import Life, whole
from host_tests.protocols.dlms.test_objects_registers import RATED

FULL = {
    **RATED,
    "load_profile": {"channels": ["Wh.del.P", "V.A", "status.system", "Wch.net.P"], "format": "values"},
    "load_profile_2": {"channels": ["A.A", "Wh.rec.P"], "interval": 5},
    "self_read": {"kind": "hourly"},
}
# What the manual's Appendix D says is available in all meters, by class.
MANUAL = (
    (1, "0.0.0.2.1.255 0.0.0.2.8.255 0.1.0.2.1.255 0.1.0.2.8.255 0.2.0.2.1.255 0.2.0.2.8.255 0.3.0.2.1.255"),
    (1, "0.3.0.2.8.255 0.4.0.2.1.255 0.4.0.2.8.255 0.5.0.2.1.255 0.6.0.2.1.255 0.7.0.2.1.255"),
    (1, "0.0.96.11.0.255 0.0.96.11.1.255 0.0.96.11.2.255 0.0.96.11.3.255 0.0.96.11.4.255 0.0.96.11.5.255"),
    (1, "1.0.0.4.2.255 1.0.0.4.3.255 1.0.0.4.5.255 1.0.0.4.6.255 1.0.0.8.4.255 1.0.0.8.5.255"),
    (1, "1.128.103.0.0.255 1.128.104.0.0.255 1.128.100.0.0.255 1.128.101.0.0.255"),
    (3, "1.0.21.7.0.255 1.0.41.7.0.255 1.0.61.7.0.255 1.0.1.7.0.255 1.0.22.7.0.255 1.0.42.7.0.255"),
    (3, "1.0.62.7.0.255 1.0.2.7.0.255 1.0.23.7.0.255 1.0.43.7.0.255 1.0.63.7.0.255 1.0.3.7.0.255"),
    (3, "1.0.24.7.0.255 1.0.44.7.0.255 1.0.64.7.0.255 1.0.4.7.0.255 1.0.29.7.0.255 1.0.49.7.0.255"),
    (3, "1.0.69.7.0.255 1.0.9.7.0.255 1.0.30.7.0.255 1.0.50.7.0.255 1.0.70.7.0.255 1.0.10.7.0.255"),
    (3, "1.0.32.7.0.255 1.0.52.7.0.255 1.0.72.7.0.255 1.0.12.4.0.255 1.0.31.7.0.255 1.0.51.7.0.255"),
    (3, "1.0.71.7.0.255 1.0.90.7.0.255 1.0.91.7.0.255 1.0.90.4.0.255 1.0.33.7.0.255 1.0.53.7.0.255"),
    (3, "1.0.73.7.0.255 1.0.13.7.0.255 1.0.34.7.0.255 1.0.81.7.0.255 1.0.81.7.1.255 1.0.81.7.2.255"),
    (3, "1.0.81.7.4.255 1.0.81.7.5.255 1.0.81.7.6.255 1.0.21.8.0.255 1.0.41.8.0.255 1.0.61.8.0.255"),
    (3, "1.0.1.8.0.255 1.0.22.8.0.255 1.0.42.8.0.255 1.0.62.8.0.255 1.0.2.8.0.255"),
    (7, "1.0.99.1.0.255 1.0.98.1.0.255 0.0.99.98.0.255"),
    (8, "0.0.1.0.0.255"),
)


@pytest.fixture(scope="module")
def life():
    return Life(FULL, 2)


@pytest.fixture(scope="module")
def every(life):
    return list(life.catalogue.all(life.context))


@pytest.mark.feature("DLM-03", "DLM-04", "DLM-05")
def test_every_object_of_the_manual_is_there(life, every):
    listed = {(one.class_id, ".".join(str(part) for part in one.ln)) for one in every}
    for class_id, names in MANUAL:
        for obis in names.split():
            assert (class_id, obis) in listed
            assert life.find(class_id, obis).class_id == class_id


def test_what_is_listed_is_found_and_once(life, every):
    names = [one.ln for one in every]
    assert len(set(names)) == len(names) > 300
    for one in every:
        found = life.catalogue.find(one.class_id, one.ln, life.context)
        assert type(found) is type(one) and found.ln == one.ln
        assert found.attributes == one.attributes and found.methods == one.methods


@pytest.mark.feature("DLM-03")
def test_every_attribute_is_read_by_us_and_by_another_program(life, every):
    for one in every:
        for attribute, right, _ in one.attributes:
            if right is None:
                continue
            data = whole(one.get(attribute, life.context))
            axdr.read_whole(data)
            value_of(data)


def test_every_column_of_every_profile_has_its_object(life, every):
    for profile in [one for one in every if one.class_id == 7]:
        for class_id, ln, attribute in profile.columns(life.context):
            found = life.catalogue.find(class_id, ln, life.context)
            assert found and attribute in [row[0] for row in found.attributes], ln


def test_every_right_is_one_that_is_known(every):
    known = {base.FREE, base.KEYED, None}
    known |= {"read:" + name for name, _ in READS} | {"command:" + row[0] for row in COMMANDS}
    for one in every:
        rights = [right for row in one.attributes for right in row[1:]] + [right for _, right in one.methods]
        for right in rights:
            assert right in known or right.startswith("set:load_profile"), (one.ln, right)


def test_a_name_of_another_class_is_told_apart_from_none(life, every):
    for one in every:
        with pytest.raises(base.AccessError) as error:
            life.catalogue.find(one.class_id + 1, one.ln, life.context)
        assert error.value.result == base.OBJECT_CLASS_INCONSISTENT
        assert life.catalogue.find(one.class_id, one.ln[:5] + b"\x00", life.context) is None


def test_the_list_of_a_public_client_is_the_same(every):
    guest = Life(FULL, 2, user=None)
    assert [one.ln for one in guest.catalogue.all(guest.context)] == [one.ln for one in every]


def test_who_may_not_read_is_denied_and_nothing_is_raised_past_it(every):
    guest = Life(FULL, 2, user=None)
    open_to_all = {"read:" + name for name, right in READS if right == "read registers"} | {base.FREE}
    for one in every:
        for attribute, right, _ in one.attributes:
            if right in open_to_all:
                whole(one.get(attribute, guest.context))
                continue
            try:
                whole(one.get(attribute, guest.context))
            except base.AccessError as error:
                assert error.result == base.READ_WRITE_DENIED
            else:  # what a profile looks like, and what an object is, is read without the meter
                assert one.class_id in (3, 7) and attribute in (3, 4, 5, 6)


ANYTHING = [
    axdr.Data(axdr.NULL, None),
    axdr.Data(axdr.BOOLEAN, 1),
    axdr.Data(axdr.DOUBLE_LONG, -(2**31)),
    axdr.Data(axdr.LONG64_UNSIGNED, 2**64 - 1),
    axdr.Data(axdr.FLOAT64, float("nan")),
    axdr.Data(axdr.OCTET_STRING, b""),
    axdr.Data(axdr.OCTET_STRING, b"\xff" * 300),
    axdr.Data(axdr.UTF8_STRING, b"\xff\xfe"),
    axdr.Data(axdr.BIT_STRING, (3, b"\xe0")),
    axdr.Data(axdr.STRUCTURE, []),
    axdr.Data(axdr.ARRAY, [axdr.Data(axdr.STRUCTURE, [])] * 3),
    axdr.Data(axdr.DATE_TIME, b"\x00" * 12),
]


def test_whatever_is_sent_changes_nothing_and_raises_nothing_but_an_access_error(life, every):
    before = life.access.configuration(), life.second
    for one in every:
        for attribute, _, right in one.attributes:
            for data in ANYTHING if right and not right.endswith("preset register") else ():
                with pytest.raises(base.AccessError):
                    one.set(attribute, data, life.context)
        for method, right in one.methods:
            for data in ANYTHING if right else ():
                with pytest.raises(base.AccessError):
                    one.invoke(method, data, life.context)
        for selector in (0, 1, 2, 3):
            for data in ANYTHING if one.class_id == 7 else ():
                with pytest.raises(base.AccessError):
                    whole(one.select(2, selector, data, life.context))
    assert (life.access.configuration(), life.second) == before
