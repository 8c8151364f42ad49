"""One conversation at the door: what a port hands to a session. It reads and commands as whoever is logged in there.

It has the methods of Access, each with its right (commands.READS), and besides on() and off() for the session to tell
that its peer has come and gone.
"""


class Visitor:
    """access: Access. origin: number of event_kinds. log: SecurityLog. uptime: with ms()."""

    def __init__(self, access, origin, log, uptime):
        self._access, self._log, self._uptime = access, log, uptime
        self._who = access.anonymous(origin, "")
        self._origin, self._is_on = origin, False

    @property
    def identity(self):
        """As Access.identity: it needs no right."""
        return self._access.identity

    def on(self, peer):
        """The peer has signed on. It is nobody in particular until it logs in."""
        self._end()
        self._log.present += not self._is_on
        self._is_on = True
        self._who = self._access.anonymous(self._origin, peer)
        self._who.since = self._log.logon(self._origin, peer, "", self._uptime.ms())

    def off(self, peer=None):
        """The peer has left, or has been silent for too long."""
        self._log.present -= self._is_on
        self._is_on = False
        self._end()
        self._who = self._access.anonymous(self._origin, "")

    def _end(self):
        self._access.logoff(self._who)
        self._log.logoff(self._who)

    @property
    def zone(self):
        """As Access.zone: it needs no right."""
        return self._access.zone

    def second(self):
        """As Access.second(): it needs no right."""
        return self._access.second()

    @property
    def user(self):
        """The name of who is logged in, "" if nobody is."""
        return self._who.user

    @property
    def slot(self):
        """The number of the slot of who is logged in, from 1; 0 if nobody is, or it is who has the keys."""
        for slot, user in self._access.users() if self.user else ():
            if user == self.user:
                return slot
        return 0

    def login(self, user, password):
        """Log in; who was before is logged off. Denied, Refused."""
        self._is_now(self._access.login(user, password, *self._where()))

    def login_slot(self, slot, password):
        """Log in as the user in a slot, 1 to 10, as login()."""
        self._is_now(self._access.login_slot(slot, password, *self._where()))

    def login_by_key(self, is_genuine):
        """Log in as "management", with all rights, if it was proved that the peer has the keys. Denied, Refused.

        is_genuine: what came of the check. A wrong one counts in the lockout as a wrong password does.
        """
        self._is_now(self._access.login_by_key(is_genuine, *self._where()))

    def _where(self):
        return self._origin, self._who.peer, self._uptime.ms()

    def _is_now(self, who):
        self._end()
        self._who = who

    def may_read(self, what):
        """Return True if it may read this (of commands.READS). Asking is not logged; so for the next two."""
        return self._access.may_read(what, self._who, self._uptime.ms())

    def check_read(self, what):
        """Denied if it may not read this: of what is not read from here."""
        self._checked(what)

    def may_command(self, name):
        """Return True if it may do this command, and the meter can."""
        return self._access.may_command(name, self._who, self._uptime.ms())

    def may_set(self, path):
        """Return True if it may change this setting."""
        return self._access.may_set(path, self._who, self._uptime.ms())

    def refused(self, what):
        """Write into the security log what a protocol has refused by itself. what: a line, without secrets."""
        self._access.refused(what, self._who, self._uptime.ms())

    @property
    def keys(self):
        """The KeyStore: for the protocol itself, never for its peer."""
        return self._access.keys

    def change(self, values):
        """Change settings, {path: value}, as by writing the configuration with them. Denied, Refused."""
        self._access.change(values, self._who, self._uptime.ms())

    def users(self):
        """As Access.users(); or Denied."""
        return self._checked("users").users()

    def command(self, name, **arguments):
        """Do a command of commands.COMMANDS. Denied, Refused."""
        self._access.command(name, self._who, self._uptime.ms(), **arguments)

    def _checked(self, what):
        self._access.check_read(what, self._who, self._uptime.ms())
        return self._access

    def read(self, key, primary=False):
        """As Access.read(); or Denied, as all below."""
        return self._checked("read").read(key, primary)

    def setting(self, path):
        """As Access.setting()."""
        return self._checked("configuration").setting(path)

    def configuration(self):
        """As Access.configuration()."""
        return self._checked("configuration").configuration()

    def register(self, number, remote=True):
        """As Access.register()."""
        return self._checked("register").register(number, remote)

    def registers(self, list_name, remote=True):
        """As Access.registers()."""
        return self._checked("registers").registers(list_name, remote)

    def self_reads(self, start=None):
        """As Access.self_reads()."""
        return self._checked("self_reads").self_reads(start)

    def local_time(self):
        """As Access.local_time()."""
        return self._checked("local_time").local_time()

    def profile(self, start=None):
        """As Access.profile()."""
        return self._checked("profile").profile(start)

    def profile_between(self, first, last, number=1):
        """As Access.profile_between()."""
        return self._checked("profile").profile_between(first, last, number)

    def profile_channels(self):
        """As Access.profile_channels()."""
        return self._checked("profile_channels").profile_channels()

    def log(self, name, start=None):
        """As Access.log()."""
        return self._checked("log " + name).log(name, start)

    def read_rate(self, key, rate, primary=False):
        """As Access.read_rate()."""
        return self._checked("read").read_rate(key, rate, primary)

    # What there is, without its values: it needs no right.

    def keeps_rate(self, key):
        """As Access.keeps_rate()."""
        return self._access.keeps_rate(key)

    def unit(self, key):
        """As Access.unit()."""
        return self._access.unit(key)

    def channels(self, number):
        """As Access.channels()."""
        return self._access.channels(number)

    def listed(self, list_name):
        """As Access.listed()."""
        return self._access.listed(list_name)

    def form(self, number):
        """As Access.form()."""
        return self._access.form(number)

    def demands(self):
        """As Access.demands()."""
        return self._access.demands()

    def parsed(self, text):
        """As Access.parsed()."""
        return self._access.parsed(text)

    # Values.

    def demanded(self, kind, key, rate=0, primary=False):
        """As Access.demanded()."""
        return self._checked("registers").demanded(kind, key, rate, primary)

    def demand_timing(self):
        """As Access.demand_timing()."""
        return self._checked("registers").demand_timing()

    def nameplate(self):
        """As Access.nameplate()."""
        return self._checked("nameplate").nameplate()

    def status(self):
        """As Access.status()."""
        return self._checked("status").status()

    def load_profile(self, number, primary=False):
        """As Access.load_profile(): what it returns is read without being asked again."""
        return self._checked("profile").load_profile(number, primary)

    def log_range(self, name):
        """As Access.log_range()."""
        return self._checked("log " + name).log_range(name)

    def self_reads_range(self):
        """As Access.self_reads_range()."""
        return self._checked("self_reads").self_reads_range()

    def configuration_pieces(self):
        """As Access.configuration_pieces()."""
        return self._checked("configuration").configuration_pieces()
