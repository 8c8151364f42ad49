"""The whole meter's status: every item answered, what a start finds out, and alarms with their milliseconds."""

import pytest
from meter import app as wiring
from meter.hal.sim.synthesizer import Synthesizer, three_phase
from meter.registers import event_kinds
from meter.registers.definition import STATUS_ITEMS, TIME_ITEMS

from host_tests.harness import RATE, START
from host_tests.test_app import NO_PORTS, make, metered, validate

QUIET = {"noise": 0, "swing": 0}
ITEMS = [("status", item) for item in STATUS_ITEMS] + [("time", item) for item in TIME_ITEMS]


def settings_of(**sections):
    registers = [{"id": k, "kind": kind, "quantity": item} for k, (kind, item) in enumerate(ITEMS)]
    return validate({**NO_PORTS, "registers": {"normal": registers}, "simulator": QUIET, **sections})


def value(app, item):
    return app.engine.register(ITEMS.index(("status", item))).value()


@pytest.mark.feature("STW-01")
@pytest.mark.feature("PWR-04")
def test_every_item_of_a_register_is_answered():
    settings = settings_of(
        meter={"id": "M7"}, billing={"reset": {"kind": "monthly"}}, tou={"seasons": ["01-01", "06-01"]}
    )
    board, app = make(4.0, settings=settings)
    metered(app)
    app.engine.billing_period_reset(START + 4)
    app.engine.freeze(START + 4)
    app.engine.season_at = START
    found = {item: register.value() for item, register in zip(ITEMS, app.engine.bank.registers)}
    assert [item for item in ITEMS if found[item] is None] == []
    assert found["status", "phasors"] == (
        "VA 120.0 0.0, VB 120.0 -120.0, VC 120.0 120.0, IA 5.00 -30.0, IB 5.00 -150.0, IC 5.00 90.0"
    )
    assert [found["status", item] for item in ("battery", "days on battery", "alarms")] == ["green", 0, 0]


@pytest.mark.feature("STW-02")
def test_another_configuration_is_a_bit_from_the_start_on():
    board, app = make(2.0, settings=settings_of())
    metered(app)
    assert value(app, "system bits") == 0
    _, same = make(2.0, settings=settings_of(), flash=board.flash, start=START + 10)
    assert value(same, "system bits") == 0
    _, other = make(2.0, settings=settings_of(meter={"id": "x"}), flash=board.flash, start=START + 20)
    assert value(other, "system bits") == 0x400
    metered(other)
    _, again = make(2.0, settings=settings_of(meter={"id": "x"}), flash=board.flash, start=START + 30)
    assert value(again, "system bits") == 0x400


@pytest.mark.feature("STW-02")
def test_another_firmware_is_a_bit_from_the_start_on(monkeypatch):
    board, app = make(2.0, settings=settings_of())
    metered(app)
    monkeypatch.setattr(wiring, "VERSION", "99.9")
    _, other = make(2.0, settings=settings_of(), flash=board.flash, start=START + 10)
    assert (value(other, "system bits"), value(other, "firmware")) == (0x800, "99.9")


@pytest.mark.feature("STW-02")
def test_a_calibration_that_cannot_be_used_is_a_general_failure():
    board, app = make(2.0, settings=settings_of())
    app._calibrations.save(b"\xff" * 20, START)
    _, other = make(2.0, settings=settings_of(), flash=board.flash, start=START + 10)
    assert other.calibration_problem
    assert value(other, "system bits") == 0x4


@pytest.mark.feature("EVT-05")
@pytest.mark.feature("STW-04")
def test_an_alarm_has_number_text_value_and_time_to_the_half_second():
    source = Synthesizer(RATE, 60.0, three_phase((30, 120, 120), (5,) * 3, (30,) * 3))
    _, app = make(5.0, source, settings=settings_of())
    metered(app)
    assert value(app, "trigger bits") == 0b1000_0100_0001 and value(app, "alarms") == 3
    one, seven, twelve = app.access.log("alarms")
    assert {event.kind for event in (one, seven, twelve)} == {event_kinds.ALARM}
    assert one.fields[:2] == (1, "V.A < 0.4 Vn") and one.fields[2] == pytest.approx(30, rel=1e-3)
    assert seven.fields[:2] == (7, "V.A < 0.4 Vn and A.A > 0.05 In")
    assert (twelve.fields[0], twelve.fields[2]) == (12, pytest.approx(60, rel=1e-3))  # mean 90 V
    # An average is renewed every three half seconds of UTC.
    ticks = one.time * 2 + one.ms // 500
    assert ticks % 3 == 0 and one.ms in (0, 500) and 0 < ticks - START * 2 <= 3
