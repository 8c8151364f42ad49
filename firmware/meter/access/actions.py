"""What the commands do: for each name of commands.py a function (who, now, **arguments), by what it acts on.

who: Login. now: uptime, ms. What the core says is wrong becomes Refused. A command without a function is refused by
name: it is not built into this meter.
"""

from meter.access import sections
from meter.access.commands import WRITE_CONFIGURATION
from meter.access.errors import Refused
from meter.config.schema import ConfigError
from meter.config.store import Who
from meter.inputs_outputs.disconnector import REMOTE_DISCONNECT, REMOTE_RECONNECT
from meter.metrology.calibration import CalibrationError, unpack
from meter.registers.engine import Locked
from meter.registers.event_kinds import CONFIGURATION_ACCESS
from meter.storage.errors import StorageError


def of_meter(meter, settings):
    """Return the dict of the commands on a Meter. settings: function that returns the configuration in force."""

    def set_time(who, now, utc):
        meter.set_time(utc, **who.marks)

    def freeze(who, now):
        meter.engine.freeze(meter.cut(), **who.marks)

    def reset(who, now):
        try:
            meter.engine.billing_period_reset(meter.cut(), **who.marks)
        except Locked as error:
            raise Refused(str(error))

    def preset(who, now, number, value):
        try:
            meter.engine.preset(meter.cut(), number, value, **who.marks)
        except (KeyError, ValueError) as error:
            raise Refused(str(error.args[0]))

    def override(who, now, is_on):
        if settings()["tou.override"] == "none":
            raise Refused("tou.override: no rate is configured for it")
        meter.engine.override(meter.cut(), is_on)

    def resynchronise(who, now):
        if not settings()["demand.sync"]:
            raise Refused("demand.sync: not configured")
        meter.engine.resynchronise(meter.cut())

    def mark_read(who, now, profile, reader, entry):
        for number, known in enumerate(meter.load_profiles):
            if number == profile - 1 and entry < known.fifo.next:
                known.query.mark_read(_text(reader), entry)
                return
        raise Refused("there is no such record")

    def leave_test(who, now):
        meter.engine.leave_test(meter.cut())

    def battery_changed(who, now):
        meter.engine.battery_changed(meter.cut())

    return {
        "leave test mode": leave_test,
        "battery changed": battery_changed,
        "mark load profile read": mark_read,
        "set time": set_time,
        "freeze": freeze,
        "billing period reset": reset,
        "preset register": preset,
        "override tariff": override,
        "resynchronise demand": resynchronise,
    }


def of_users(users, key_store, armed, log):
    """Return the dict of the commands on Users and the KeyStore. armed: Armed. log: SecurityLog."""

    def change_password(who, now, old, new):
        who.entry = users.change_password(who.entry, old, new, who.origin, now)

    def put(who, now, user, password=None, rights=None):
        is_self = who.user.encode() == _bytes(user)
        changed = users.put(user, password, rights)
        if is_self:
            who.entry = changed

    def remove(who, now, user):
        users.remove(user)

    def reset(who, now, confirmed):
        marks = who.marks

        def act():
            try:
                users.reset()
                key_store.reset()
                log.done(CONFIGURATION_ACCESS, marks, "users and keys of the factory")
            except Refused:
                pass  # the supply is failing: what counts more is still to be stored

        armed.arm(act, now)

    def replace_keys(who, now, keys):
        key_store.transfer(keys)

    return {
        "change password": change_password,
        "set user": put,
        "remove user": remove,
        "reset users": reset,
        "replace keys": replace_keys,
    }


def _bytes(text):
    return text.encode() if isinstance(text, str) else bytes(text)


def _text(data):
    return data if isinstance(data, str) else bytes(data).decode()


def of_configuration(settings, configure, keys):
    """Return the dict of the command that writes the configuration.

    settings    function that returns the configuration in force
    configure(text, Who, may_change)    makes another one hold, see App
    keys        Keys
    """

    def write(who, now, document):
        text = _bytes(document)

        def may_change(new):
            sections.check(sections.changed(settings(), new), who.rights, keys)

        try:
            configure(text, Who(who.origin, who.user, who.peer), may_change)
        except ConfigError as error:
            raise Refused("; ".join(error.problems))

    return {WRITE_CONFIGURATION: write}


def of_dlms_state(state, contacts, now):
    """Return the dict of the commands on a DlmsState. contacts: hal Contacts or None. now(): UTC second."""
    disconnector = state.disconnector

    def drive(who, now, output, is_on):
        if contacts is None or output > contacts.outputs:
            raise Refused("there is no output %d" % output)
        if output == disconnector.channel:
            raise Refused("output %d is the disconnector's" % output)
        contacts.output(output, is_on)

    def request(what):
        def act(who, now):
            try:
                disconnector.request(what)
            except (OSError, StorageError, ValueError) as error:
                raise Refused(str(error))

        return act

    def push(who, now):
        if state.push is None or not state.push("command"):
            raise Refused("dlms.push: nothing is pushed")

    def upgrade(who, now_ms, step, **given):
        state.upgrade.take(step, now(), **given)

    return {
        "drive output": drive,
        "disconnect": request(REMOTE_DISCONNECT),
        "reconnect": request(REMOTE_RECONNECT),
        "push": push,
        "upgrade firmware": upgrade,
    }


def of_app(app, armed):
    """Return the dict of the commands on the App. armed: Armed."""

    def calibrate(who, now, calibration):
        try:
            new = unpack(bytes(calibration))
        except CalibrationError as error:
            raise Refused(str(error))
        app.calibrate(new, **who.marks)

    def warm_start(who, now):
        app.warm_start()

    def cold_start(who, now, confirmed):
        armed.arm(app.cold_start, now)

    def enter_test(who, now):
        app.engine.enter_test(app.meter.cut(), **who.marks)
        app.hang_up()

    return {
        "calibrate": calibrate,
        "warm start": warm_start,
        "cold start": cold_start,
        "enter test mode": enter_test,
    }
