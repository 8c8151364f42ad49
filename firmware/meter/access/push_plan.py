"""What the settings dlms.push.* say of a push, for ports.push.Pusher and the push setup object."""

from meter.config import push_fields
from meter.registers import event_kinds as kinds

COMMAND, SCHEDULE = "command", "schedule"
POWER_UP = "power up"
# kind of an event, what it is called in dlms.push.events
_EVENTS = (
    (kinds.ALARM, "alarm"),
    (kinds.DIAGNOSTIC_SET, "diagnostic"),
    (kinds.BILLING_PERIOD_RESET, "billing period reset"),
    (kinds.DIP, "power quality"),
    (kinds.SWELL, "power quality"),
    (kinds.INTERRUPTION, "power quality"),
)


class LogWatch:
    """Tells what has come into the logs since it was asked last. logs: EventLogs.

    It looks at the logs and not at who writes them: the engine's records go to the flash on a way of their own.
    """

    def __init__(self, logs):
        self._logs = [logs.log(name) for name in ("events", "alarms", "diagnostics", "sags")]
        self._next = [log.fifo.next for log in self._logs]

    def reasons(self):
        """Yield the reason for a push of each new event that is one."""
        for place, log in enumerate(self._logs):
            start, self._next[place] = self._next[place], log.fifo.next
            if start < self._next[place]:
                for event in log.records(start):
                    for known, reason in _EVENTS:
                        if known == event.kind:
                            yield reason


class PushPlan:
    """settings: function that returns the configuration in force. second(): UTC second. zone(): Zone."""

    def __init__(self, settings, second, zone):
        self._settings, self._second, self._zone = settings, second, zone

    @property
    def is_enabled(self):
        """True if pushes are sent at all."""
        return self._settings()["dlms.push.enabled"]

    @property
    def objects(self):
        """(class, logical name, attribute) of all that is sent."""
        return push_fields.attributes(self._settings()["dlms.push.objects"])

    @property
    def client(self):
        """Client address of who listens."""
        return self._settings()["dlms.push.client"]

    @property
    def target(self):
        """(host, port, retries, delay s, randomisation s)."""
        settings = self._settings()
        names = ("host", "port", "retries", "delay", "randomisation")
        return tuple([settings["dlms.push." + name] for name in names])

    def is_wanted(self, reason):
        """Return True if a push follows this reason. What is asked for by command or schedule is always wanted."""
        return reason in (COMMAND, SCHEDULE) or reason in self._settings()["dlms.push.events"]

    def is_open(self):
        """Return True while the communication window is open."""
        windows = push_fields.windows(self._settings()["dlms.push.window"])
        return push_fields.is_open(windows, self._zone().local(self._second()) // 60 % 1440)
