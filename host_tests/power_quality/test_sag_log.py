"""The log of dips, swells and interruptions: what an entry says, how many there are, and how the flash is spared."""

import pytest
from meter.hal.sim.flash import Flash
from meter.hal.sim.synthesizer import Event, Synthesizer, three_phase
from meter.power_quality.sag_log import BURST, SagLog
from meter.power_quality.voltage_event import DIP, VoltageEvent
from meter.registers import event_kinds
from meter.registers.event_log import EventLogs
from meter.storage.partitions import Partitions

from boards.sim.board import ERASE_SIZE, FLASH_SIZE, PARTITIONS
from host_tests.harness import RATE, START
from host_tests.test_app import make, metered, settings_of


def logs_of(flash):
    return EventLogs(flash, Partitions.open(flash, PARTITIONS))


def event_at(second, phase="A", marks=""):
    event = VoltageEvent(DIP, phase, 120.0, (second - 1, 500000), 0)
    event.end, event.microseconds, event.half_cycles = (second, 250000), 750000, 90
    event.volts, event.amperes = [60.0, 90.0, 70.0], [1.0, 2.0, 1.5]
    event.power_factor, event.marks = -0.9, marks
    return event


def stepping(*events):
    return Synthesizer(RATE, 60.0, three_phase((120,) * 3, (5,) * 3, (60,) * 3), events=events)


@pytest.mark.feature("EVT-03")
def test_a_dip_is_logged_with_extremes_and_means_of_voltage_and_current_and_power_factor():
    dip = [Event("VB", 1.0, 0.5, 0.7), Event("IB", 1.0, 0.5, 2.0)]
    _, app = make(3.0, stepping(*dip))
    metered(app)
    (event,) = app.access.log("sags")
    fields = dict(event.named())
    assert (event.name, fields["phase"], fields["nominal"]) == ("dip", "B", 120.0)
    assert (event.start, fields["start ms"]) == (START + 1, pytest.approx(0, abs=17))
    assert (event.time, event.ms) == (START + 1, pytest.approx(500, abs=17))
    assert fields["duration"] == pytest.approx(500, abs=17) and fields["cycles"] == pytest.approx(30, abs=1)
    assert fields["V min"] == pytest.approx(84, abs=0.24) and fields["V avg"] == pytest.approx(84, abs=1)
    assert 84 < fields["V max"] < 110.4
    assert fields["A max"] == pytest.approx(10, abs=0.05) and fields["A avg"] == pytest.approx(10, abs=0.2)
    assert 5 < fields["A min"] < 10
    assert fields["PF avg"] == pytest.approx(0.5, abs=0.01)
    assert fields["marks"] is None and fields["unlogged"] == 0


@pytest.mark.feature("EVT-03")
def test_a_swell_is_logged():
    _, app = make(3.0, stepping(Event("VC", 1.0, 0.5, 1.2)))
    metered(app)
    (event,) = app.access.log("sags")
    assert (event.name, event.fields[0]) == ("swell", "C")
    assert event.fields[3] == pytest.approx(144, abs=0.24)


@pytest.mark.feature("PQ-06")
def test_an_interruption_is_logged_with_start_end_cycles_and_voltages_of_each_phase():
    _, app = make(
        3.0, stepping(*[Event(v, 1.0, 0.5, part) for v, part in (("VA", 0), ("VB", 0.1), ("VC", 0.2))])
    )
    metered(app)
    found = list(app.access.log("sags"))
    assert [(event.name, event.fields[0]) for event in found] == [("interruption", phase) for phase in "ABC"]
    for event, volts in zip(found, (0, 12, 24)):
        fields = dict(event.named())
        # Unequal rests turn the reference of the sample clock: while it catches up, a cycle is not quite one.
        assert fields["V min"] == pytest.approx(volts, abs=0.6)
        assert fields["cycles"] == pytest.approx(30, abs=1)
        assert (event.start, event.time) == (START + 1, START + 1)


def test_a_dip_that_lasts_as_the_supply_fails_is_closed_and_marked():
    _, app = make(2.0, stepping(Event("VA", 1.0, 5.0, 0.7)))
    metered(app)
    (event,) = app.access.log("sags")
    assert dict(event.named())["marks"] == "unfinished"
    assert event.time == START + 1 and event.ms > 900


def test_nothing_is_logged_of_a_steady_supply_nor_of_a_missing_phase():
    for volts in ((120, 120, 120), (120, 0, 119)):
        _, app = make(2.0, Synthesizer(RATE, 60.0, three_phase(volts, (5,) * 3, (30,) * 3)), settings_of())
        metered(app)
        assert list(app.access.log("sags")) == []


@pytest.mark.feature("EVT-03")
def test_the_last_five_hundred_are_there_at_any_time():
    logs = logs_of(Flash(FLASH_SIZE, ERASE_SIZE))
    sags = SagLog(logs)
    for k in range(1400):
        sags.take(event_at(START + 10 * k, "AB", "unfinished"))
        if k >= 500 and k % 20 == 0:  # also where a sector has just been erased
            assert len(list(logs.log("sags").records())) >= 500
    newest = list(logs.log("sags").records())[-500:]
    assert [event.time for event in newest] == [START + 10 * k for k in range(900, 1400)]


def test_of_many_at_once_some_are_written_and_the_others_counted():
    logs = logs_of(Flash(FLASH_SIZE, ERASE_SIZE))
    sags = SagLog(logs)
    for _ in range(BURST + 5):
        sags.take(event_at(START))
    assert (len(list(logs.log("sags").records())), sags.unlogged) == (BURST, 5)
    sags.take(event_at(START - 100))  # a clock set back earns nothing
    assert sags.unlogged == 6
    sags.take(event_at(START - 89))
    (*_, last) = logs.log("sags").records()
    assert dict(last.named())["unlogged"] == 6 and sags.unlogged == 0


def test_an_hour_of_flicker_is_written_six_times_a_minute():
    logs = logs_of(Flash(FLASH_SIZE, ERASE_SIZE))
    sags = SagLog(logs)
    for second in range(3600):
        sags.take(event_at(START + second))
    assert len(list(logs.log("sags").records())) == BURST + 359


def test_the_kinds_have_numbers_of_their_own():
    numbers = (event_kinds.DIP, event_kinds.SWELL, event_kinds.INTERRUPTION)
    assert numbers == (128, 129, 130)
    assert {event_kinds.find(number)[2] for number in numbers} == {"sags"}
