"""What a new configuration zeroes and erases, and what it leaves alone (the manual, Changing Meter Configurations)."""

import json

import pytest
from hypothesis import HealthCheck, given, settings
from meter.config import apply, document
from meter.config.fingerprint import fingerprint
from meter.config.schema import FIELDS, ConfigError, defaults
from meter.config.store import Who
from meter.hal.sim.flash import PowerCut
from meter.registers import event_kinds
from meter.registers.load_profile_record import CONFIGURATION

from host_tests import power_cuts
from host_tests.config.app_life import Life, changed
from host_tests.config.documents import valid_documents
from host_tests.engine_life import register

ALL, REGISTERS, PROFILE_1, PROFILE_2, NOTHING = (True,) * 3, (True, False, False), (False, True, False), (
    False, False, True), (False,) * 3  # fmt: skip
WHO = Who(event_kinds.TCP, "anna", "10.0.0.7:4059")

# The manual's page, line by line: a change, and whether it zeroes the registers, erases load profile 1, 2.
NORMAL = [register(1, self_read=True), register(2, storage="billing period reset"), register(3, rate="A"),
          register(4, "W.del.P", "peak demand")]  # fmt: skip
PAGE = (
    ("normal display list", {"registers": {"normal": [*NORMAL, register(9, "VARh.del.P")]}}, REGISTERS),
    ("alternate display list", {"registers": {"alternate": [register(100)]}}, REGISTERS),
    ("test display list", {"registers": {"test": [register(200)]}}, REGISTERS),
    ("demand settings", {"demand": {"deferral": 60}}, REGISTERS),
    ("thermal demand", {"demand": {"thermal_time": 30}}, REGISTERS),
    ("self-read settings", {"self_read": {"kind": "daily"}}, REGISTERS),
    ("what is self-read", {"registers": {"normal": [{**NORMAL[0], "self_read": False}, *NORMAL[1:]]}}, REGISTERS),
    ("voltage transformer", {"service": {"pt_primary": 7200.0, "pt_secondary": 120.0}}, ALL),
    ("current transformer", {"service": {"ct_primary": 200.0, "ct_secondary": 5.0}}, ALL),
    ("transformer factor", {"service": {"transformer_factor": 2.0}}, ALL),
    ("demand interval timing", {"demand": {"interval": 30}}, ALL),
    ("demand subinterval timing", {"demand": {"subinterval": 15}}, ALL),
    ("load profile 1 interval timing", {"load_profile": {"interval": 5}}, (True, True, False)),
    ("load profile 2 interval timing", {"load_profile_2": {"interval": 5}}, (True, False, True)),
    ("load profile 1 channels", {"load_profile": {"channels": ["Wh.del.P", "Wh.rec.P"]}}, PROFILE_1),
    ("load profile 2 channels", {"load_profile_2": {"channels": ["V.A"]}}, PROFILE_2),
    ("load profile 1 in counts", {"load_profile": {"format": "counts"}}, PROFILE_1),
    ("how a register is shown", {"registers": {"normal": [{**NORMAL[0], "label": "x"}, *NORMAL[1:]]}}, NOTHING),
    ("tariffs", {"tou": {"days": [["all", "all", "00:00 B"]]}}, NOTHING),
    ("a port", {"ports": {"optical": {"baud": 300}}}, NOTHING),
    ("the meter's name", {"meter": {"id": "X"}}, NOTHING),
    ("corrections", {"correction": {"watt_gain": 1.01}}, NOTHING),
    ("loss compensation", {"loss": {"delivered": [1, 1, 1, 1, 1]}}, NOTHING),
    ("billing schedule", {"billing": {"reset": {"kind": "monthly"}}}, NOTHING),
)  # fmt: skip


def lived():
    """Return a Life of 70 minutes with a billing period reset after 30: something in every feature."""
    life = Life(text=changed()).run(30)
    life.app.engine.billing_period_reset(life.now)
    return life.run(40)


def check(life, effects, before):
    """Hold what is there against what the change is to zero and erase."""
    is_zeroed, *are_erased = effects
    values = [life.value(number) for number in (1, 2, 3, 4)]
    assert values == ([0, None, 0, 0] if is_zeroed else before)
    assert len(life.reads()) == (0 if is_zeroed else 1)
    for place, is_erased in enumerate(are_erased):
        records = life.records(place)
        assert len(records) == (0 if is_erased else 6), place
        if not is_erased:
            assert records[-1].status & CONFIGURATION and records[-1].end == life.now
            assert sum(record.values[0] for record in records) == 70


@pytest.mark.feature("CFG-01", "CFG-02", "CFG-03")
@pytest.mark.parametrize("_, change, effects", PAGE, ids=[row[0] for row in PAGE])
def test_a_change_re_initialises_what_the_page_says_and_nothing_else(_, change, effects):
    life = lived()
    before = [life.value(number) for number in (1, 2, 3, 4)]
    assert before[:3] == [70, 30, 70] and before[3] > 0
    old = fingerprint(life.app.settings)
    life.app.configure(changed(**change), WHO)
    check(life, effects, before)
    (event,) = life.events("configuration")
    assert event.fields == (old, fingerprint(life.app.settings)) and event.time == life.now
    assert (event.origin, event.user, event.peer) == WHO
    assert life.events("billing period reset") and life.events("first start"), "event logs are kept"
    # And it goes on: what is metered is in registers and load profiles, once; a restart changes nothing.
    life.run(20)
    assert life.value() == (20 if effects[0] else 90)
    for place, is_erased in enumerate(effects[1:]):
        recorded = sum(record.values[0] for record in life.records(place))
        running = life.app.engine.profiles[place]._sources[0]
        if life.app.engine.profiles[place].channels[0] == "Wh.del.P":
            assert recorded + running.close()[0] == (20 if is_erased else 90)
    life.app.finish()
    again = life.restart()
    assert again.value() == life.value() and again.app.settings == life.app.settings
    assert len(again.events("configuration")) == 1


@pytest.mark.feature("CFG-01")
@pytest.mark.parametrize("_, change, effects", PAGE, ids=[row[0] for row in PAGE])
def test_a_start_with_another_configuration_does_the_same(_, change, effects):
    life = lived()
    before = [life.value(number) for number in (1, 2, 3, 4)]
    life.app.finish()
    again = life.restart(changed(**change))
    assert [again.value(number) for number in (1, 2, 3)] == ([0, None, 0] if effects[0] else before[:3])
    for place, is_erased in enumerate(effects[1:]):
        records = again.records(place)
        assert len(records) == (0 if is_erased else 6)
        assert is_erased or records[-1].status & CONFIGURATION
    assert len(again.events("configuration")) == 1 and len(again.events("power outage")) == 1


@pytest.mark.feature("CFG-01")
@pytest.mark.parametrize("_, change, effects", PAGE, ids=[row[0] for row in PAGE])
def test_a_board_with_a_small_heap_starts_again_with_the_new_one_to_the_same_effect(_, change, effects):
    life = lived()
    life.app._board.restarts_to_configure = True
    before = [life.value(number) for number in (1, 2, 3, 4)]
    old = life.app.settings
    sections = life.app.configure(changed(**change), WHO)
    assert life.app.restarts and life.app.settings == document.read(changed(**change))
    assert bool(sections) == (effects != (False, False, False))
    life.app.finish()
    again = life.restart(after=0)
    assert [again.value(number) for number in (1, 2, 3)] == ([0, None, 0] if effects[0] else before[:3])
    for place, is_erased in enumerate(effects[1:]):
        assert bool(again.records(place)) is not is_erased
    (event,) = again.events("configuration")
    assert (event.origin, event.user, event.peer) == WHO
    assert event.fields == (fingerprint(old), fingerprint(again.app.settings))


def test_a_document_that_the_heap_has_no_room_for_is_refused_and_changes_nothing(monkeypatch):
    life = lived()
    before, operations = life.app.settings, life.flash.programs

    def read(text):
        raise MemoryError

    monkeypatch.setattr("meter.app.document.read", read)
    with pytest.raises(ConfigError, match="bytes are more than this board has room for"):
        life.app.configure(changed(meter={"id": "new"}))
    assert life.app.settings is before and life.flash.programs == operations and not life.app.restarts


def test_what_may_not_be_changed_is_refused_before_anything_is_done():
    life = lived()
    operations = life.flash.programs

    def may_change(settings):
        raise ConfigError([settings["meter.id"]])

    with pytest.raises(ConfigError, match="new"):
        life.app.configure(changed(meter={"id": "new"}), WHO, may_change)
    assert life.flash.programs == operations


def test_the_same_configuration_changes_nothing():
    life = lived()
    operations = life.flash.programs
    assert life.app.configure(changed()) == ()
    assert life.flash.programs == operations and not life.events("configuration")


def test_what_is_stored_holds_without_a_document():
    life = lived()
    life.app.configure(changed(meter={"id": "kept"}))
    life.app.finish()
    again = life.restart()
    assert again.app.settings["meter.id"] == "kept" and again.app.access.identity == life.app.access.identity


def test_a_second_profile_is_switched_off_and_on_again_without_its_old_records():
    life = lived()
    life.app.configure(changed(load_profile_2={"channels": []}))
    assert len(life.app.engine.profiles) == 1
    life.run(30)
    life.app.configure(changed())
    life.run(20)
    assert [record.values[0] for record in life.records(1)] == [5.0, 15.0][: len(life.records(1))]
    assert sum(record.values[0] for record in life.records(0)) == 120


def test_the_access_shows_the_new_serial_and_ratios():
    life = lived()
    life.app.configure(changed(meter={"serial": "77"}, service={"ct_primary": 10.0}))
    life.run(3)
    assert life.app.access.identity["serial"] == "77"
    assert life.app.access.read("Wh.del.P", primary=True)[0] == 30_000_000


@pytest.mark.feature("CFG-04")
def test_ratios_leave_the_primary_worth_of_a_count():
    base = {"load_profile": {"format": "counts", "km": [10.0]}}
    life = Life(text=changed(**base)).run(60)
    assert [record.values[0] for record in life.records()] == [1, 2, 1, 2], "15 Wh each, at 10 Wh a count"
    life.app.configure(changed(**base, service={"ct_primary": 40.0, "pt_primary": 2.0}))
    life.run(15)
    (record,) = life.records()
    assert record.values[0] == 120, "15 Wh secondary are 1200 Wh primary"
    assert life.app.settings["load_profile.km"] == (10.0,)


BAD = (b"", b"{", b"[]", b'{"version": 3}', b'{"service": {"frequency": 61}}', b'{"a": 1}', b'{"a":' * 10_000,
       b'{"demand": {"interval": 15, "subinterval": 10}}', b"\xef\xbb\xbf{}", b'{"meter": {"id": "\xff"}}',
       b'{"service": {"pt_primary": NaN}}', b'{"meter": {}, "meter": {}}', b" " * 10_000_000)  # fmt: skip


@pytest.mark.parametrize("text", BAD, ids=range(len(BAD)))
def test_a_refused_document_changes_nothing(text):
    life = lived()
    image, state = life.flash.programs + life.flash.erases, life.app.engine.state(life.now)
    with pytest.raises(ConfigError):
        life.app.configure(text)
    assert (life.flash.programs + life.flash.erases, life.app.engine.state(life.now)) == (image, state)


def test_a_document_that_does_not_fit_on_the_flash_is_refused():
    life = lived()
    many = [register(number, label="x" * 32, screen=1) for number in range(50)]
    more = [register(number, label="x" * 32, screen=1) for number in range(100, 150)]
    days = [["all", "all", ", ".join(f"{k:02d}:00 A" for k in range(8))]] * 36
    before = life.app.settings
    with pytest.raises(ConfigError, match="to store"):
        life.app.configure(changed(registers={"normal": many, "alternate": more}, tou={"days": days}))
    assert life.app.settings is before


@settings(suppress_health_check=list(HealthCheck), deadline=None, max_examples=30)
@given(valid_documents(most=6))
def test_any_valid_document_is_applied_and_read_back_equal(node):
    life = Life(text=changed()).run(3)
    text = json.dumps(node).encode()
    wanted = document.read(text)
    sections = life.app.configure(text)
    assert document.is_same(life.app.settings, wanted)
    life.run(2)
    total = life.app.meter.energy.totals
    assert sum(total) > 0
    life.app.finish()
    again = life.restart()
    assert document.is_same(again.app.settings, wanted)
    assert again.app.meter.energy.totals == total
    assert set(sections) <= {row[0] for row in apply.CHANGES}


def test_the_table_of_changes_names_settings_that_there_are():
    paths = {field[0] for field in FIELDS}
    assert all(set(row[1]) <= paths for row in apply.CHANGES)
    assert apply.changed(defaults(), defaults()) == ((), 0)


# The power fails.

CUTS = (
    ("all", {"service": {"ct_primary": 200.0}, "registers": {"normal": NORMAL[:3]}}, ALL),
    ("registers", {"demand": {"deferral": 60}}, REGISTERS),
    ("profile 2", {"load_profile_2": {"channels": ["V.A"]}}, PROFILE_2),
    ("nothing", {"meter": {"id": "new"}}, NOTHING),
)


def _checked(life, is_new, effects, runs):
    """Hold a meter that started after the cut against the old or the new configuration."""
    is_zeroed = is_new and effects[0]
    assert life.value() == (0 if is_zeroed else 70), "registers do not match the configuration"
    for place, is_erased in enumerate(effects[1:]):
        records = life.records(place)
        if is_new and is_erased:
            assert not records
        else:
            marks = [record for record in records if record.status & CONFIGURATION]
            assert len(marks) == is_new and sum(record.values[0] for record in records) == 70
            assert all(a.end <= b.start for a, b in zip(records, records[1:]))
    assert len(life.reads()) == (0 if is_zeroed else 1)
    events = life.events("configuration")
    assert len(events) == is_new and all(event.user == "anna" for event in events)
    life.run(runs)
    assert life.value() == (0 if is_zeroed else 70) + runs


@pytest.mark.feature("CFG-01", "PWR-03")
@pytest.mark.parametrize("has_nvram", [True, False])
@pytest.mark.parametrize("_, change, effects", CUTS, ids=[row[0] for row in CUTS])
def test_the_power_may_fail_in_any_operation_of_a_change(_, change, effects, has_nvram):
    def begun():
        life = Life(text=changed(), has_nvram=has_nvram).run(30)
        life.app.engine.billing_period_reset(life.now)
        life.run(40)
        life.app.engine.checkpoint(life.now)
        return life

    survived, found = 0, set()
    text = changed(**change)
    whole = begun()
    start = whole.flash.programs + whole.flash.erases
    whole.app.configure(text, WHO)
    _checked(whole, True, effects, 1)
    end = whole.flash.programs + whole.flash.erases
    for cut in range(1, end - start + 1):
        life = begun()
        life.flash.cut_after = cut
        try:
            life.app.configure(text, WHO)
        except PowerCut:
            life.flash.restore_power()
        # And the first start after it fails too, a little later each time.
        again, tries = None, 0
        while again is None:
            tries += 3
            life.flash.cut_after = tries
            try:
                again = life.restart(after=tries)
                life.flash.cut_after = None
            except PowerCut:
                life.flash.restore_power()
                survived += 1
        is_new = document.is_same(again.app.settings, document.read(text))
        assert is_new or document.is_same(again.app.settings, document.read(changed()))
        found.add(is_new)
        _checked(again, is_new, effects, 20)
        survived += 1
        again.app.finish()
    assert found == {True, False}
    power_cuts.survived("of a new configuration", survived)
