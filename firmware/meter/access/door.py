"""The door: logins, rights, keys and the log, around every command. See commands.py for the table."""

from meter.access import arguments as kinds_of_arguments
from meter.access.commands import ACCESS, BY_SECTION, COMMAND, NOT_BUILT, find, read_right
from meter.access.errors import Denied, Refused
from meter.access.login import Login
from meter.access.rights import mask
from meter.registers import event_kinds as kinds

_LOGGED = ((ACCESS, kinds.CONFIGURATION_ACCESS), (COMMAND, kinds.COMMAND))


class Door:
    """users: Users. keys: Keys. log: SecurityLog. actions: dict from the name of a command to its function."""

    def __init__(self, users, keys, log, actions):
        self._users, self._keys, self._log = users, keys, log
        self._actions = actions

    def login(self, user, password, origin, peer, now):
        """Return the Login of a user. Denied, Refused. user, password: text or bytes, whatever a peer sent."""
        try:
            self._keys.check_unlock(origin)
            entry = self._users.check(user, password, origin, now)
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
        """Return a line for each user with the factory's password, and for users that could not be read."""
        return self._users.warnings()

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
        self.refresh(who, now)
        try:
            _need(who, read_right(what))
        except Denied as error:
            self._log.refused(who.marks, "%s: %s" % (what, error), now)
            raise
        if what == "configuration":
            self._log.was_read(who.marks, what, now)

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
    """Return what the log says of a command: its name, and which user it was about. Never a password."""
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
