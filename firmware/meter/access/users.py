"""The ten users: names, rights, passwords; and the lockout that guards them. Stored as one checkpoint of a Journal.

    0   uint8   version             1
    1   uint8   length of the lockout's counts, then these (lockout.py)
        for each of ten slots
            uint8   length of the name, 0 for a free slot; then of a slot that is used
            bytes   the name, UTF-8
            uint8   bit 0: the password is that of the factory
            uint32  rights              bits of rights.py
            uint16  iterations
            bytes   salt, 16; digest, 32

A set is stored whole before it is used, so a power cut leaves the old or the new one. A meter whose stored users cannot
be read lets nobody in: it does not go back to passwords that everybody knows (see Users.problem).
"""

import struct

from meter.access import passwords
from meter.access.errors import Denied, Refused
from meter.access.lockout import Lockout
from meter.access.rights import ALL, NAMES, mask, names
from meter.aes import same
from meter.compat import const
from meter.storage.errors import StorageError

SLOTS = const(10)
NOBODY = const(10)  # the slot of unknown names, for the lockout
BY_KEY = const(11)  # that of who comes with the keys
MANAGEMENT = "management"  # what it is called: a name that no user can have
VERSION = const(1)
IS_DEFAULT = const(1)
MANAGE = "manage users"
_ENTRY = "<BIH16s32s"
_ENTRY_SIZE = const(55)

_PQ_READS = ("read events", "read alarms", "read diagnostics", "read power quality", "read measurements")
_PQ = (
    "configure inputs and outputs",
    "configure triggers",
    "configure power quality",
    "configure measurements",
)
_USER1 = ("set time", "freeze", "test mode", "billing reset", "preset", "status")
# name, which is the password too; rights; digest of it with the salt _salt(name): a test computes them
FACTORY = (
    ("admin", NAMES, "f1075b437f3f095d08fa34d50c26610ba5b71748fd0c7697ce51afdf4ca579d6"),
    ("user1", _USER1, "bae39104aca3faceeed94f0a5d2e0fe672f512f79292a2db10a2eac81ca26c1a"),
    (
        "user2",
        ("set time", "billing reset"),
        "ca9c9b3d0b7a35efd53aa250e2b34359242ca8c9bf06189cbee47512af437a5d",
    ),
    (
        "pq",
        _PQ + _PQ_READS + ("read configuration",),
        "f73162d2959ed6b961a336706ed6e5ed9ca9ad5e3b8a6a678ef33ba115a109bd",
    ),
)


class User:
    """One user. name: text. rights: a mask. is_default: True while the password is the factory's."""

    def __init__(self, name, rights, salt, digest, iterations=passwords.ITERATIONS, is_default=False):
        self.name, self.rights, self.is_default = name, rights, is_default
        self.salt, self.digest, self.iterations = salt, digest, iterations

    def with_rights(self, rights):
        """Return the same user with other rights."""
        return User(self.name, rights, self.salt, self.digest, self.iterations, self.is_default)


def factory():
    """Return the ten slots as a new meter has them."""
    found = []
    for name, rights, digest in FACTORY:
        stored = bytes([int(digest[k : k + 2], 16) for k in range(0, len(digest), 2)])
        found.append(User(name, mask(rights), factory_salt(name), stored, is_default=True))
    return tuple(found + [None] * (SLOTS - len(found)))


def factory_salt(name):
    """Return the salt of a factory's password: always the same, as the password is."""
    salt = b"Ferraris " + name.encode()
    return salt + b" " * (passwords.SALT - len(salt))


_UNKNOWN = User("", 0, factory_salt(""), bytes(passwords.DIGEST))  # costs as much as a wrong password


class Users:
    """The users of a meter.

    journal     where they are kept, or None: in memory
    now         uptime, ms
    seed        bytes that no other meter has: its serial number

    problem     a line if what was stored cannot be used, else None
    """

    def __init__(self, journal=None, now=0, seed=b""):
        self._journal, self._seed = journal, seed
        self._slots, counts, self.problem = _stored(journal)
        self._is_stored = counts is not None
        self._lockout = Lockout(counts, now)
        self._management = User(MANAGEMENT, ALL, b"", b"", 0)

    # Who is it?

    def check(self, name, password, origin, now):
        """Return the User with this name and password. Denied. Whatever is given is compared, and costs the same."""
        return self._check(self._find(passwords.encoded(name, passwords.LONGEST_NAME)), password, origin, now)

    def check_slot(self, number, password, origin, now):
        """Return the User in a slot, 1 to 10, with this password. As check()."""
        is_used = isinstance(number, int) and 0 < number <= SLOTS and self._slots[number - 1]
        return self._check(number - 1 if is_used else NOBODY, password, origin, now)

    def check_key(self, is_genuine, origin, now):
        """Return the User that is who has the keys: it may do everything. Denied, counted as check(): not genuine."""
        self._check_lock(BY_KEY, origin, now)
        self._count(is_genuine, BY_KEY, origin, now, "wrong key")
        return self._management

    def _check(self, slot, password, origin, now):
        self._check_lock(slot, origin, now)
        user = _UNKNOWN if slot == NOBODY else self._slots[slot]
        given = passwords.encoded(password, passwords.LONGEST)
        found = passwords.digest(given or b"", user.salt, user.iterations)
        is_right = same(found, user.digest) and given is not None and slot != NOBODY
        self._count(is_right, slot, origin, now, "wrong user name or password")
        return user

    def _check_lock(self, slot, origin, now):
        left = self._lockout.left_s(slot, origin, now)
        if left:
            raise Denied("locked for %d s more" % left)

    def _count(self, is_right, slot, origin, now, complaint):
        """Count a login that was tried. Denied if it was not right."""
        count = self._lockout.passed if is_right else self._lockout.failed
        if count(slot, origin, now):
            self._keep_counts()
        if not is_right:
            raise Denied(complaint)

    def _find(self, name):
        """Return the slot of a name (bytes or None), or NOBODY."""
        found = NOBODY
        for slot, user in enumerate(self._slots):
            if user and user.name.encode() == name:
                found = slot
        return found

    def _keep_counts(self):
        try:
            self._store(self._slots)
        except Refused:
            pass  # a flash that has failed keeps nobody out who knows the password; the counts in memory stand

    def holds(self, user):
        """Return True if this User is still one as it was when it logged in."""
        if user is self._management:
            return True
        for known in self._slots:
            if user is known:
                return True
        return False

    def list(self):
        """Return (name, names of rights, is the password the factory's) of each user."""
        return [(user.name, names(user.rights), user.is_default) for user in self._slots if user]

    def slots(self):
        """Return (number of the slot from 1, name) of each user."""
        return [(slot + 1, user.name) for slot, user in enumerate(self._slots) if user]

    def warnings(self):
        """Return a line for each user who has the factory's password, and for what could not be read."""
        lines = [
            "user %s has the factory's password" % user.name
            for user in self._slots
            if user and user.is_default
        ]
        return lines + ([self.problem] if self.problem else [])

    # Changes. Each stores the new set first; Refused, and nothing is changed, if it cannot be.

    def put(self, name, password=None, rights=None):
        """Change a user, or add one, who needs a password. rights: names. Return the User."""
        data = passwords.encoded(name, passwords.LONGEST_NAME)
        if data == MANAGEMENT.encode():
            raise Refused("%s is who has the keys" % MANAGEMENT)
        slot = self._find(data)
        old = self._slots[slot] if slot != NOBODY else None
        if old is None:
            if password is None:
                raise Refused("a new user needs a password")
            if None not in self._slots:
                raise Refused("there are %d users" % SLOTS)
            slot = self._slots.index(None)
            self._lockout.forget(slot)
        bits = mask(rights) if rights is not None else old.rights if old else 0
        if password is None:
            user = old.with_rights(bits)
        else:
            user = self._with_password(data.decode(), bits, password, old)
        self._replace(slot, user)
        return user

    def _with_password(self, name, rights, password, old):
        data = passwords.encoded(password, passwords.LONGEST)
        if data == name.encode():
            raise Refused("the password must not be the name")
        # A salt need not be secret, only no other's: of this meter, this user and what was there before.
        seed = self._seed + name.encode() + (old.salt + old.digest if old else b"")
        salt = passwords.digest(seed, b"".join([user.salt for user in self._slots if user]), 0)[
            : passwords.SALT
        ]
        return User(name, rights, salt, passwords.digest(data, salt))

    def change_password(self, user, old, new, origin, now):
        """Give a logged-in user another password. Denied if the old one is wrong. Return the User."""
        self.check(user.name, old, origin, now)
        return self.put(user.name, new)

    def remove(self, name):
        """Remove a user."""
        slot = self._find(passwords.encoded(name, passwords.LONGEST_NAME))
        if slot == NOBODY:
            raise Refused("there is no such user")
        self._replace(slot, None)

    def reset(self):
        """Give back the factory's users and passwords."""
        self._commit(factory())

    def _replace(self, slot, user):
        slots = self._slots[:slot] + (user,) + self._slots[slot + 1 :]
        if not any([one and one.rights & mask((MANAGE,)) for one in slots]):
            raise Refused("somebody must be able to manage users")
        self._commit(slots)

    def _commit(self, slots):
        self._store(slots)
        self._slots, self.problem = slots, None

    def _store(self, slots):
        if self._journal is None:
            return
        state = _pack(slots, self._lockout.counts)
        try:
            # Twice the first time: a single record that rots must not be the only one.
            for _ in range(1 if self._is_stored else 2):
                self._journal.save(state, 0)
        except (OSError, StorageError) as error:
            raise Refused("the users could not be stored: %s" % error)
        self._is_stored = True


def _stored(journal):
    """Return (slots, the lockout's counts or None, problem)."""
    if journal is None:
        return factory(), None, None
    try:
        found = journal.load()
        if found:
            slots, counts = _unpack(found[1])
            return slots, counts, None
        if journal.passed < 2:  # a new meter, or one whose power went while it stored its users first
            return factory(), None, None
    except (StorageError, ValueError, IndexError):
        pass
    return (None,) * SLOTS, None, "the stored users cannot be read: nobody can log in until they are reset"


def _pack(slots, counts):
    state = bytes((VERSION, len(counts))) + bytes(counts)
    for user in slots:
        name = user.name.encode() if user else b""
        state += bytes((len(name),)) + name
        if user:
            flags = IS_DEFAULT if user.is_default else 0
            state += struct.pack(_ENTRY, flags, user.rights, user.iterations, user.salt, user.digest)
    return state


def _unpack(state):
    """Return (slots, counts). ValueError or IndexError if it is no set of this version."""
    if state[0] != VERSION:
        raise ValueError("stored users have version %d" % state[0])
    at = 2 + state[1]
    counts, slots = state[2:at], []
    for _ in range(SLOTS):
        length = state[at]
        name = bytes(state[at + 1 : at + 1 + length]).decode()
        at += 1 + length
        if length:
            flags, rights, iterations, salt, digest = struct.unpack_from(_ENTRY, state, at)
            slots.append(User(name, rights, salt, digest, iterations, bool(flags & IS_DEFAULT)))
            at += _ENTRY_SIZE
        else:
            slots.append(None)
    return tuple(slots), counts
