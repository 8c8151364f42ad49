"""What becomes an event: starts and diagnostic bits; and that nothing quick wears the flash out."""

import pytest
from meter.config.fingerprint import fingerprint
from meter.config.schema import defaults, validate
from meter.hal.sim.flash import Flash
from meter.metrology.frame import CLIPPED, GAP
from meter.registers import event_kinds as kinds
from meter.registers.event_log import EventLogs
from meter.registers.event_watch import HOLD_S, DiagnosticWatch, started, stopped
from meter.storage.partitions import Partitions

from host_tests.harness import START

SECTOR = 1024
TABLE = tuple((name, 4) for name in kinds.LOGS)


@pytest.fixture
def logs():
    flash = Flash((2 + 4 * len(TABLE)) * SECTOR, SECTOR)
    return EventLogs(flash, Partitions.open(flash, TABLE))


def entries(logs, name):
    return [(event.name, event.time - START, *event.fields) for event in logs.log(name).records()]


# Starts


def test_the_first_start_and_the_next_are_told_apart(logs):
    started(logs, START, None, 0, 11)
    started(logs, START + 90, START + 60, 0, 11)
    assert entries(logs, "events") == [("first start", 0, 11), ("power outage", 90, None, 11)]
    assert [event.start for event in logs.log("events").records()] == [None, START + 60]


def test_a_start_after_an_update_from_firmware_without_logs_is_an_outage(logs):
    started(logs, START + 90, START + 60, 0, 11)
    assert entries(logs, "events") == [("power outage", 90, None, 11)]


def test_a_changed_configuration_is_told_once(logs):
    for k, configuration in enumerate((11, 22, 22)):
        started(logs, START + k, START if k else None, 0, configuration)
    assert [entry for entry in entries(logs, "events") if entry[0] == "configuration"] == [
        ("configuration", 1, 11, 22)
    ]


def test_registers_that_were_stored_and_are_gone_are_told(logs):
    started(logs, START, None, 0, 11)
    stopped(logs, START + 9, None)
    started(logs, START + 20, None, 0, 11)
    assert "the stored registers are lost" in entries(logs, "events")[-1][2]


def test_a_checkpoint_that_was_passed_over_is_told(logs):
    started(logs, START, None, 0, 11)
    started(logs, START + 20, START + 10, 1, 11)
    assert entries(logs, "events")[-1] == ("damage found", 20, "newest stored registers: 1 torn or damaged")


def test_live_inputs_of_an_earlier_stop_are_not_taken_for_those_of_this_one(logs):
    started(logs, START, None, 0, 11)
    logs.add(kinds.POWER_DOWN, START + 5, fields=(7,))
    started(logs, START + 10, START + 5, 0, 11)
    started(logs, START + 50, START + 40, 0, 11)  # this time it was killed after a checkpoint
    assert [entry[2] for entry in entries(logs, "events") if entry[0] == "power outage"] == [7, None]


def test_the_fingerprint_follows_what_the_meter_does_and_not_the_simulated_supply():
    plain = fingerprint(defaults())
    assert fingerprint(validate({"service": {"nominal_voltage": 120}})) == plain  # 120, not 120.0
    assert fingerprint(validate({"simulator": {"voltage": [1, 2, 3]}})) == plain
    for document in (
        {"service": {"frequency": 50}},
        {"meter": {"serial": "7"}},
        {"correction": {"curve": [[1, 0.1, 2]]}},
        {"ports": {"optical": {"enabled": False}}},
    ):
        assert fingerprint(validate(document)) != plain


# Diagnostics


def test_a_bit_comes_and_goes_with_the_times_of_both(logs):
    watch = DiagnosticWatch(logs)
    for second, state in ((0, 0), (3, CLIPPED), (9, CLIPPED), (10, 0), (10 + HOLD_S - 1, 0)):
        watch.take(state, START + second)
    assert entries(logs, "diagnostics") == [("diagnostic set", 3, CLIPPED, "samples clipped")]
    watch.take(0, START + 10 + HOLD_S)
    (_, cleared) = logs.log("diagnostics").records()
    assert (cleared.name, cleared.time, cleared.start) == ("diagnostic cleared", START + 10, START + 3)
    assert cleared.fields == (CLIPPED, "samples clipped", 1)


def test_a_bit_that_flickers_is_one_pair_of_entries_that_says_how_often(logs):
    watch = DiagnosticWatch(logs)
    for second in range(600):
        watch.take(GAP if second % 2 else 0, START + second)
    assert len(entries(logs, "diagnostics")) == 1
    watch.take(0, START + 700)
    watch.take(0, START + 800)
    assert entries(logs, "diagnostics")[1] == ("diagnostic cleared", 700, GAP, "samples lost", 300)


def test_bits_that_have_gone_are_written_when_the_meter_stops_and_those_that_last_are_not(logs):
    watch = DiagnosticWatch(logs)
    watch.take(GAP | CLIPPED, START)
    watch.take(CLIPPED, START + 2)
    watch.finish()
    assert [entry[:3] for entry in entries(logs, "diagnostics")[2:]] == [("diagnostic cleared", 2, GAP)]


def test_a_clock_set_back_does_not_keep_a_bit_waiting(logs):
    watch = DiagnosticWatch(logs)
    for second, state in ((0, GAP), (100, 0), (50, 0)):
        watch.take(state, START + second)
    assert len(entries(logs, "diagnostics")) == 2
