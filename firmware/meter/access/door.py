"""The door: logins, rights, keys and the log, around every command. See commands.py for the table."""

from meter.access import arguments as kinds_of_arguments
from meter.access import sections
from meter.access.commands import ACCESS, BY_SECTION, COMMAND, NOT_BUILT, READS, find, read_right
from meter.access.errors import Denied, Refused
from meter.access.key_store import NAMES as KEY_NAMES
from meter.access.login import Login
from meter.access.rights import mask
from meter.access.users import MANAGEMENT
from meter.registers import event_kinds as kinds

_LOGGED = ((ACCESS, kinds.CONFIGURATION_ACCESS), (COMMAND, kinds.COMMAND))


class Door:
    """Who goes through it.

    users       Users
    keys        Keys: the jumpers
    log         SecurityLog
    actions     dict from the name of a command to its function
    key_store   KeyStore: the keys of DLMS
    """

    def __init__(self, users, keys, log, actions, key_store):
        self._users, self._keys, self._log = users, keys, log
        self._actions = actions
        self._reads = {what: mask((right,)) for what, right in READS}
        self.key_store = key_store

    def login(self, user, password, origin, peer, now):
        """Return the Login of a user. Denied, Refused. user, password: text or bytes, whatever a peer sent."""
        return self._login(lambda: self._users.check(user, password, origin, now), user, origin, peer, now)

    def login_slot(self, slot, password, origin, peer, now):
        """Return the Login of the user in a slot, 1 to 10, whatever a peer sent. Denied, Refused."""
        named = "slot %d" % slot if isinstance(slot, int) and 0 <= slot < 256 else None
        return self._login(
            lambda: self._users.check_slot(slot, password, origin, now), named, origin, peer, now
        )

    def login_by_key(self, is_genuine, origin, peer, now):
        """Return the Login of who has proved to have the keys, or has failed to. Denied, Refused."""

        def check():
            if self.key_store.problem:
                raise Denied(self.key_store.problem)
            return self._users.check_key(is_genuine, origin, now)

        return self._login(check, MANAGEMENT, origin, peer, now)

    def _login(self, check, user, origin, peer, now):
        """Return the Login of the User that check() returns. user: who it is said to be, for the log."""
        try:
            self._keys.check_unlock(origin)
            entry = check()
        except (Denied, Refused) as error:
            self._log.refused(
                {"origin": origin, "user": _shown(user), "peer": peer}, "login: %s" % error, now
            )
            raise
        return Login(origin, peer, entry, self._log.logon(origin, peer, entry.name, now), now)

    def anonymous(self, origin, peer):
        """Return the Login of nobody in particular."""
        return Login(origin, peer)

    def logoff(self, who):
        """The user leaves, or is made to. What needs no login can still be done."""
        if who.entry:
            self._log.logoff(who)
        who.entry = None

    def command(self, name, who, now, given):
        """Do a command. given: dict of its arguments. Denied, Refused; then nothing has been done."""
        self.refresh(who, now)
        marks = who.marks
        try:
            row = self._allowed(name, who)
            kinds_of_arguments.check(row[5], given)
            action = None if row[6] == NOT_BUILT else self._actions.get(name)
            if action is None:
                raise Refused("not built into this meter")
            action(who, now, **given)
        except (Denied, Refused) as error:
            self._log.refused(marks, "%s: %s" % (_shown(name), error), now)
            raise
        for log, kind in _LOGGED:
            if row[7] == log:
                self._log.done(kind, marks, _told(name, given))

    def warnings(self):
        """Return a line for each password and key of the factory, and for what could not be read of them."""
        return self._users.warnings() + self.key_store.warnings()

    def users(self):
        """Return (number of the slot from 1, name) of each user."""
        return self._users.slots()

    def _allowed(self, name, who):
        """Return the row of a command that this one may do now."""
        row = find(name) if isinstance(name, str) else None
        if row is None:
            raise Refused("unknown command")
        right = row[1]
        if right is None or right == BY_SECTION:
            if not who.entry:
                raise Denied("needs a login")
        else:
            _need(who, right)
        self._keys.check(name, who.origin, row[2], row[3], row[4])
        return row

    def read(self, what, who, now):
        """Refuse (Denied) what this one may not read. what: of commands.READS."""
        if not self.may_read(what, who, now):
            try:
                _need(who, read_right(what))
            except Denied as error:
                self._log.refused(who.marks, "%s: %s" % (what, error), now)
                raise
        if what == "configuration":
            self._log.was_read(who.marks, what, now)

    # What would be allowed now: asked before it is offered, so nothing of it is logged.

    def may_read(self, what, who, now):
        """Return True if this one may read what is in commands.READS. KeyError."""
        self.refresh(who, now)
        return bool(who.rights & self._reads[what])

    def may_command(self, name, who, now):
        """Return True if this one may do a command, and it is built into this meter."""
        self.refresh(who, now)
        try:
            row = self._allowed(name, who)
        except (Denied, Refused):
            return False
        return row[6] != NOT_BUILT and name in self._actions

    def may_set(self, path, who, now):
        """Return True if this one may change a setting."""
        self.refresh(who, now)
        try:
            sections.check((path,), who.rights, self._keys)
        except (Denied, Refused):
            return False
        return bool(who.entry)

    def refused(self, what, who, now):
        """Write into the security log what a protocol has refused by itself. what: a line."""
        self._log.refused(who.marks, what, now)

    def refresh(self, who, now):
        """Log off who has been silent for too long or is no user any more; else it has been heard."""
        if who.entry and (who.has_timed_out(now) or not self._users.holds(who.entry)):
            self.logoff(who)
        who.heard(now)


def _need(who, right):
    if not who.rights & mask((right,)):
        raise Denied(
            "needs the right: %s" % right if who.entry else "needs a login with the right: %s" % right
        )


def _told(name, given):
    """Return what the log says of a command: its name, and which user or keys it was about. Never a secret."""
    if "keys" in given:
        return "%s: %s" % (name, ", ".join([KEY_NAMES[number] for number, _ in given["keys"]]))
    return "%s %s" % (name, _shown(given["user"])) if "user" in given else name


def _shown(text):
    """Return what a peer sent as a text for the log: never more than a name, never what is none."""
    if isinstance(text, (bytes, bytearray)):
        try:
            text = bytes(text).decode()
        except UnicodeError:
            return "?"
    if not isinstance(text, str):
        return "?"
    return "".join([letter if 32 <= ord(letter) < 127 else "?" for letter in text[:24]])
