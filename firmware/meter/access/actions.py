"""What the commands do: for each name of commands.py a function (who, now, **arguments), by what it acts on.

who: Login. now: uptime, ms. What the core says is wrong becomes Refused. A command without a function is refused by
name: it is not built into this meter.
"""

from meter.access import sections
from meter.access.errors import Refused
from meter.metrology.calibration import CalibrationError, unpack
from meter.registers.engine import Locked
from meter.registers.event_kinds import CONFIGURATION_ACCESS


def of_meter(meter):
    """Return the dict of the commands on a Meter."""
    engine = meter.engine

    def set_time(who, now, utc):
        meter.set_time(utc, **who.marks)

    def freeze(who, now):
        engine.freeze(meter.cut(), **who.marks)

    def reset(who, now):
        try:
            engine.billing_period_reset(meter.cut(), **who.marks)
        except Locked as error:
            raise Refused(str(error))

    def preset(who, now, number, value):
        try:
            engine.preset(meter.cut(), number, value, **who.marks)
        except (KeyError, ValueError) as error:
            raise Refused(str(error.args[0]))

    def override(who, now, is_on):
        engine.override(meter.cut(), is_on)

    def resynchronise(who, now):
        engine.resynchronise(meter.cut())

    return {
        "set time": set_time,
        "freeze": freeze,
        "billing period reset": reset,
        "preset register": preset,
        "override tariff": override,
        "resynchronise demand": resynchronise,
    }


def of_users(users, armed, log):
    """Return the dict of the commands on Users. armed: Armed. log: SecurityLog."""

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
                log.done(CONFIGURATION_ACCESS, marks, "users of the factory")
            except Refused:
                pass  # the supply is failing: what counts more is still to be stored

        armed.arm(act, now)

    return {"change password": change_password, "set user": put, "remove user": remove, "reset users": reset}


def _bytes(name):
    return name.encode() if isinstance(name, str) else bytes(name)


def of_configuration(read, current, apply, keys):
    """Return the dict of the command that writes the configuration.

    read(document)      returns settings, or raises an exception with `problems`, a list of lines
    current()           the settings that hold
    apply(settings, who)    makes others hold
    keys                Keys
    """

    def write(who, now, document):
        new = read(document)
        sections.check(sections.changed(current(), new), who.rights, keys)
        apply(new, who)

    return {"write configuration": write}


def of_app(app):
    """Return the dict of the commands on the App."""

    def calibrate(who, now, calibration):
        try:
            new = unpack(bytes(calibration))
        except CalibrationError as error:
            raise Refused(str(error))
        app.calibrate(new, **who.marks)

    return {"calibrate": calibrate}
