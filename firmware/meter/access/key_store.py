"""The keys of DLMS security suite 0 and the numbers of the frames under them. Stored as one checkpoint of a Journal.

    0   uint8   version     1
    1   uint32  the next number of our own frames that is surely unused
    5   uint32  the lowest number of a received frame that is surely new
    9   bytes   the keys in the order of KEYS, 16 each

A number used twice under a key gives away what was enciphered (NIST SP 800-38D, section 8), and a received one taken
twice is a replay. So both are stored ahead, RESERVED numbers at a time, before any of them is used: a power cut loses
what was reserved and repeats nothing. An orderly end stores them exactly. Where the newest checkpoint has rotted and
the one before it counts, as many numbers more are passed over as it may have reserved.

Keys are stored whole, and twice, before they are used: a power cut leaves the old or the new ones, and one record that
rots does not bring back the old. A meter whose stored keys cannot be read lets nobody in by key until users are reset:
it does not go back to keys that everybody knows. The flash holds the keys as they are: who can read it has them.
"""

import struct
from hashlib import sha256

from meter.access.errors import Refused
from meter.aes import KEY
from meter.compat import const
from meter.key_wrap import unwrap
from meter.storage.errors import StorageError

VERSION = const(1)
RESERVED = const(1024)
USED_UP = 0xFFFFFFFF  # no frame has this number, nor a higher one
HALF = 0x80000000
SETTLE_MS = const(3600000)
MANUFACTURER = b"FRS"
_HEAD = "<BII"
_HEAD_SIZE = const(9)

UNICAST = "global unicast encryption"
BROADCAST = "global broadcast encryption"
AUTHENTICATION = "authentication"
MASTER = "master"
# In the order of key_id (IEC 62056-6-2, security setup, key_transfer): name, key of the factory
KEYS = (
    (UNICAST, b"\x00\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f"),
    (BROADCAST, b"\x0f\x0e\x0d\x0c\x0b\x0a\x09\x08\x07\x06\x05\x04\x03\x02\x01\x00"),
    (AUTHENTICATION, b"\xd0\xd1\xd2\xd3\xd4\xd5\xd6\xd7\xd8\xd9\xda\xdb\xdc\xdd\xde\xdf"),
    (MASTER, b"\x00\x11\x22\x33\x44\x55\x66\x77\x88\x99\xaa\xbb\xcc\xdd\xee\xff"),
)
NAMES = tuple([row[0] for row in KEYS])
FACTORY = tuple([row[1] for row in KEYS])


def system_title(serial):
    """Return the 8 bytes that name this meter to its peers: FRS, and the serial number in five (IEC 62056-5-3).

    serial: text. One that is no number, or too long for five bytes, is hashed.
    """
    is_number = 0 < len(serial) <= 13 and all(["0" <= letter <= "9" for letter in serial])
    number = int(serial) if is_number else 1 << 40
    if number >> 40:
        return MANUFACTURER + sha256(serial.encode()).digest()[:5]
    return MANUFACTURER + number.to_bytes(5, "big")


class KeyStore:
    """The keys of a meter.

    journal     where they are kept, or None: in memory
    serial      text

    system_title    8 bytes: what this meter is called in its frames
    problem         a line if what was stored cannot be used, else None
    """

    def __init__(self, journal=None, serial=""):
        self._journal = journal
        self.system_title = system_title(serial)
        found, self.problem, passed = _stored(journal)
        self._is_stored = found is not None
        sent, lowest, self._keys = found or (0, 0, FACTORY)
        # What is stored ahead, and how much of it has been used: nothing yet.
        self._sent = self._sent_limit = min(sent + passed * RESERVED, USED_UP)
        self._lowest = self._lowest_limit = min(lowest + passed * RESERVED, USED_UP)
        self._settled = None

    # Keys

    def key(self, name):
        """Return a key (of NAMES), 16 bytes. Refused if the keys cannot be read. KeyError for another name."""
        if self.problem:
            raise Refused(self.problem)
        return self._keys[_place(name)]

    def replace(self, name, key):
        """Use another key, 16 bytes, from now on. Refused: the old one stays."""
        self._replace(((name, key),))

    def transfer(self, wrapped):
        """Use other keys, sent under the master key. wrapped: (key_id, 24 bytes) of each. Refused: none is replaced."""
        master, keys = self.key(MASTER), []
        for number, data in wrapped:
            key = unwrap(master, data)
            if key is None:
                raise Refused("a key is not wrapped under the master key")
            keys.append((NAMES[number], key))
        self._replace(keys)

    def _replace(self, changes):
        if self.problem:
            raise Refused(self.problem)
        keys = list(self._keys)
        for name, key in changes:
            if len(key) != KEY:
                raise Refused("a key has %d bytes" % KEY)
            keys[_place(name)] = bytes(key)
        self._commit(tuple(keys))

    def reset(self):
        """Give back the keys of the factory."""
        self._commit(FACTORY)

    def _commit(self, keys):
        """Make other keys count. With another encryption key, peers number their frames from 0 (IEC 62056-5-3).

        Ours go on: under a key that comes back, none is used again. They begin at 0 when they have become many.
        """
        sent, lowest = self._sent, self._lowest
        if self.problem or keys[0] != self._keys[0]:
            lowest = 0
            if sent >= HALF:
                sent = 0
        self._store(keys, sent, lowest, 2)
        self._keys, self._sent, self._lowest, self.problem = keys, sent, lowest, None

    def warnings(self):
        """Return a line for each key that is the factory's, and for what could not be read."""
        if self.problem:
            return [self.problem]
        pairs = zip(NAMES, self._keys, FACTORY)
        return ["the %s key is the factory's" % name for name, key, known in pairs if key == known]

    # Numbers of frames

    def next_counter(self):
        """Return a number for a frame of ours: each only once, whatever happens. Refused if there is none."""
        number = self._sent
        if number >= USED_UP:
            raise Refused("the numbers of frames are used up: replace the %s key" % UNICAST)
        if number >= self._sent_limit:
            self._store(self._keys, min(number + RESERVED, USED_UP), self._lowest_limit)
        self._sent = number + 1
        return number

    @property
    def expected(self):
        """The lowest number that a received frame may have; 0xFFFFFFFF: none is taken any more."""
        return self._lowest

    @property
    def received(self):
        """The number of the last frame that was taken: a peer goes on with the next. 0 before the first."""
        return self._lowest - 1 if self._lowest else 0

    def check_counter(self, counter):
        """Return True if a received frame with this number would be taken: no such has been, nor a later one."""
        return self._lowest <= counter < USED_UP

    def accept_counter(self, counter):
        """A genuine frame with this number, for which check_counter() was True, is taken. Refused: it cannot be."""
        above = counter + 1
        if above > self._lowest_limit:
            # Twice where it is a leap: one record that rots must not let back in what was sent before it.
            copies = 1 if counter <= self._lowest_limit else 2
            self._store(self._keys, self._sent_limit, min(counter + RESERVED, USED_UP), copies)
        self._lowest = above

    def settle(self, now):
        """An association ends in order: store the numbers exactly, once an hour at most. now: uptime, ms."""
        if self._settled is None or now - self._settled >= SETTLE_MS:
            self._settled = now
            self.finish()

    def finish(self):
        """The supply goes, or nothing more is received: store the numbers exactly."""
        if self.problem or (self._sent, self._lowest) == (self._sent_limit, self._lowest_limit):
            return
        try:
            self._store(self._keys, self._sent, self._lowest)
        except Refused:
            pass  # what is stored ahead stands

    def _store(self, keys, sent, lowest, copies=1):
        # A write that fails may have been done: from here on count on the lower of what was and what is to be stored.
        self._sent_limit = min(self._sent_limit, sent)
        self._lowest_limit = min(self._lowest_limit, lowest)
        state = struct.pack(_HEAD, VERSION, sent, lowest) + b"".join(keys)
        try:
            for _ in range(copies if self._is_stored else 2):
                if self._journal:
                    self._journal.save(state, 0)
        except (OSError, StorageError) as error:
            raise Refused("the keys could not be stored: %s" % error)
        self._is_stored = True
        self._sent_limit, self._lowest_limit = sent, lowest


def _place(name):
    if name not in NAMES:
        raise KeyError(name)
    return NAMES.index(name)


def _stored(journal):
    """Return ((next number, lowest number, keys) or None, problem, how many newer checkpoints were passed over)."""
    if journal is None:
        return None, None, 0
    try:
        found = journal.load()
        if found:
            return _unpack(found[1]), None, journal.passed
        if journal.passed < 2:  # a new meter, or one whose power went while it stored its keys first
            return None, None, 0
    except (StorageError, ValueError):
        pass
    return None, "the stored keys cannot be read: nobody gets in by key until users are reset", 0


def _unpack(state):
    if len(state) != _HEAD_SIZE + KEY * len(KEYS) or state[0] != VERSION:
        raise ValueError("these are no keys of this version")
    _, sent, lowest = struct.unpack_from(_HEAD, state)
    keys = [bytes(state[at : at + KEY]) for at in range(_HEAD_SIZE, len(state), KEY)]
    return sent, lowest, tuple(keys)
