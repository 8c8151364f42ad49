"""Event logs: every event comes back as it was, however the supply fails, and what is not understood is not hidden."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from meter.hal.sim.flash import Flash, PowerCut
from meter.registers import event_kinds
from meter.registers.event_log import FIFO_KINDS, Event, EventLog, EventLogs, pack
from meter.storage.fifo import Fifo
from meter.storage.partitions import Partitions

from boards.sim.board import PARTITIONS
from host_tests.harness import START

SECTOR = 1024
TABLE = tuple((name, 4) for name, _ in FIFO_KINDS)


def log_on(flash):
    fifo = Fifo(flash, 0, 4 * SECTOR, 0x45)
    fifo.mount()
    return EventLog(fifo)


def logs_on(flash):
    return EventLogs(flash, Partitions.open(flash, TABLE))


@pytest.fixture
def flash():
    return Flash((2 + 4 * len(TABLE)) * SECTOR, SECTOR)


# The table


def test_each_kind_has_one_number_and_one_name_and_a_log_that_exists():
    for column in (0, 1):
        values = [row[column] for row in event_kinds.KINDS]
        assert len(set(values)) == len(values)
    assert {row[2] for row in event_kinds.KINDS} == set(event_kinds.LOGS)
    assert tuple(name for name, _ in FIFO_KINDS) == event_kinds.LOGS


def test_the_board_has_an_area_for_each_log():
    assert set(event_kinds.LOGS) <= {name for name, _ in PARTITIONS}


def test_live_inputs_are_named():
    assert [event_kinds.live_text(live) for live in (None, 0, 5, 7)] == ["unknown", "none", "A C", "A B C"]


# Records


@pytest.mark.parametrize("kind", [row[0] for row in event_kinds.KINDS])
def test_every_kind_is_stored_in_its_log_and_read_back(flash, kind):
    logs = logs_on(flash)
    _, name, log, names = event_kinds.find(kind)
    fields = tuple(range(len(names)))
    logs.add(
        kind, START, start=START - 5, origin=event_kinds.TCP, user="eve", peer="10.0.0.1:9", fields=fields
    )
    (event,) = logs_on(flash).log(log).records()
    assert (event.kind, event.name, event.time, event.start) == (kind, name, START, START - 5)
    assert (event.origin, event.user, event.peer) == (event_kinds.TCP, "eve", "10.0.0.1:9")
    assert event.named() == tuple(zip(names, fields)) and event.problem is None
    assert all(not list(logs.log(other).records()) for other in event_kinds.LOGS if other != log)


texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=100)
values = st.none() | st.integers(-(1 << 63), (1 << 63) - 1) | st.floats(allow_nan=False) | texts


@given(
    kind=st.integers(0, 65535),
    start=st.none() | st.integers(0, 0xFFFFFFFF),
    origin=st.integers(0, 255),
    user=texts,
    peer=texts,
    fields=st.lists(values, max_size=20).map(tuple),
    ms=st.integers(0, 999),
)
def test_whatever_is_packed_is_read_back_or_cut_to_its_bound(kind, start, origin, user, peer, fields, ms):
    payload = pack(kind, start, origin, user, peer, fields, ms)
    event = Event(1, START, payload)
    assert event.problem is None
    assert (event.kind, event.start, event.origin, event.ms) == (kind, start, origin, ms)
    for found, given_text, longest in ((event.user, user, 48), (event.peer, peer, 48)):
        assert given_text.startswith(found) and len(found.encode()) <= longest
        assert found == given_text or len(found.encode()) > longest - 4
    assert len(event.fields) == min(len(fields), 16)
    for found, wanted in zip(event.fields, fields):
        assert wanted.startswith(found) if isinstance(wanted, str) else found == wanted
    assert len(payload) < 1500  # fits in a sector of 4096


@given(st.binary(max_size=64))
def test_no_bytes_whatever_make_the_reader_fail(payload):
    event = Event(1, START, payload)
    assert event.raw == payload
    assert isinstance(event.name, str) and len(event.named()) == len(event.fields)


def test_a_payload_cut_anywhere_is_an_event_with_a_problem():
    whole = pack(event_kinds.ALARM, START, event_kinds.TCP, "user", "peer", (3, "sag", 99.5, None), 250)
    for length in range(len(whole)):
        event = Event(7, START, whole[:length])
        assert event.problem and "ends" in event.problem
        assert event.name == ("ALARM" if length >= 11 else "event 0")
    assert Event(7, START, whole).problem is None


def test_a_kind_of_newer_firmware_is_shown_by_number_with_all_its_fields(flash):
    log = log_on(flash)
    log.add(9999, START, origin=77, fields=("new", 5))
    (event,) = log.records()
    assert (event.name, event_kinds.origin_name(event.origin)) == ("event 9999", "origin 77")
    assert event.named() == (("field 1", "new"), ("field 2", 5)) and event.problem is None


def test_a_field_more_than_is_known_is_kept(flash):
    log = log_on(flash)
    log.add(event_kinds.DAMAGE_FOUND, START, fields=("calibration", 12))
    (event,) = log.records()
    assert event.named() == (("what", "calibration"), ("field 2", 12))


def test_a_record_of_a_newer_version_keeps_its_kind_and_start_and_says_so():
    payload = bytearray(pack(event_kinds.TIME_SET, START - 9))
    payload[0] = 2
    event = Event(1, START, bytes(payload) + b"more")
    assert (event.name, event.start) == ("time set", START - 9)
    assert event.problem == "the record has version 2, known is 1"


def test_a_value_of_an_unknown_type_and_a_text_that_is_none_are_named():
    payload = pack(event_kinds.ALARM, fields=(1, "sag"))
    assert "unknown type 9" in Event(1, START, payload[:14] + b"\x09" + payload[15:]).problem
    assert "not UTF-8" in Event(1, START, payload[:-1] + b"\xff").problem


def test_times_out_of_range_are_limited_not_refused(flash):
    log = log_on(flash)
    log.add(event_kinds.TIME_SET, 1 << 40, start=-5)
    (event,) = log.records()
    assert (event.time, event.start) == (0xFFFFFFFF, 0)


# Alarms


def test_an_alarm_and_its_end_are_two_entries_with_trigger_description_value_and_milliseconds(flash):
    logs = logs_on(flash)
    logs.add(event_kinds.ALARM, START, ms=125, fields=(3, "V.A below 0.4 Vn", 40.5))
    cleared = (3, "V.A below 0.4 Vn", 119.0)
    logs.add(event_kinds.ALARM_CLEARED, START + 2, ms=875, start=START, fields=cleared)
    begun, over = logs_on(flash).log("alarms").records()
    assert (begun.name, begun.time, begun.ms) == ("ALARM", START, 125)
    assert begun.named() == (("trigger", 3), ("description", "V.A below 0.4 Vn"), ("value", 40.5))
    assert (over.name, over.time, over.ms, over.start) == ("CLEARED", START + 2, 875, START)
    assert over.fields == (3, "V.A below 0.4 Vn", 119.0)


# The flash


def test_a_log_that_is_full_drops_its_oldest_and_goes_on(flash):
    log = log_on(flash)
    for k in range(1000):
        assert log.add(event_kinds.REGISTER_FREEZE, START + k) == k + 1
    kept = [event.time for event in log.records()]
    assert kept == list(range(START + 1000 - len(kept), START + 1000)) and len(kept) > 80
    assert log.dropped == 0


def test_a_flash_that_fails_costs_the_event_and_not_the_meter(flash):
    log = log_on(flash)

    def fail(*_):
        raise OSError("the flash does not answer")

    flash.program, program = fail, flash.program
    assert log.add(event_kinds.CALIBRATION, START) is None and log.dropped == 1
    flash.program = program
    assert log.add(event_kinds.CALIBRATION, START) is not None


def test_no_power_cut_loses_an_event_that_was_stored():
    for cut in range(1, 200):
        flash = Flash(4 * SECTOR, SECTOR, seed=cut)
        log, stored = log_on(flash), 0
        flash.cut_after = cut
        try:
            for k in range(60):
                log.add(event_kinds.DAMAGE_FOUND, START + k, fields=("number", k))
                stored += 1
        except PowerCut:
            pass
        flash.restore_power()
        found = [event.fields[1] for event in log_on(flash).records()]
        assert found in (list(range(stored)), list(range(stored + 1)))
        if stored == 60:
            return
    raise AssertionError("it never completed")


def test_a_rotten_record_costs_itself_alone(flash):
    log = log_on(flash)
    for k in range(9):
        log.add(event_kinds.DAMAGE_FOUND, START, fields=(k,))
    flash.program(56 + 4 * (12 + 23) + 8 + 14, b"\0")  # the fifth record: the type of its field
    found = [event.fields[0] for event in log_on(flash).records()]
    assert found == [0, 1, 2, 3, 5, 6, 7, 8]


def test_the_newest_of_some_kinds_is_found(flash):
    log = log_on(flash)
    assert log.newest((event_kinds.CALIBRATION,)) is None
    for k, kind in enumerate((event_kinds.CALIBRATION, event_kinds.TIME_SET, event_kinds.CALIBRATION)):
        log.add(kind, START + k)
    log.add(event_kinds.REGISTER_FREEZE, START + 9)
    assert log.newest((event_kinds.CALIBRATION, event_kinds.TIME_SET)).time == START + 2
