"""The optical port's protocol on the device's interpreter: modes, programming mode, and an answer without an end."""

from meter.access.errors import Denied, Refused
from meter.protocols.iec62056_21 import codec, times, values
from meter.protocols.iec62056_21.session import Iec6205621Session
from meter.protocols.session import Session
from meter.zone import Zone

ACK, NAK = b"\x06", b"\x15"
ROWS = 2000
START = 1700000100


class Description:
    keys, km, interval, counts = ("Wh.del.P", "V.A"), (1000000, 1000000), 15, False


class Record:
    description, status, seconds = Description(), 1, 900

    def __init__(self, number):
        self.start = START + 900 * number
        self.end = self.start + 900
        self.values = (number, 120.5)


class Meter:
    """An access object that stands still, and notes what was done."""

    identity = {"manufacturer": "FRS", "model": "Ferraris", "serial": "0012345678", "firmware": "0.1.0"}
    zone = Zone("CET-1CEST,M3.5.0,M10.5.0/3")

    def __init__(self):
        self.done = []
        self.settings = {
            "meter.id": "Feeder 7",
            "demand.interval": 15,
            "tou.days": (("all", "all", "00:00 A"),),
        }

    def read(self, key):
        if key == "Wh.del.P":
            return 1234567891000, -6, "Wh"
        if key == "V.A":
            return 230.125, 0, "V"
        raise KeyError(key)

    def local_time(self):
        return (2025, 1, 31, 12, 34, 56)

    def login(self, user, password):
        if (user, password) != ("admin", "secret"):
            raise Denied("wrong user name or password")

    def command(self, name, **arguments):
        if name == "freeze":
            raise Refused("not now")
        self.done.append((name, sorted(arguments.items())))

    def setting(self, path):
        return self.settings[path]

    def change(self, given):
        self.settings.update(given)

    def profile_between(self, first, last, number):
        if number != 1:
            raise KeyError(number)
        for k in range(ROWS):
            yield Record(k)


class Line:
    """A session over a connection: what is asked is answered at once."""

    def __init__(self, **options):
        self.meter = Meter()
        self.session = Iec6205621Session(self.meter, serial=False, **options)

    def ask(self, data):
        self.session.receive(data, 0)
        found = []
        while self.session.deadline() is not None and self.session.deadline() <= 0:
            self.session.expire(0)
            found.append(self.session.take_output())
        return b"".join(found)

    def program(self):
        self.ask(b"/?!\r\n")
        assert self.ask(b"\x06051\r\n") == codec.framed(codec.SOH, b"P0\x02(0012345678)")

    def say(self, name, data):
        got = self.ask(codec.framed(codec.SOH, name.encode() + b"\x02" + data.encode()))
        return got if len(got) < 2 else got[1:-2].decode()


def test_readout_and_programming():
    line = Line()
    assert line.ask(b"/?!\r\n") == b"/FRS5Ferraris\r\n"
    block = line.ask(b"\x06050\r\n")
    assert b"1-0:1.8.0(00001234.567*kWh)\r\n" in block and block[-1] == codec.bcc(block[1:-1])
    line.program()
    assert line.say("P1", "(admin:wrong)") == "(ER05 wrong user name or password)"[:33] + ")"
    assert line.say("P1", "(admin:secret)") == ACK
    assert line.say("R1", "1.8.0()") == "1.8.0(00001234.567*kWh)"
    assert line.say("R5", "Q.V.A()") == "Q.V.A(230.125*V)"
    assert line.say("W1", "R.2(1234567.25)") == ACK
    assert line.say("W5", "1.0.0(240229101112)") == ACK
    assert line.say("E2", "OVERRIDE(1)") == ACK
    assert line.meter.done == [
        ("preset register", [("number", 2), ("value", 1234567250000)]),
        ("set time", [("utc", 1709197872)]),
        ("override tariff", [("is_on", True)]),
    ], line.meter.done
    assert line.say("E2", "FREEZE()") == "(ER06 not now)"
    assert line.say("R1", "X()") == "(ER02 no such address)"


def test_settings():
    line = Line()
    line.program()
    assert line.say("R1", "C.tou.days()") == 'C.tou.days([["all", "all", "00:00 A"]])'
    assert line.say("W1", 'C.meter.id("M3.5.0\\u002f3")') == ACK
    assert line.meter.settings["meter.id"] == "M3.5.0/3"
    assert line.say("R1", "C.meter.id()") == 'C.meter.id("M3.5.0\\u002f3")'
    assert line.say("W1", "C.demand.interval(30)") == ACK and line.meter.settings["demand.interval"] == 30
    assert line.say("W1", "C.demand.interval([1)") == "(ER03 no JSON)"
    for text, meaning in (
        ("015", ["015"]),
        ("-1.5", [-1.5, "-1.5"]),
        ("true", [True, "true"]),
        ("1.", ["1."]),
    ):
        assert values.meanings(text) == meaning, text


def test_a_load_profile_streams_whole_and_in_blocks():
    line = Line()
    line.program()
    whole = line.say("R5", "P.01(;)")
    assert whole.startswith(
        "P.01(0231114233000)(0001)(15)(2)(1-0:1.29.0)(Wh)(V.A)(V)\r\n(0)(120.5)\r\n(1)(120.5)"
    )
    assert whole.endswith("(%d)(120.5)" % (ROWS - 1))
    text, block = "", line.ask(codec.framed(codec.SOH, b"R6\x02P.01(;)"))
    while block[-2] == codec.EOT:
        text += block[1:-2].decode()
        block = line.ask(ACK)
    assert text + block[1:-2].decode() == whole


def test_mode_e_hands_over_and_takes_back():
    class Binary(Session):
        def __init__(self, line):
            super().__init__()

        def receive(self, data, now):
            self._output.extend(data)
            self.closed = 0 in data

    line = Line(mode="E", make_hdlc=Binary)
    assert line.ask(b"/?!\r\n") == b"/FRS5\\2Ferraris\r\n"
    assert line.ask(b"\x06252\r\n") == b"\x06252\r\n"
    line.session.receive(b"\x7e\xff\x00", 0)
    assert line.session.take_output() == b"\x7e\xff\x00"
    assert line.ask(b"/?!\r\n") == b"/FRS5\\2Ferraris\r\n"


def test_hostile_bytes_raise_nothing():
    line = Line()
    for seed in range(200):
        line.program()
        data = bytes([(seed * 7919 + k * 104729 + k * k * 31) & 0xFF for k in range(40)])
        line.ask(data)
        line.say("W1", "C.meter.id" + "".join(['([{"\\u1)*'[(seed + k) % 9] for k in range(seed % 30)]))
        line.session.receive(b"\r\n", 0)


def test_times():
    zone = Meter.zone
    for second in (START, START + 86400 * 200):
        assert times.second_of(times.stamp(second, zone), zone) == second


def heap_of_a_session_that_waits():
    return Line()


def heap_of_a_session_in_programming_mode():
    line = Line()
    line.program()
    line.session.receive(codec.framed(codec.SOH, b"R6\x02P.01(;)"), 0)
    line.session.expire(0)
    return line
