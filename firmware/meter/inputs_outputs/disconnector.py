"""Disconnect control: the states and transitions of class 70 (IEC 62056-6-2, 5.4.8), and the contact that follows.

    a remote_reconnect   disconnected -> connected            e manual_reconnect   ready -> connected
    b remote_disconnect  connected -> disconnected            f manual_disconnect  connected -> ready
    c remote_disconnect  ready -> disconnected                g local_disconnect   connected -> ready
    d remote_reconnect   disconnected -> ready                h local_reconnect    ready -> connected

Which are possible depends on the control mode. A state is stored before the contact follows, and the contact follows at
each start: so what was said to be done is done, whenever the power fails.
"""

from meter.compat import const

DISCONNECTED, CONNECTED, READY = const(0), const(1), const(2)  # ready for reconnection
NAME = "disconnector"  # its kept state: control state, control mode

_STATES = {
    "a": (DISCONNECTED, CONNECTED),
    "b": (CONNECTED, DISCONNECTED),
    "c": (READY, DISCONNECTED),
    "d": (DISCONNECTED, READY),
    "e": (READY, CONNECTED),
    "f": (CONNECTED, READY),
    "g": (CONNECTED, READY),
    "h": (READY, CONNECTED),
}
# what is asked for: transitions that do it
REMOTE_DISCONNECT, REMOTE_RECONNECT = "remote disconnect", "remote reconnect"
MANUAL_DISCONNECT, MANUAL_RECONNECT = "manual disconnect", "manual reconnect"
LOCAL_DISCONNECT, LOCAL_RECONNECT = "local disconnect", "local reconnect"
REQUESTS = {
    REMOTE_DISCONNECT: "bc",
    REMOTE_RECONNECT: "ad",
    MANUAL_DISCONNECT: "f",
    MANUAL_RECONNECT: "e",
    LOCAL_DISCONNECT: "g",
    LOCAL_RECONNECT: "h",
}
# by control mode: the transitions that are possible. Mode 0: always connected
MODES = ("", "bcdefg", "abcefg", "bcdeg", "abceg", "bcdefgh", "bcdegh")


class Disconnector:
    """kept: Kept. contacts: hal Contacts, or None. channel: function: the output that follows, 0 for none.

    state   DISCONNECTED, CONNECTED or READY
    mode    0 to 6
    """

    def __init__(self, kept, contacts, channel):
        self._kept, self._contacts, self._channel = kept, contacts, channel
        stored = kept.get(NAME) or bytes((CONNECTED, 0))
        self.state, self.mode = stored

    @property
    def channel(self):
        """The output that follows, 0 for none."""
        channel = self._channel()
        return channel if self._contacts and channel <= self._contacts.outputs else 0

    @property
    def output(self):
        """True while the supply is connected."""
        return self.state == CONNECTED

    def follow(self):
        """Drive the contact as the state says: at each start, and when the configuration has changed."""
        if self.channel:
            self._contacts.output(self.channel, self.output)

    def request(self, what):
        """Do what is asked for, of REQUESTS. What is so already is done. ValueError if the mode does not allow it."""
        possible = [each for each in REQUESTS[what] if each in MODES[self.mode]]
        if not possible:
            raise ValueError("control mode %d has no %s" % (self.mode, what))
        for each in possible:
            before, after = _STATES[each]
            if self.state == before:
                self._become(after, self.mode)
                return

    def set_mode(self, mode):
        """Set the control mode. ValueError if there is none such."""
        if not 0 <= mode < len(MODES):
            raise ValueError("there is no control mode %d" % mode)
        self._become(self.state if mode else CONNECTED, mode)

    def _become(self, state, mode):
        self._kept.put(NAME, bytes((state, mode)))
        self.state, self.mode = state, mode
        self.follow()
