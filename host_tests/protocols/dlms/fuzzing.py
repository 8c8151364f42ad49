"""Mutated frames and APDUs against a whole meter: what must hold, whatever a peer sends.

Each target takes one mutated message at a time, in the state that its name says; the messages come from real exchanges
of a client with this meter. A batch has a meter of its own, with a seed of its own, so any failure can be repeated
alone. What is checked:

    no exception        of any session or conversation
    no hang             no call takes longer than SLICE_S, and no answer more than SLICES of them
    no growth           of memory: the second half of a batch leaves no more behind than GROWTH blocks
    service goes on     after the batch a good client is answered within its time-out, on the same session where a
                        line has only one
"""

import gc
import random
import struct
import sys
from time import perf_counter

from ferraris.dlms import apdus, reading
from ferraris.dlms.apdus import Attribute
from meter.protocols.dlms import acse, axdr
from meter.protocols.dlms.hdlc_frame import DISC, POLL, RR, SNRM, encode
from meter.protocols.dlms.hdlc_link import LLC_COMMAND, write_parameters
from meter.protocols.dlms.hdlc_session import HdlcSession
from meter.protocols.dlms.wrapper_session import TcpDlmsSession
from meter.protocols.iec62056_21.session import Iec6205621Session

from host_tests.protocols.dlms.dlms_life import MANAGEMENT, PUBLIC, READER, DlmsLife
from host_tests.protocols.dlms.raw_client import Refused

SLICE_S = 5.0  # what takes milliseconds on an idle machine
SLICES = 100_000
TIMEOUT_MS = 10_000  # of the good client
HOUR_MS = 3_600_000
LONGEST = 4096  # bytes of a mutated message
GROWTH = 2000  # blocks of Python's allocator: another configuration needs other room

_SPECIAL = (0x00, 0x01, 0x02, 0x7E, 0x7F, 0x80, 0x81, 0x82, 0x84, 0xFE, 0xFF)
REGISTER = Attribute(3, "1.0.1.8.0.255")
CLIENT, SERVER = bytes((PUBLIC << 1 | 1,)), b"\x03"


class Failure(AssertionError):
    """A promise is broken. The message has all that repeats it."""


# Mutation.


def mutated(rng, corpus):
    """Return a message of the corpus with one to four things changed."""
    data = bytearray(rng.choice(corpus))
    for _ in range(rng.choice((1, 1, 1, 2, 2, 4))):
        rng.choice(_MUTATIONS)(rng, data, corpus)
    return bytes(data[:LONGEST])


def _flip(rng, data, corpus):
    if data:
        data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)


def _special(rng, data, corpus):
    if data:
        data[rng.randrange(len(data))] = rng.choice(_SPECIAL)


def _cut(rng, data, corpus):
    if data:
        del data[rng.randrange(len(data)) :]


def _drop(rng, data, corpus):
    if data:
        at = rng.randrange(len(data))
        del data[at : at + rng.randrange(1, 9)]


def _insert(rng, data, corpus):
    at = rng.randrange(len(data) + 1)
    data[at:at] = rng.randbytes(rng.randrange(1, 9))


def _repeat(rng, data, corpus):
    if data:
        at = rng.randrange(len(data))
        part = data[at : at + rng.randrange(1, 33)]
        data[at:at] = part * rng.choice((1, 1, 1, 20))


def _splice(rng, data, corpus):
    other = rng.choice(corpus)
    data[rng.randrange(len(data) + 1) :] = other[rng.randrange(len(other) + 1) :]


def _number(rng, data, corpus):
    """A length or count, somewhere, that is large."""
    at = rng.randrange(len(data) + 1)
    data[at : at + 1] = rng.choice(
        (b"\x82\xff\xff", b"\x84\xff\xff\xff\xff", b"\x84\x00\x01\x00\x00", b"\x81\x80")
    )


_MUTATIONS = (_flip, _special, _cut, _drop, _insert, _repeat, _splice, _number)


# What is mutated.


def associations():
    """Return AARQs and what ends an association."""
    wanted = apdus.initiate_request()
    return [
        apdus.aarq(wanted),
        apdus.aarq(wanted, mechanism=acse.LOW, secret=b"admin:admin"),
        apdus.aarq(b"\x21\x1e\x30" + bytes(29), acse.LN_CIPHERED, acse.HIGH_GMAC, bytes(16), b"FRS1HOST"),
        apdus.rlrq(),
        apdus.rlrq(wanted),
    ]


def requests(client):
    """Return plain requests of all services. client: RawClient, associated with keys: it sees every object."""
    found = []
    entries = [reading._entry(one) for one in client.value(15, "0.0.40.0.0.255").value]
    for one in entries:
        found += [apdus.get(Attribute(one.class_id, one.ln, number)) for number in one.attributes]
        found += [_set(client, one, number) for number, mode in one.attributes.items() if mode & 2]
        found += [
            apdus.action(Attribute(one.class_id, one.ln, number), b"\x0f\x00") for number in one.methods
        ]
    many = [Attribute(one.class_id, one.ln, 2) for one in entries[::9]]
    begin, end = (struct.pack(">HBBBBBBBhB", 2026, 1, day, 255, 0, 0, 0, 0, 0, 0) for day in (1, 2))
    by_range = (1, reading.by_entry(1, 4)[1])
    clock = bytes.fromhex("0204120008090600000100 00ff0f02120000".replace(" ", ""))
    by_time = (1, b"\x02\x04" + clock + axdr.octets(begin) + axdr.octets(end) + b"\x01\x00")
    for ln in reading.PROFILES["load_profile"], *reading.LOGS.values():
        for selection in (by_range, by_time, reading.by_entry(1, 4), reading.by_entry(2, 0)):
            found.append(apdus.get(Attribute(7, ln, 2, selection)))
    document = Attribute(1, "0.128.96.0.0.255")
    return [
        *found,
        apdus.get_list(many[:20]),
        apdus.get_list([Attribute(7, "1.0.99.1.0.255", 2, reading.by_entry(1, 2)), REGISTER]),
        apdus.get_next(1),
        apdus.get_next(2),
        apdus.set_first(document, False, b"\x09\x82\x01\x00{"),
        apdus.set_block(False, 2, b'"meter":{' + bytes(40)),
        apdus.set_block(True, 3, b"}"),
        apdus.action_first(Attribute(8, "0.0.1.0.0.255", 6), False, b"\x10"),
        apdus.action_block(True, 2, b"\x00\x01"),
    ]


def _set(client, one, number):
    result, data = client.get(one.class_id, one.ln, number)
    return apdus.set_to(Attribute(one.class_id, one.ln, number), b"\x09\x00" if result else data)


# Targets: each has take(message), and serves(), which is True if a good client is served.


class Apdus:
    """APDUs to a Conversation: with no association, or with that of one of the clients. kind: none, public, ...

    Those of management are mutated first and ciphered then, so they reach what is behind the ciphering; every eighth
    is ciphered first.
    """

    def __init__(self, life, kind):
        self._life, self._kind = life, kind
        self._talk = life.conversation()
        self._client, self._count = None, 0

    def take(self, message):
        """Hand in a message. Associate before if that is over."""
        self._count += 1
        if self._kind != "none" and not (self._client and self._talk.is_associated):
            self._client = self._opened()
        if self._client is None or self._kind in ("none", "public", "reader"):
            sap = {"public": PUBLIC, "reader": READER}.get(self._kind, PUBLIC if self._count % 2 else READER)
            self._answered(sap, message)
        elif self._count % 8:
            tag = (message[0] + 8) & 0xFF if message else 0xC8
            self._answered(MANAGEMENT, self._client.cipher(tag, message))
        else:
            self._answered(MANAGEMENT, bytes(message))

    def _answered(self, sap, message):
        life = self._life
        life.now += 50
        answer = timed(self._talk.receive, sap, 1, message, life.now)
        slices = 0
        while answer is None:
            slices += 1
            if slices > SLICES:
                raise Failure(f"no answer in {SLICES} slices")
            answer = timed(self._talk.work, life.now)
        return answer

    def _opened(self):
        """Return a client with an association, None where the meter has changed its users or keys."""
        life = self._life
        for _ in range(2):
            try:
                if self._kind == "public":
                    return life.client(PUBLIC, self._talk).open()
                if self._kind == "reader":
                    return life.client(READER, self._talk).open(b"admin:admin")
                counter = life.access.keys.received + 1
                return life.client(MANAGEMENT, self._talk, counter=counter).open_with_keys()
            except (Refused, AssertionError, KeyError, IndexError):
                life.now += HOUR_MS  # locked out for a while
        return None

    def serves(self):
        """A public client reads a register."""
        self._talk.release(self._life.now)
        good = self._life.client(PUBLIC, self._talk).open()
        result, data = good.get(REGISTER.class_id, REGISTER.ln, 2)
        return result == 0 and data is not None


class Stream:
    """Bytes to a session. A session that closes is followed by a new one, as a port does it."""

    def __init__(self, life, make):
        self._life, self._make = life, make
        self.session = make()

    def take(self, message):
        """Hand in a message."""
        if self.session.closed:
            self.session = self._make()
        self.send(message)

    def send(self, message):
        """Hand in bytes, and return what comes back."""
        life, session = self._life, self.session
        life.now += 50
        timed(session.receive, message, life.now)
        output, slices = bytes(session.take_output()), 0
        while session.busy or (session.deadline() is not None and session.deadline() <= life.now):
            slices += 1
            if slices > SLICES:
                raise Failure(f"no answer in {SLICES} slices")
            timed(session.expire, life.now)
            output += session.take_output()
            session.take_line()
        return output

    def wait(self, ms):
        """Let time pass."""
        self._life.now += ms
        session = self.session
        while session.deadline() is not None and session.deadline() <= self._life.now and not session.closed:
            timed(session.expire, self._life.now)
        return bytes(session.take_output())


class Wrapper(Stream):
    """The TCP port. A good client makes a connection of its own."""

    def __init__(self, life):
        super().__init__(life, lambda: TcpDlmsSession(life.conversation(), max_info=512, window=3))

    def serves(self):
        """A public client reads a register over a new connection."""
        self.session = self._make()
        for apdu, tag in ((apdus.aarq(apdus.initiate_request()), 0x61), (apdus.get(REGISTER), 0xC4)):
            answer = self.send(struct.pack(">HHHH", 1, PUBLIC, 1, len(apdu)) + apdu)
            if answer[8:9] != bytes((tag,)):
                return False
        return True


class Hdlc(Stream):
    """A line. A good client uses the same one, whatever has come before."""

    def __init__(self, life):
        super().__init__(life, lambda: HdlcSession(life.conversation(), max_info=512, window=3))

    def serves(self):
        """A public client reads a register, repeating what is lost, within its time-out."""
        until = self._life.now + TIMEOUT_MS
        wanted = apdus.aarq(apdus.initiate_request())
        steps = (
            (SNRM | POLL, b"", b"\x73"),
            (POLL, LLC_COMMAND + wanted, b"\x61"),
            (1 << 5 | POLL | 2, LLC_COMMAND + apdus.get(REGISTER), b"\xc4"),
        )
        for control, info, due in steps:
            frame = encode(SERVER, CLIENT, control, info)
            answer = self.send(frame)
            while due not in answer:
                if self._life.now > until:
                    return False
                answer = self.wait(1500) + self.send(frame)
        return True


class Link(Hdlc):
    """A line on which every frame is whole: what is mutated is what frames carry, and their control byte.

    Most have the numbers that are due, so that they are taken.
    """

    def __init__(self, life):
        super().__init__(life)
        self._rng = random.Random(1)

    def take(self, message):
        """Hand in a message in a frame; set up the link before if there is none."""
        rng, link = self._rng, self.session._link
        if not link.connected:
            self.send(encode(SERVER, CLIENT, SNRM | POLL, write_parameters(512, 512, 3, 3)))
        due = (link._acknowledged + link._sent & 7) << 5 | POLL | link._receive_state << 1
        control = due if rng.random() < 0.7 else rng.randrange(256)
        info = (LLC_COMMAND if rng.random() < 0.9 else b"") + message
        self.send(encode(SERVER, CLIENT, control, info[:512], rng.random() < 0.1 or len(info) > 512))


class Flag(Stream):
    """IEC 62056-21 on an optical port, mode E."""

    def __init__(self, life):
        visitor = life.conversation()._association._visitor
        super().__init__(
            life,
            lambda: Iec6205621Session(
                visitor,
                visit=visitor,
                mode="E",
                make_hdlc=lambda line: HdlcSession(life.conversation(), line=line, closes=True),
            ),
        )

    def serves(self):
        """A reader signs on, repeating its request, within its time-out; mode E is left by silence first."""
        self.wait(200_000)
        if self.session.closed:
            self.session = self._make()
        until = self._life.now + TIMEOUT_MS
        while self._life.now < until:
            if b"FRS" in self.send(b"/?!\r\n") + self.wait(1500):
                return True
        return False


def frames(client_apdus):
    """Return HDLC frames: links, requests whole and in segments, polls."""
    proposal = write_parameters(512, 512, 3, 3)
    found = [encode(SERVER, CLIENT, control | POLL) for control in (SNRM, DISC, RR, RR | 1 << 5, 0x03)]
    found += [encode(SERVER, CLIENT, SNRM | POLL, proposal), encode(b"\x02\x03", CLIENT, SNRM | POLL)]
    for number, apdu in enumerate(client_apdus):
        control = (number & 7) << 5 | POLL | (number & 7) << 1
        info = LLC_COMMAND + apdu
        found.append(encode(SERVER, CLIENT, control, info[:400], len(info) > 400))
        found.append(encode(SERVER, CLIENT, POLL, info[:400]))
    return found


def wrapped(client_apdus):
    """Return the same in the wrapper."""
    return [
        struct.pack(">HHHH", 1, (PUBLIC, READER)[k & 1], 1, len(a)) + a for k, a in enumerate(client_apdus)
    ]


FLAG_LINES = [
    b"/?!\r\n", b"/?FRS00000001!\r\n", b"\x06050\r\n", b"\x06051\r\n", b"\x06252\r\n", b"\x01P1\x02(admin)\x03\x61",
    b"\x01R1\x02C001()\x03\x5d", b"\x01R5\x021.8.0()\x03\x5f", b"\x01W1\x020.9.1(120000)\x03\x2b", b"\x01B0\x03\x71",
    b"\x01E2\x02C001()\x03\x40", b"\x15", b"\x06",
]  # fmt: skip

TARGETS = ("wrapper", "hdlc", "link", "none", "public", "reader", "management", "iec62056-21")


def corpora():
    """Return what is mutated, for each target."""
    client = DlmsLife().management()
    every = requests(client)
    opened = associations()
    rare = [one for one in every if one[:2] != b"\xc0\x01"]
    both = [*opened * 40, *every, *rare * 4]
    found = {name: both for name in ("link", "none", "public", "reader", "management")}
    return {**found, "wrapper": wrapped(both), "hdlc": frames(both), "iec62056-21": FLAG_LINES}


def timed(function, *arguments):
    """Call it. Failure if it takes too long."""
    started = perf_counter()
    result = function(*arguments)
    elapsed = perf_counter() - started
    if elapsed > SLICE_S:
        raise Failure(f"{function.__qualname__} took {elapsed:.1f} s")
    return result


def target(name, life):
    """Return a new target."""
    special = {"wrapper": Wrapper, "hdlc": Hdlc, "link": Link, "iec62056-21": Flag}.get(name)
    return special(life) if special else Apdus(life, name)


def batch(name, corpus, count, seed):
    """Send `count` mutated messages to a new meter. Failure with what was sent last, if a promise is broken."""
    rng = random.Random(f"{name} {seed}")
    life = DlmsLife()
    taken = target(name, life)
    message, half = b"", 0
    try:
        for number in range(count):
            if number == count // 2:
                half = blocks()
            # A good one now and then: the states behind it are reached.
            message = rng.choice(corpus) if number % 7 == 0 else mutated(rng, corpus)
            taken.take(message)
        message = b"(after all)"
        if not taken.serves():
            raise Failure("a good client is not served")
        grown = blocks() - half
        if grown > GROWTH:
            raise Failure(f"{grown} blocks of memory more after the second half")
    except Exception as error:
        where = f"target {name}, {count} messages, seed {seed}, message {message.hex()}"
        raise Failure(f"{where}: {type(error).__name__}: {error}") from error
    finally:
        life.board.close()
    return grown


def blocks():
    """Return how many blocks of memory are in use."""
    gc.collect()
    return sys.getallocatedblocks()
