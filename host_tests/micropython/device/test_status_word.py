"""The status word on the device's interpreter: bits up to the 16th, seconds beyond 31 bits, triggers, alarms, state."""

from meter.metrology.connection import Connection
from meter.metrology.span import Span
from meter.quantities import START
from meter.registers import event_kinds as kinds
from meter.registers.battery import Battery
from meter.registers.load_profile_channels import bits, channel
from meter.registers.phasor_text import phasor_text
from meter.registers.status_triggers import DEFAULTS, Triggers
from meter.registers.status_word import StatusWord

NOW = 0x80000000  # 2038
PHASORS = ((1.0, 0.0), (-0.5, -0.8660254), (-0.5, 0.8660254))


def span_of(now, volts=(120.0, 120.0, 120.0), amps=(5.0, 5.0, 5.0)):
    span = Span()
    span.seconds, span.half_cycles, span.end = 1.0, 120, now
    for place in range(3):
        for kind, value in (("V", volts[place]), ("A", amps[place])):
            span.sums[START[kind + "2"] + place] = value * value
            span.sums[START[kind + "R"] + place] = value * PHASORS[place][0]
            span.sums[START[kind + "I"] + place] = value * PHASORS[place][1]
    return span


def test_triggers_hold_are_logged_and_kept():
    triggers = Triggers(DEFAULTS[:13] + ("16: V.A > 100",), 120.0, 5.0, Connection())
    status, seen = StatusWord(900, triggers), None
    seen = channel("status.trigger", None, 1, status)
    assert [one[0] for one in status.show(span_of(NOW))] == [kinds.ALARM]
    found = status.show(span_of(NOW + 1, (30.0, 120.0, 120.0), (5.0, 4.0, 5.0)), 500)
    assert [one[2]["fields"][0] for one in found] == [1, 7, 12, 13]
    assert abs(found[2][2]["fields"][2] - 60.0) < 1e-3 and found[0][2]["ms"] == 500
    seen.add(None)
    assert bits(seen.close()[0]) == 0x9841
    other = StatusWord(900, triggers)
    other.restore(status.state(NOW + 2))
    assert other.trigger.bits == 0x9841
    other.tick(NOW + 902)
    assert other.trigger.bits == 0
    cleared = other.show(span_of(NOW + 1000)) or other.show(span_of(NOW + 1060))
    assert [one[2]["fields"][0] for one in cleared if one[0] == kinds.ALARM_CLEARED] == [1, 7, 12, 13]


def test_events_versions_and_the_battery():
    status = StatusWord()
    status.identify("1.0", 0xFFFFFFFF, NOW)
    status.identify("1.1", 0xFFFFFFFE, NOW)
    status.drift(-600, NOW)
    assert status.system.bits == 0xC40
    status.moved(NOW, 100)
    status.drift(0, 100)
    status.tick(1000)
    assert status.system.bits == 0
    battery, other = Battery(), Battery()
    battery.changed(NOW)
    battery.outage(3 * 86400)
    other.restore(battery.state())
    assert (other.colour(NOW + 315576000), other.days(), other.colour(NOW)) == ("red", 3, "green")


def test_phasors_are_a_text():
    text = phasor_text(span_of(NOW))
    assert text.startswith("VA 120.0 0.0, VB 120.0 -120.0, VC 120.0 120.0, IA 5.00 ")
