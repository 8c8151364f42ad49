"""Users, rights, keys and commands on the device's interpreter."""

from meter.access import actions, sections
from meter.access.armed import Armed
from meter.access.commands import COMMANDS
from meter.access.door import Door
from meter.access.errors import Denied, Refused
from meter.access.key_store import KeyStore
from meter.access.keys import Keys
from meter.access.rights import ALL, NAMES, mask, names
from meter.access.security_log import SecurityLog
from meter.access.users import Users
from meter.config.schema import FIELDS
from meter.registers import event_kinds as kinds
from meter.registers.event_log import EventLogs
from meter.storage.journal import Journal
from meter.storage.partitions import Partitions

SECTOR = 1024
TABLE = (("users", 8), ("keys", 6)) + tuple([(name, 3) for name in kinds.LOGS])


class MemoryFlash:
    """hal.Flash in RAM."""

    size, erase_size = 34 * SECTOR, SECTOR

    def __init__(self):
        self.memory = bytearray(b"\xff" * self.size)

    def read(self, address, buffer):
        buffer[:] = self.memory[address : address + len(buffer)]

    def program(self, address, data):
        for k in range(len(data)):
            self.memory[address + k] &= data[k]

    def erase(self, address):
        self.memory[address : address + SECTOR] = b"\xff" * SECTOR

    def sync(self):
        pass


class Standing:
    """A clock that stands still."""

    second = 1_700_000_000


def refusal(function, *arguments):
    """Return the exception that a call raises, or None."""
    try:
        function(*arguments)
    except (Denied, Refused) as error:
        return error
    return None


class Life:
    """A door with the commands on users, over a flash."""

    def __init__(self, flash=None):
        self.flash = flash or MemoryFlash()
        areas = Partitions.open(self.flash, TABLE)
        self.logs = EventLogs(self.flash, areas)
        log = SecurityLog(self.logs, Standing())
        self.users = Users(Journal(self.flash, *areas.area("users"), 0x55), 0, b"0815")
        self.fitted = (False, False)
        self.done = []
        self.keys = KeyStore(Journal(self.flash, *areas.area("keys"), 0x4B), "0815")
        known = actions.of_users(self.users, self.keys, Armed(), log)
        known["freeze"] = lambda who, now: self.done.append(who.user)
        known["preset register"] = lambda who, now, number, value: self.done.append(value)
        self.door = Door(self.users, Keys(lambda: self.fitted), log, known, self.keys)

    def login(self, user, password, now=0):
        return self.door.login(user, password, kinds.TCP, "10.0.0.7:4000", now)


def test_users_log_in_command_and_are_denied_what_they_may_not():
    life = Life()
    who = life.login("user1", b"user1")
    life.door.command("freeze", who, 1, {})
    assert life.done == ["user1"]
    assert isinstance(refusal(life.door.command, "set user", who, 1, {"user": "a"}), Denied)
    assert isinstance(refusal(life.login, "user1", "wrong"), Denied)
    names_ = [event.name for event in life.logs.log("security").records()]
    assert names_ == ["logon", "access denied", "access denied"], names_


def test_keys_block():
    life = Life()
    who = life.login("admin", "admin")
    life.fitted = (True, False)
    given = {"number": 2, "value": 10**12}
    assert "security key 1" in str(refusal(life.door.command, "preset register", who, 1, given))
    life.fitted = (False, True)
    life.door.command("preset register", who, 1, given)
    assert life.done == [10**12]


def test_users_are_stored_and_locked_out_over_a_restart():
    life = Life()
    admin = life.login("admin", "admin")
    life.door.command("set user", admin, 0, {"user": "guest", "password": "welcome", "rights": ["freeze"]})
    for _ in range(4):
        refusal(life.login, "user2", "wrong")
    again = Life(life.flash)
    assert again.users.list() == life.users.list() and again.users.problem is None
    assert str(refusal(again.login, "user2", "user2")) == "locked for 2 s more"
    assert again.login("user2", "user2", 2000).user == "user2"
    assert again.login("guest", "welcome").rights & mask(["freeze"])


def test_nothing_that_a_peer_sends_raises_anything_else():
    life = Life()
    for bad in (None, 5, 10**40, "", b"\xff\xfe", "a\0", "x" * 5000, [], {}, float("nan")):
        assert refusal(life.login, bad, bad, 10**9) is not None
        who = life.door.anonymous(kinds.FRONT_PANEL, "")
        for row in COMMANDS:
            given = {}
            for name, _ in row[5]:
                given[name.strip("[]")] = bad
            refusal(life.door.command, row[0], who, 0, given)
        assert isinstance(refusal(life.door.command, bad, who, 0, {}), Refused)


def test_tables_are_whole():
    assert mask(NAMES) == ALL == 0xFFFFFFFF and names(ALL) == NAMES
    for field in FIELDS:
        assert sections.section(field[0]), field[0]


def heap_of_a_door():
    return Life()
