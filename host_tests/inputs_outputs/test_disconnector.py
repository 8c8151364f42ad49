"""The disconnector: its transitions by control mode, as the Blue Book's table has them, and over power cuts.

TABLE is written by hand from IEC 62056-6-2, 5.4.8 (Disconnect control: control_mode, state transitions).
"""

import pytest
from meter.calendar import utc
from meter.hal.sim.contacts import Contacts
from meter.hal.sim.flash import Flash, PowerCut
from meter.inputs_outputs.disconnector import (
    CONNECTED,
    DISCONNECTED,
    LOCAL_DISCONNECT,
    LOCAL_RECONNECT,
    MANUAL_DISCONNECT,
    MANUAL_RECONNECT,
    READY,
    REMOTE_DISCONNECT,
    REMOTE_RECONNECT,
    Disconnector,
)
from meter.inputs_outputs.timed_disconnect import RECONNECT, TimedDisconnect
from meter.storage.journal import Journal
from meter.storage.kept import Kept
from meter.zone import Zone

from host_tests import power_cuts

D, C, R = DISCONNECTED, CONNECTED, READY
ASKED = (
    REMOTE_DISCONNECT,
    REMOTE_RECONNECT,
    MANUAL_DISCONNECT,
    MANUAL_RECONNECT,
    LOCAL_DISCONNECT,
    LOCAL_RECONNECT,
)
# by mode, for each of ASKED: the state after it from (D, C, R); None: the mode has no such transition
TABLE = {
    1: ((D, D, D), (R, C, R), (D, R, R), (D, C, C), (D, R, R), None),
    2: ((D, D, D), (C, C, R), (D, R, R), (D, C, C), (D, R, R), None),
    3: ((D, D, D), (R, C, R), None, (D, C, C), (D, R, R), None),
    4: ((D, D, D), (C, C, R), None, (D, C, C), (D, R, R), None),
    5: ((D, D, D), (R, C, R), (D, R, R), (D, C, C), (D, R, R), (D, C, C)),
    6: ((D, D, D), (R, C, R), None, (D, C, C), (D, R, R), (D, C, C)),
    0: (None,) * 6,
}
NAMES = ("disconnector", "disconnect schedule")


def made(kept=None, channel=2):
    contacts = Contacts()
    return contacts, Disconnector(kept or Kept(None, NAMES), contacts, lambda: channel)


@pytest.mark.parametrize("mode", TABLE)
@pytest.mark.parametrize("state", (D, C, R))
@pytest.mark.parametrize("place", range(6))
def test_every_transition_is_that_of_the_blue_book(mode, state, place):
    contacts, one = made()
    one._become(state, mode)
    wanted = TABLE[mode][place]
    if wanted is None:
        with pytest.raises(ValueError):
            one.request(ASKED[place])
        assert one.state == state
    else:
        one.request(ASKED[place])
        assert one.state == wanted[state]
    assert contacts.states[1] == one.output == (one.state == C)


def test_mode_0_is_always_connected_and_other_modes_leave_the_state():
    contacts, one = made()
    one.set_mode(4)
    one.request(REMOTE_DISCONNECT)
    one.set_mode(1)
    assert one.state == D and not contacts.states[1]
    one.set_mode(0)
    assert one.state == C and contacts.states[1]
    with pytest.raises(ValueError):
        one.set_mode(7)


def test_without_an_output_the_state_is_kept_and_nothing_is_driven():
    contacts, one = made(channel=0)
    one.set_mode(4)
    one.request(REMOTE_DISCONNECT)
    assert one.state == D and contacts.driven == []


def test_with_the_power_cut_at_every_operation_the_contact_follows_what_was_promised():
    flash, cuts = Flash(8 * 4096, 4096, seed=3), 0
    Disconnector(Kept(Journal(flash, 0, 8 * 4096, 0x44), NAMES), None, lambda: 0).set_mode(4)
    wanted = C
    for cut in range(1, 200):
        contacts, one = made(Kept(Journal(flash, 0, 8 * 4096, 0x44), NAMES))
        one.follow()
        assert one.state in (wanted, _other(wanted)) and contacts.states[1] == (one.state == C)
        wanted = one.state
        flash.cut_after = 1 + cut % 5
        try:
            while True:
                one.request(REMOTE_DISCONNECT if wanted == C else REMOTE_RECONNECT)
                wanted = _other(wanted)
                assert contacts.states[1] == (wanted == C)
        except PowerCut:
            cuts += 1
            flash.restore_power()
        again = made(Kept(Journal(flash, 0, 8 * 4096, 0x44), NAMES))[1]
        assert again.state == wanted or again.state == _other(wanted)
        if flash.cut_after is None and again.state != wanted:
            wanted = again.state  # the cut came after the record was whole: it is as if it had been answered
    power_cuts.survived("of a disconnector", cuts)
    assert cuts > 150


def _other(state):
    return D if state == C else C


# The schedule

ANY = b"\xff\xff\xff\xff\xff"


BAD_ENTRIES = (
    "180000000FFFFFFFFF",
    "00000100FFFFFFFFFF",
    "003C0000FFFFFFFFFF",
    "00000000FFFF0DFFFF",
    "00000000FFFFFF20FF",
    "00000000FFFFFFFF08",
)


def due(entries, times, zone="UTC0", step=60):
    """Return the seconds, of a range asked for in steps, at which something was due."""
    timed = TimedDisconnect(Kept(None, NAMES))
    timed.set(RECONNECT, entries)
    zone = Zone(zone)
    return [second for second in range(*times, step) if timed.is_due(second, zone)]


@pytest.mark.parametrize(
    "entry, expected",
    [
        (
            b"\x06\x1e\x00\x00" + ANY,
            [utc(2024, 2, day, 6, 30) for day in (27, 28, 29)] + [utc(2024, 3, 1, 6, 30)],
        ),
        (b"\x00\x00\x00\x00\xff\xff\xff\xfe\xff", [utc(2024, 2, 29)]),
        (b"\x00\x00\x00\x00\xff\xff\xff\xfd\xff", [utc(2024, 2, 28)]),
        (b"\x00\x00\x00\x00\x07\xe8\x02\x1c\xff", [utc(2024, 2, 28)]),
        (b"\x00\x00\x00\x00\x07\xe7\x02\x1c\xff", []),
        (b"\x00\x00\x00\x00\xff\xff\xff\xff\x05", [utc(2024, 3, 1)]),
    ],
)
def test_an_entry_is_due_on_the_days_that_it_names(entry, expected):
    assert due([entry], (utc(2024, 2, 26, 12), utc(2024, 3, 1, 12))) == expected


def test_it_is_due_once_however_often_it_is_asked():
    times = (utc(2024, 2, 26, 5), utc(2024, 2, 26, 7))
    assert len(due([b"\x06\x1e\x00\x00" + ANY], times, step=1)) == 1
    assert len(due([b"\x06\x1e\x00\x00" + ANY], times, step=1799)) == 1


def test_it_goes_by_the_local_clock():
    times = (utc(2024, 7, 1), utc(2024, 7, 2))
    assert due([b"\x06\x1e\x00\x00" + ANY], times, "CET-1CEST,M3.5.0,M10.5.0/3") == [utc(2024, 7, 1, 4, 30)]


def test_what_the_clock_was_set_over_is_not_made_up_for():
    timed = TimedDisconnect(Kept(None, NAMES))
    timed.set(RECONNECT, [b"\x06\x1e\x00\x00" + ANY])
    zone, start = Zone(), utc(2024, 7, 1)
    assert not timed.is_due(start, zone)
    assert not timed.is_due(start + 3 * 86400, zone)
    assert not timed.is_due(start, zone)
    assert timed.is_due(start + 7 * 3600, zone)


@pytest.mark.parametrize("entry", BAD_ENTRIES)
def test_an_entry_that_is_no_time_is_refused(entry):
    timed = TimedDisconnect(Kept(None, NAMES))
    with pytest.raises(ValueError):
        timed.set(RECONNECT, [bytes.fromhex(entry)])
    assert timed.entries == ()
