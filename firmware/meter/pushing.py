"""Pushes wired together: what is sent is read from the catalogue with a right of its own, and sent by ports.push.

The meter pushes as somebody at the origin `schedule`: rights.ANONYMOUS says what that one reads. What only the keys
open is not pushed, nor are the associations.
"""

from meter.access.push_plan import POWER_UP, LogWatch, PushPlan
from meter.access.visitor import Visitor
from meter.ports.push import Plan, Pusher
from meter.protocols.dlms import push
from meter.protocols.dlms.objects import base
from meter.protocols.dlms.objects.datetime import Times
from meter.protocols.dlms.objects.names import ASSOCIATION_CLASS
from meter.registers import event_kinds


class _Pushing:
    """What an association is to the objects: it reads what the meter may push."""

    client = None

    def __init__(self, visitor):
        self._visitor = visitor

    def may(self, right):
        """Return True if this is read, of the rights of objects.base."""
        kind, _, what = (right or "").partition(":")
        return right == base.FREE or kind == "read" and self._visitor.may_read(what)


class _Composer:
    """Makes notifications. They are numbered from 1."""

    def __init__(self, app, device, visitor, plan):
        self._app, self._device, self._plan = app, device, plan
        self._context = base.Context(visitor, _Pushing(visitor), device)
        self._number = 0

    def compose(self, reason):
        """Yield None while at work, then the PushSession. Nothing, if it is too long."""
        found = None
        self._context.now = self._app.uptime.ms()
        try:
            for made in push.body(self._read, self._plan.objects):
                found = made
                yield None
        except push.TooLong:
            return
        self._number += 1
        time = Times(self._app.engine.zone).bytes(self._app.meter.clock.second)
        yield push.PushSession(self._plan.client, push.notification(self._number, time, found))

    def _read(self, class_id, ln, attribute):
        if class_id == ASSOCIATION_CLASS:
            raise base.AccessError(base.READ_WRITE_DENIED)
        found = self._device.catalogue.find(class_id, ln, self._context)
        if found is None:
            raise base.AccessError(base.OBJECT_UNDEFINED)
        if attribute == 1:
            return b"\x09\x06" + ln
        for number, right, _ in found.attributes:
            if number == attribute and self._context.may(right):
                return found.get(attribute, self._context)
        raise base.AccessError(base.READ_WRITE_DENIED)


def pusher(app, device, visits):
    """Return the Pusher of an App, which its events, schedule and commands trigger from now on.

    device: Device. visits: SecurityLog. `run(net, uptime)` of what is returned is the task.
    """
    plan = PushPlan(lambda: app.settings, lambda: app.meter.clock.second, lambda: app.engine.zone)
    visitor = Visitor(app.access, event_kinds.SCHEDULE, visits, app.uptime)
    composer = _Composer(app, device, visitor, plan)
    found = Pusher(
        lambda: Plan(*plan.target) if plan.is_enabled else None,
        plan.is_wanted,
        lambda: (
            plan.is_open() and not app.engine.test_at
        ),  # in test mode there is no network (the manual, Test Mode)
        composer.compose,
        device.random_bytes,
    )
    app.dlms_state.pushes(found.trigger, LogWatch(app.logs))
    found.trigger(POWER_UP)
    return found
