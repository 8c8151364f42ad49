"""The register engine: everything slower than a half cycle, in one order. Synchronous; it reads no clock.

    Span -> take() -> totals, demand, averages          every second, or each step of a load model
                 \\-> close(now) where something is due:
                        in memory   demand, hour and day, tariff, schedules (freeze, billing period reset, self-read)
                        then        the checkpoint
                        then        records: load profile, self-read, event logs

The checkpoint holds what is about to be written (`_pending`), so that a cut between it and a record loses nothing
and repeats nothing: resume() writes what is not there yet.
"""

import struct

from meter.calendar import DAILY
from meter.compat import const
from meter.crc import crc32
from meter.registers import event_kinds as kinds
from meter.registers import load_profile_record as marks
from meter.registers import status_word
from meter.registers.battery import RED, Battery
from meter.registers.definition import BILLING, DAY, HOUR, SEASON
from meter.registers.engine_state import Saved, StateError, unpack
from meter.registers.engine_state import pack as pack_state
from meter.registers.event_log import pack
from meter.registers.outbox import Outbox
from meter.registers.plan import Plan
from meter.registers.self_read import ERASURE

CHECKPOINT_S = const(600)
# What is done after a failure of battery and supply (the master unit's notes): the tariff goes on with the error of the
# clock; a billing period reset first; a reset, and the tariff stays as it is until the clock is set.
NO_CLOCK = const(
    946684800
)  # 2000-01-01: where a clock begins that was lost, with no stored time to go on from
RESPONSES = ("continue", "reset", "reset and freeze tariff")
_RESET = const(2)  # place of the billing period reset in the plan


class Locked(Exception):
    """A billing period reset by key is locked. The message says for how long."""


class Engine:
    """One meter's registers.

    journal     where checkpoints go and come from
    bank        Bank of the normal and alternate registers
    test        Bank of the test registers
    profiles    LoadProfiles
    zone, tou   Zone and Tou
    plan        Plan: the schedules
    logs        EventLogs, or None
    self_reads  SelfReads, or None
    lockout_s   seconds after a billing period reset for which the key is locked
    status      StatusWord, or None: one without triggers
    prints      fingerprints of the configuration: of all, of what zeroes registers, of what erases each load profile;
                and who wrote it: origin, user, peer

    battery     Battery
    rate        the tariff rate in force, 1 to 8 for A to H, 0 for none
    reset_at, frozen_at, season_at      UTC seconds of the last billing period reset, freeze, season change; 0: never
    reset_origin, freeze_origin     who asked for them, of event_kinds
    next_boundary   the UTC second at which something is closed next
    test_at     UTC second at which test mode was entered, 0: it is not on. Only the test registers count then, and
                only they do not outlive a restart, which ends it
    is_overridden   True while override() is on
    is_clock_doubtful   True when the clock was lost, until it is set
    is_tariff_frozen    True when rate and season stay as they are until the clock is set (the clock was lost)
    """

    def __init__(
        self, journal, bank, test, profiles, zone, tou, schedules, logs=None, self_reads=None, lockout_s=300,
        status=None,
        prints=(0, 0, (0, 0), (kinds.METER, "", "")),
    ):  # fmt: skip
        self.journal = journal
        self.bank, self.test = bank, test
        self.profiles = tuple(profiles)
        self.zone, self.tou = zone, tou
        self.logs, self.self_reads = logs, self_reads
        self.lockout_s = lockout_s
        self.status = status or status_word.StatusWord()
        self.battery = Battery()
        self._print, self._registers_print, self._profile_prints, self._configured_by = prints
        self.rate = self.season = 0
        self.reset_at = self.frozen_at = self.season_at = 0
        self.reset_origin = self.freeze_origin = kinds.METER
        self.test_at = self._test_until = 0
        self.is_tariff_frozen = self.is_overridden = self.is_clock_doubtful = False
        self.health = 0
        self.now = 0
        fifos = [(name, logs.log(name).fifo) for name in kinds.LOGS] if logs else []
        self._outbox = Outbox(tuple(fifos + ([("self_reads", self_reads.fifo)] if self_reads else [])))
        actions = (self._self_read, self._scheduled_freeze, self._scheduled_reset)
        self._plan = Plan(schedules, actions)
        self._ending = None  # (kind, before, after) of the event that is ending the load profiles' records
        self._closing = []  # load profiles whose interval ends now
        self._timers = self._make_timers()
        self._due = [None] * len(self._timers)
        self.next_boundary = 0
        self.fingerprint = crc32(repr(bank.meaning).encode())  # another one: registers begin anew

    def _make_timers(self):
        """Return (function that gives the next second, what is done then), in the order in which it is done."""
        zone = self.zone
        timers = [
            (self.bank.demand.next_boundary, self._end_demand),
            (self.test.demand.next_boundary, self.test.close_demand),
            (lambda now: zone.next_boundary(now, 60), lambda now: self._window(HOUR, now)),
            (lambda now: zone.next_boundary(now, DAILY), lambda now: self._window(DAY, now)),
            (self.tou.next_change, self._change_tariff),
            (zone.next_change, self._change_dst),
        ]
        timers += self._plan.timers()
        for profile in self.profiles:
            timers.append(self._profile(profile))
        timers.append((lambda now: self._test_until or None, self.leave_test))
        timers.append((lambda now: now - now % CHECKPOINT_S + CHECKPOINT_S, self._want_checkpoint))
        return tuple(timers)

    def _profile(self, profile):
        return profile.next_boundary, lambda now: self._closing.append(profile)

    # Metering.

    def take(self, span):
        """Book a Span."""
        if self.test_at:
            self.test.take(span, self.rate)
            return
        self.bank.take(span, self.rate)
        for profile in self.profiles:
            profile.take(span)

    def show(self, span, health=0, ms=0):
        """Take a Span as the newest instantaneous values. health: the diagnostic state. ms: milliseconds of its end."""
        self.health = health
        self.bank.latest = self.test.latest = span
        (self.test if self.test_at else self.bank).show(span)
        for kind, at, what in self.status.show(span, ms):
            self._log(kind, at, **what)

    def close(self, now):
        """Close what is due at this second. Cheap where nothing is."""
        self.now = now
        is_due = now >= self.next_boundary
        if is_due:
            self._act(now)
        if is_due or len(self._outbox):
            self._store(now)
            self._check(now)
        else:
            self.journal.idle()  # so that the next checkpoint need not wait for an erase
        self.status.tick(now)
        if self.journal.keeps_seconds:
            self.journal.save_second(self.state(now), now)

    def _act(self, now):
        """Do what is due, in memory."""
        due = self._due
        for place, (following, action) in enumerate(self._timers):
            if due[place] is not None and due[place] <= now:
                action(now)
                due[place] = following(now)
        self._find_next()

    def _plan_all(self, now):
        self._due = [following(now) for following, _ in self._timers]
        self._find_next()

    def _find_next(self):
        self.next_boundary = min([second for second in self._due if second is not None])

    def _store(self, now):
        """Store what the state promises: first the checkpoint, then the records."""
        if not (self._ending or self._closing or len(self._outbox) or self._wants_checkpoint):
            return
        self.checkpoint(now)
        self._wants_checkpoint = False
        if self._ending:
            for profile in self.profiles:
                profile.event(self._ending[0], now, self._ending[1], self._ending[2])
            self._ending = None
        for profile in self._closing:
            profile.close(now)
        if [profile for profile in self._closing if profile.sync]:
            self._plan_all(now)  # its next interval ends so long after this end
        self._closing = []
        self._outbox.flush()

    def _check(self, now):
        """Show in the status word what is known here."""
        status = self.status
        status.set(status_word.BATTERY, self.battery.colour(now) == RED, now)
        status.set(status_word.DST, self.zone.is_dst(now), now)
        dropped = self._outbox.dropped
        if self.logs:
            dropped += sum([self.logs.log(name).dropped for name in kinds.LOGS])
        status.counted(sum([profile.overflowed for profile in self.profiles]), dropped, now)

    _wants_checkpoint = False

    def _want_checkpoint(self, now):
        self._wants_checkpoint = True

    def checkpoint(self, now):
        """Store the state."""
        self.journal.save(self.state(now), now)

    # What is done at a boundary.

    def _end_demand(self, now):
        self._demanded(self.bank.close_demand(now), now)

    def _demanded(self, is_formed, now):
        trigger = self.self_reads and self.self_reads.trigger
        ends_interval = trigger == "interval" and self.bank.demand.ends_interval(now)
        if is_formed and (trigger == "subinterval" or ends_interval):
            self._self_read(now)

    def _window(self, window, now):
        for bank in (self.bank, self.test):
            bank.ended(window, now)

    def _change_tariff(self, now):
        if self.is_tariff_frozen:
            return
        season = self.tou.season(now)
        if season != self.season:
            self.season = season
            self.season_at = now
            self._window(SEASON, now)
        self.rate = self.tou.rate(now)

    def _change_dst(self, now):
        before, after = self.zone.offset(now - 1), self.zone.offset(now)
        self._log(kinds.DST_CHANGE, now, fields=(before // 60, after // 60))
        self._end_records(marks.DST)

    def _scheduled_freeze(self, now):
        self._freeze(now, kinds.SCHEDULE)

    def _scheduled_reset(self, now):
        self._reset(now, kinds.SCHEDULE)

    def _self_read(self, now):
        self._outbox.add("self_reads", now, self.self_reads.take(self.health))

    def _end_records(self, kind, before=None, after=None):
        # Of several at once the first one is the record's kind: there is one record.
        self._ending = self._ending or (kind, before, after)

    def _log(self, kind, now, **what):
        self._outbox.add(kinds.find(kind)[2], now, pack(kind, **what))

    # Commands. Before each what was metered up to now must be taken.

    def freeze(self, now, origin=kinds.METER, user="", peer=""):
        """Keep the normal and alternate registers for remote readers."""
        self._freeze(now, origin, user, peer)
        self._store(now)

    def _freeze(self, now, origin, user="", peer=""):
        for register in self.bank.registers:
            register.freeze()
        self.frozen_at, self.freeze_origin = now, origin
        self._log(kinds.REGISTER_FREEZE, now, origin=origin, user=user, peer=peer)
        self._end_records(marks.FREEZE)

    def billing_period_reset(self, now, origin=kinds.METER, user="", peer=""):
        """End the billing period. Locked if the key asks for it again too soon."""
        left = self.reset_at + self.lockout_s - now
        if origin == kinds.FRONT_PANEL and self.reset_at and 0 < left <= self.lockout_s:
            raise Locked("the reset key is locked for %d s more" % left)
        self._reset(now, origin, user, peer)
        self._store(now)

    def _reset(self, now, origin, user="", peer=""):
        if self.self_reads and self.self_reads.trigger == "billing period reset":
            self._self_read(now)
        self.reset_at, self.reset_origin = now, origin
        self._window(BILLING, now)
        self._log(kinds.BILLING_PERIOD_RESET, now, origin=origin, user=user, peer=peer)
        self._end_records(marks.BILLING_PERIOD_RESET)

    def preset(self, now, number, value, origin=kinds.METER, user="", peer=""):
        """Set a register. value: an int in 10**-6 of its unit, or a float. KeyError, NotPresettable."""
        register = self.register(number)
        before = register.value()
        register.preset(value)
        fields = (number, before, register.value())
        self._log(kinds.REGISTER_PRESET, now, origin=origin, user=user, peer=peer, fields=fields)
        self._end_records(marks.PRESET)
        self._store(now)

    def override(self, now, is_on):
        """Force the tariff's override rate, or give it back."""
        self.is_overridden = is_on
        self.tou.override(is_on)
        self._change_tariff(now)
        for profile in self.profiles:
            profile.switch(is_on)

    def resynchronise(self, now):
        """An external pulse: the demand subinterval ends now."""
        self._closing += [profile for profile in self.profiles if profile.sync]
        self.test.resynchronise(now)
        self._demanded(self.bank.resynchronise(now), now)
        self._plan_all(now)
        self._store(now)

    def set_time(self, before, after, origin=kinds.METER, user="", peer=""):
        """The clock is set from one UTC second to another."""
        self._log(kinds.TIME_SET, after, start=before, origin=origin, user=user, peer=peer)
        self._end_records(marks.TIME_SET, before, after)
        self.is_tariff_frozen = self.is_clock_doubtful = False
        self._jumped(before, after, False)
        self.now = after
        self.battery.moved(before, after)
        self.status.moved(before, after)
        self.status.note(status_word.TIME_CHANGE, after)
        self._store(after)
        self._check(after)

    def battery_changed(self, now):
        """There is a new battery."""
        self.battery.changed(now)
        self._check(now)
        self._wants_checkpoint = True
        self._store(now)

    def mark(self, now, kind):
        """End the load profiles' records with another event of load_profile_record.EVENTS."""
        self._end_records(kind)
        self._store(now)

    def enter_test(self, now, timeout_s=1800, origin=kinds.METER, user="", peer=""):
        """Begin test mode: billing registers and load profiles stand still, test registers count from zero.

        It ends by leave_test(), after timeout_s seconds without keep_testing(), or with the supply. Entering again
        is keep_testing().
        """
        if not self.test_at:
            self.test_at = now
            self._tester = {"origin": origin, "user": user, "peer": peer}
            self.test.zero(now)
            for profile in self.profiles:
                profile.pause(now)
        self._test_timeout_s = timeout_s
        self.keep_testing(now)
        self.checkpoint(now)

    def keep_testing(self, now):
        """Somebody is there: the time after which test mode ends by itself begins anew."""
        if self.test_at:
            self._test_until = now + self._test_timeout_s
            self._plan_all(now)

    def leave_test(self, now):
        """End test mode. The load profiles get a record of what was before it, with its beginning and end."""
        if self.test_at:
            self._log(kinds.TEST_MODE, now, start=self.test_at, **self._tester)
            self._ending = (marks.TEST_MODE, self.test_at, now)
            self.test_at = self._test_until = 0
            self._store(now)
            self._plan_all(now)

    def register(self, number):
        """Return the Register with this number. KeyError."""
        for bank in (self.bank, self.test):
            for register in bank.registers:
                if register.definition.id == number:
                    return register
        raise KeyError("no register %s" % number)

    # The clock jumps: it was set, or the supply was out.

    def _jumped(self, before, after, is_outage):
        """Windows that ended meanwhile end once, and once more, empty, if more than one did."""
        if is_outage or before != after:
            for bank in (self.bank, self.test):
                bank.jumped(before, after, is_outage)
        for window, code in ((HOUR, 60), (DAY, DAILY)):
            ended, begun = self.zone.interval_start(before, code), self.zone.interval_start(after, code)
            if ended != begun:
                self._window(window, after)
                if after > before and self.zone.next_boundary(before, code) != begun:
                    self._window(window, after)
        self._change_tariff(after)
        if self.zone.offset(before) != self.zone.offset(after):
            self._change_dst_at(before, after)
        self._plan.make_up(before, after)
        self._plan_all(after)

    def _change_dst_at(self, before, after):
        fields = (self.zone.offset(before) // 60, self.zone.offset(after) // 60)
        self._log(kinds.DST_CHANGE, after, fields=fields)

    def next_reset(self):
        """Return the UTC second of the next scheduled billing period reset, or None."""
        return self._plan.following(_RESET, self.now)

    # The state.

    def state(self, now):
        """Return as bytes all that a restart needs."""
        saved = Saved(
            now, self.fingerprint, self._print, self._registers_print,
            self.reset_at, self.frozen_at, self.season_at, self.season, self.rate,
            self.reset_origin, self.freeze_origin, self.is_overridden, self.is_tariff_frozen,
            self._plan.done, self.test_at, self._ending,
        )  # fmt: skip
        parts = [self._outbox.state(), self.bank.state()]
        for place, profile in enumerate(self.profiles):
            parts.append(struct.pack("<I", self._profile_prints[place]) + profile.state())
        parts += [self.battery.state(), self.status.state(now)]
        return pack_state(saved, parts)

    def start(self, now, lost=None):
        """Begin, or go on from what is stored. now: UTC. lost: None, or one of RESPONSES if the clock was lost.

        Return (UTC second from which metering goes on, UTC second of the stored state or None). A clock that was lost
        goes on from the stored second, with the outage as its error.
        StateError if what is stored is of another version, or if the registers need more room than there is.
        """
        stored = self.journal.load()
        if not stored:
            if lost:
                now = NO_CLOCK
                self._log(kinds.BATTERY_FAILURE, now, fields=(RESPONSES[0],))
            self.begin(now)
            if lost:
                self.battery.failed()
                self.is_clock_doubtful = True
                self._check(now)
            self._check_room(now)
            return now, None
        saved_at, state = stored
        if lost:
            now = saved_at
        self.resume(state, saved_at, now)
        # A battery that had failed before lost the clock with the supply.
        self.is_clock_doubtful = self.battery.has_failed
        if lost:
            self.battery.failed()
            self.is_clock_doubtful = True
            self._check(now)
            self._log(kinds.BATTERY_FAILURE, now, start=saved_at, fields=(lost,))
            if lost != RESPONSES[0]:
                self._reset(now, kinds.METER)
            self.is_tariff_frozen = lost == RESPONSES[2]
            self._store(now)
        return now, saved_at

    def begin(self, now):
        """Begin with nothing, at this UTC second."""
        self.now = now
        self.bank.demand.begin(now)
        self.test.demand.begin(now)
        self.season, self.rate = self.tou.season(now), self.tou.rate(now)
        for profile in self.profiles:
            profile.begin(now)
        self.battery.changed(now)
        self._plan_all(now)
        self._check(now)

    def resume(self, state, saved_at, now, is_outage=True):
        """Go on from the state that was saved at saved_at (UTC); now: UTC, when metering resumes.

        is_outage: False where another configuration is applied meanwhile, without any time between. What the state was
        made under decides what is kept: under another configuration registers are zeroed and load profiles erased
        (the manual, Changing Meter Configurations); under other definitions of the same, only the totals are kept.
        """
        saved, parts = unpack(state)
        self.reset_at, self.frozen_at, self.season_at = saved.reset_at, saved.frozen_at, saved.season_at
        self.season, self.rate = saved.season, saved.rate
        self.reset_origin, self.freeze_origin = saved.reset_origin, saved.freeze_origin
        self._plan.done, self.test_at = saved.done, saved.test_at
        self.is_tariff_frozen, self.is_overridden = saved.is_tariff_frozen, saved.is_overridden
        self.tou.override(self.is_overridden)
        self.status.restore(parts.pop())
        self.battery.restore(parts.pop())
        self.battery.outage(now - saved_at)
        is_zeroed = saved.registers != self._registers_print
        is_same = saved.fingerprint == self.fingerprint and not is_zeroed
        self.bank.restore(parts[1], is_same)
        ending, is_configured = saved.ending, saved.configuration != self._print
        if is_configured:
            ending = ending or (marks.CONFIGURATION, saved_at, now if is_outage else None)
        self._resume_profiles(parts[2:], saved_at, now, ending)
        for profile in self.profiles:
            profile.switch(self.is_overridden)
        self._outbox.restore(parts[0])
        self._outbox.flush()
        if is_zeroed:
            self._zero(now)
        if not is_same:
            self.bank.demand.begin(saved_at)
        self.test.demand.begin(saved_at)
        if is_configured:
            origin, user, peer = self._configured_by
            prints = (saved.configuration, self._print)
            self._log(kinds.CONFIGURATION, now, origin=origin, user=user, peer=peer, fields=prints)
            self._want_checkpoint(now)
        if self.test_at:
            self._log(kinds.TEST_MODE, saved_at, start=self.test_at)
            self.test_at = 0
        self._jumped(saved_at, now, is_outage)
        self.now = now
        self._check_room(now)
        self._store(now)
        self._check(now)
        self.status.tick(now)

    def _check_room(self, now):
        """StateError now, and not at the first checkpoint, if there are more registers than can be stored."""
        size = len(self.state(now))
        if size > self.journal.largest:
            raise StateError(
                "the registers need %d bytes of storage, %d are there: define fewer, or longer subintervals"
                % (size, self.journal.largest)
            )

    def _resume_profiles(self, parts, saved_at, now, ending):
        """Close what was running, by the totals of before, and erase what was recorded under another configuration."""
        for place, profile in enumerate(self.profiles):
            is_known = place < len(parts)
            if is_known:
                profile.resume(parts[place][4:], saved_at, now, ending)
            else:
                profile.begin(now)
            made_under = struct.unpack_from("<I", parts[place])[0] if is_known else None
            if made_under != self._profile_prints[place]:
                profile.erase(now)

    def clear(self, now):
        """Cold start: erase the load profiles and zero all registers."""
        for profile in self.profiles:
            profile.erase(now)
        self._zero(now)
        self._want_checkpoint(now)
        self._store(now)

    def _zero(self, now):
        """Registers and self-reads begin anew. The load profiles have closed their records and go on from 0."""
        self.bank.zero(now)
        self.reset_at = self.frozen_at = self.season_at = 0
        for profile in self.profiles:
            profile.begin(now)
        if self.self_reads:
            self._outbox.add("self_reads", now, ERASURE)
