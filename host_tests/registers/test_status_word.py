"""The status word: each bit for its condition and a whole interval, over restarts, set clocks and load profiles."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from meter.calendar import DAILY, MONTHLY
from meter.registers import event_kinds as kinds
from meter.registers import status_word
from meter.registers.battery import YEAR_S
from meter.registers.load_profile_channels import bits, channel
from meter.registers.status_word import StatusWord, Word, hold_s, system_texts

from host_tests.engine_life import EngineLife, register
from host_tests.steady import span_of

START = 1_700_000_100  # on a quarter of an hour
HOLD = 900
SYSTEM, TRIGGER, ALARMS, COLOUR, DAYS = 1, 2, 3, 4, 5
ITEMS = ("system bits", "trigger bits", "alarms", "battery", "days on battery")
REGISTERS = tuple(register(1 + k, item, "status") for k, item in enumerate(ITEMS))
NO_TRIGGERS = {"registers.normal": REGISTERS, "status.triggers": ()}
WITH_TRIGGERS = {"registers.normal": REGISTERS}
WORDS = ("status.system", "status.trigger")
SOUND = span_of()
LOST = span_of((0.3 * 120, 120.0, 120.0), (0.0,) * 3)  # bit 1 and, as the others are above the mean, bit 12


class Life(EngineLife):
    """An engine over known waves, second by second."""

    shown = SOUND

    def restart(self, now, **options):
        return Life(now, flash=self.flash, nvram=self.nvram, **options)

    def pass_time(self, seconds, step=1):
        """Meter so long. step: seconds of each Span."""
        for _ in range(seconds // step):
            self.now += step
            self.shown.end = self.now
            self.engine.take(self.shown)
            self.engine.show(self.shown)
            self.engine.close(self.now)
        return self

    def show(self, span):
        """Show this from now on."""
        self.shown = span
        return self

    def words(self):
        """Return (start, end, system word, trigger word) of each record."""
        return [(record.start, record.end, *map(bits, record.values)) for record in self.records()]


def started(settings=NO_TRIGGERS, now=START, **options):
    return Life(now, settings, channels=WORDS, **options)


# One word.


@pytest.mark.feature("STW-05")
def test_a_bit_stays_a_whole_interval_from_when_it_last_held():
    word = Word(HOLD)
    word.set(0b100, START)
    word.set(0b100, START + 5000)
    word.set(0, START + 5001)
    assert word.bits == 0b100
    word.expire(START + 5001 + HOLD - 1)
    assert word.bits == 0b100
    word.expire(START + 5001 + HOLD)
    assert word.bits == 0


@pytest.mark.feature("STW-05")
def test_a_bit_of_a_moment_stays_an_interval_and_a_second_moment_prolongs_it():
    word = Word(HOLD)
    word.note(10, START)
    word.note(10, START + 600)
    word.expire(START + HOLD)
    assert word.bits == 0x200
    word.expire(START + 600 + HOLD)
    assert word.bits == 0


def test_a_condition_that_holds_outlasts_a_moment_before_it():
    word = Word(HOLD)
    word.note(3, START)
    word.set(0b100, START + 10)
    word.expire(START + 5 * HOLD)
    assert word.bits == 0b100


@pytest.mark.feature("STW-05")
@pytest.mark.parametrize("jump", (-100_000, 100_000))
def test_a_clock_that_is_set_leaves_what_is_left(jump):
    word = Word(HOLD)
    word.note(1, START)
    word.moved(START + 300, START + 300 + jump)
    word.expire(START + jump + HOLD - 1)
    assert word.bits == 1
    word.expire(START + jump + HOLD)
    assert word.bits == 0


@pytest.mark.feature("STW-05")
def test_a_restart_goes_on_as_if_the_conditions_had_ended_with_the_stored_second():
    word, other = Word(HOLD), Word(HOLD)
    word.note(1, START)
    word.set(0x8000, START + 100)
    state = word.state(START + 200)
    assert other.restore(b"xx" + state + b"y", 2) == 2 + len(state)
    assert other.bits == 0x8001
    other.expire(START + HOLD)
    assert other.bits == 0x8000
    other.expire(START + 200 + HOLD)
    assert other.bits == 0


@pytest.mark.parametrize(
    ("code", "seconds"), ((1, 60), (60, 3600), (DAILY, 90000), (7 * DAILY, 608400), (MONTHLY, 2682000))
)
def test_the_hold_is_the_longest_that_an_interval_can_be(code, seconds):
    assert hold_s(code) == seconds


@pytest.mark.feature("STW-02")
def test_the_system_bits_are_those_of_the_manual():
    assert system_texts(0x0021) == ["battery failure", "loss of time sync"]  # the manual's example
    assert system_texts(0x0400) == ["configuration change"]  # and its screenshot
    assert [bit for bit, _ in status_word.SYSTEM_BITS] == [1, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]


@pytest.mark.feature("STW-03")
def test_a_drift_above_the_tolerance_is_an_alarm():
    status = StatusWord(HOLD)
    status.drift(-500, START)
    assert status.system.bits == 0
    status.drift(-501, START)
    assert status.system.bits == 0x40
    status.drift(0, START + 1)
    status.tick(START + 1 + HOLD)
    assert status.system.bits == 0
    narrow = StatusWord(HOLD, drift_ms=10)
    narrow.drift(11, START)
    assert narrow.system.bits == 0x40


@pytest.mark.feature("STW-02")
def test_another_version_and_another_configuration_are_told_from_the_last_start():
    status = StatusWord(HOLD)
    status.identify("1.0", 7, START)
    assert status.system.bits == 0
    for version, configuration, expected in (
        ("1.0", 7, 0),
        ("1.1", 7, 0x800),
        ("1.0", 8, 0x400),
        ("2", 9, 0xC00),
    ):
        other = StatusWord(HOLD)
        other.restore(status.state(START))
        other.identify(version, configuration, START + 10)
        assert other.system.bits == expected


# In an engine.


@pytest.mark.feature("STW-01")
@pytest.mark.feature("STW-02")
@pytest.mark.feature("LP-04")
def test_a_clock_that_is_set_is_seen_in_the_record_that_it_ends_and_for_an_interval():
    life = started().pass_time(300)
    life.set_time(START + 100_000)
    assert life.value(SYSTEM) == 0x200
    life.pass_time(HOLD - 1)
    assert life.value(SYSTEM) == 0x200
    life.pass_time(1)
    assert life.value(SYSTEM) == 0
    life.pass_time(2 * HOLD)
    words = [row[2] for row in life.words()]
    assert words[:2] == [0x200, 0x200] and words[-1] == 0


@pytest.mark.feature("STW-02")
def test_daylight_saving_time_is_a_bit_while_it_is_in_force():
    spring = 1_711_846_800  # Sunday 2024-03-31 01:00 UTC
    zone = {**NO_TRIGGERS, "clock.zone": "CET-1CEST,M3.5.0,M10.5.0/3"}
    life = started(zone, spring - 600).pass_time(599)
    assert life.value(SYSTEM) == 0
    life.pass_time(1)
    assert life.value(SYSTEM) == 0x80
    life = life.restart(spring + 90_000, settings=zone, channels=WORDS)
    assert life.value(SYSTEM) == 0x80
    life.set_time(spring - 3600)
    life.pass_time(HOLD)
    assert life.value(SYSTEM) == 0


@pytest.mark.feature("STW-02")
def test_a_value_too_large_for_its_record_is_an_overflow():
    settings = {**NO_TRIGGERS, "load_profile.format": "counts", "load_profile.km": (1e-6, 1.0, 1.0)}
    life = Life(START, settings, channels=("VAh.del.P", *WORDS), interval=1)
    life.pass_time(60)
    assert life.engine.profiles[0].overflowed == 1
    assert life.value(SYSTEM) == 0x8
    life.pass_time(60)
    assert life.records()[-1].values[1] == 0x8


@pytest.mark.feature("STW-02")
def test_a_log_that_the_flash_did_not_take_is_a_general_failure():
    life = started().pass_time(5)
    life.logs.log("security").dropped += 1
    life.pass_time(600)
    assert life.value(SYSTEM) == 0x4


@pytest.mark.feature("STW-02")
@pytest.mark.feature("PWR-04")
@pytest.mark.feature("PMU-09")
def test_a_lost_clock_is_a_battery_failure_until_the_battery_is_changed():
    life = started().pass_time(900)
    life = life.restart(0, settings=NO_TRIGGERS, channels=WORDS, lost="continue")
    assert (life.value(SYSTEM), life.value(COLOUR)) == (0x1, "red")
    life.pass_time(3 * HOLD, 10)
    assert life.value(SYSTEM) == 0x1
    life = life.restart(life.now + 5, settings=NO_TRIGGERS, channels=WORDS)
    assert (life.value(SYSTEM), life.value(COLOUR)) == (0x1, "red")
    life.engine.battery_changed(life.now)
    life = life.restart(life.now, settings=NO_TRIGGERS, channels=WORDS)
    assert (life.value(SYSTEM), life.value(COLOUR)) == (0x1, "green")
    life.pass_time(HOLD)
    assert life.value(SYSTEM) == 0


@pytest.mark.feature("PWR-04")
def test_a_battery_of_ten_years_is_red_and_has_bridged_the_outages():
    life = started().pass_time(900)
    life = life.restart(life.now + 8 * YEAR_S, settings=NO_TRIGGERS, channels=WORDS)
    assert (life.value(COLOUR), life.value(DAYS)) == ("yellow", 8 * YEAR_S // 86400)
    life = life.restart(life.now + 2 * YEAR_S, settings=NO_TRIGGERS, channels=WORDS)
    assert (life.value(COLOUR), life.value(SYSTEM)) == ("red", 0x1)


@pytest.mark.feature("STW-01")
def test_a_freeze_keeps_the_words():
    life = started(WITH_TRIGGERS).show(LOST).pass_time(3)
    life.engine.status.note(status_word.FIRMWARE, life.now)
    life.engine.freeze(life.now)
    life.show(SOUND).pass_time(HOLD + 10)
    frozen = [life.engine.register(number).frozen for number in (SYSTEM, TRIGGER, ALARMS)]
    assert frozen == [0x800, 0x801, 2]
    assert [life.value(number) for number in (SYSTEM, TRIGGER, ALARMS)] == [0, 0, 0]
    restarted = life.restart(life.now + 1, settings=WITH_TRIGGERS, channels=WORDS)
    assert restarted.engine.register(TRIGGER).frozen == 0x801


@pytest.mark.feature("LP-04")
@pytest.mark.parametrize("form", ("values", "counts"))
def test_a_record_holds_all_bits_of_its_interval_the_highest_too(form):
    rows = ("16: V.A < 0.4 Vn",)
    settings = {**WITH_TRIGGERS, "status.triggers": rows, "load_profile.format": form}
    life = started(settings).pass_time(60).show(LOST).pass_time(1).show(SOUND)
    life.engine.status.note(status_word.COVER, life.now)
    life.pass_time(2 * HOLD + HOLD - 61)
    words = [(end - START, system, trigger) for _, end, system, trigger in life.words()]
    assert words == [(HOLD, 0x100, 0x8000), (2 * HOLD, 0x100, 0x8000), (3 * HOLD, 0, 0)]


@pytest.mark.feature("STW-05")
@given(st.integers(0, 2000), st.integers(1, 70), st.sampled_from((1, 2, 5)))
@settings(max_examples=30, deadline=None)
def test_a_bit_of_an_instant_is_in_a_record_that_covers_it_and_is_gone_after_an_interval(at, lasts, minutes):
    settings = {**WITH_TRIGGERS, "status.triggers": ("5: V.A < 0.4 Vn",)}
    life = Life(START, settings, channels=WORDS, interval=minutes)
    hold = 60 * minutes
    life.pass_time(at).show(LOST).pass_time(lasts).show(SOUND)
    last = life.now
    life.pass_time(hold)
    assert life.value(TRIGGER) == 0x10
    life.pass_time(1)
    assert life.value(TRIGGER) == 0
    life.pass_time(2 * hold)
    for start, end, _, trigger in life.words():
        # It held in the seconds (at, last], was seen to be gone a second later, and stays until `hold` after that.
        assert (trigger == 0x10) == (end > START + at and start < last + hold + 1 and end >= START + at + 1)
    assert [row for row in life.words() if row[3]]


# The alarm log.


def alarms(life):
    """Return (kind, seconds from START, seconds of its start, trigger, text) of each entry."""
    return [
        (e.kind, e.time - START, e.start and e.start - START, e.fields[0], e.fields[1])
        for e in life.logs.log("alarms").records()
    ]


ONE = {**WITH_TRIGGERS, "status.triggers": ("7: V.A < 0.4 Vn",)}
TEXT = "V.A < 0.4 Vn"


@pytest.mark.feature("EVT-05")
def test_an_alarm_is_logged_as_it_comes_and_a_minute_after_it_went():
    life = started(ONE).pass_time(100).show(LOST).pass_time(20).show(SOUND).pass_time(60)
    assert alarms(life) == [(kinds.ALARM, 101, None, 7, TEXT)]
    life.pass_time(1)
    assert alarms(life)[1:] == [(kinds.ALARM_CLEARED, 121, 101, 7, TEXT)]
    came, went = life.logs.log("alarms").records()
    assert came.fields[2] == pytest.approx(36.0, rel=1e-6) and went.fields[2] == pytest.approx(
        120.0, rel=1e-6
    )


@pytest.mark.feature("EVT-05")
def test_an_alarm_that_flickers_is_one_alarm():
    life = started(ONE)
    for _ in range(20):
        life.show(LOST).pass_time(2).show(SOUND).pass_time(10)
    life.pass_time(61)
    assert alarms(life) == [(kinds.ALARM, 1, None, 7, TEXT), (kinds.ALARM_CLEARED, 19 * 12 + 3, 1, 7, TEXT)]


@pytest.mark.feature("EVT-05")
def test_an_alarm_goes_on_over_an_outage():
    life = started(ONE).show(LOST).pass_time(900)
    life = life.restart(START + 5000, settings=ONE, channels=WORDS).show(LOST).pass_time(30).show(SOUND)
    life.pass_time(70)
    assert alarms(life) == [(kinds.ALARM, 1, None, 7, TEXT), (kinds.ALARM_CLEARED, 5031, 1, 7, TEXT)]


def test_a_row_that_is_gone_from_the_settings_clears_its_alarm():
    life = started(ONE).show(LOST).pass_time(900)
    life = life.restart(START + 5000, settings=NO_TRIGGERS, channels=WORDS).pass_time(70)
    assert [row[:4] for row in alarms(life)] == [(kinds.ALARM, 1, None, 7), (kinds.ALARM_CLEARED, 5001, 1, 7)]


def test_words_without_a_status_are_zero():
    found = channel("status.system", None)
    found.add(None)
    assert found.close() == (0.0, False)
    assert bits(np.float32(65535.0)) == 0xFFFF and bits(-0x8000) == 0x8000
