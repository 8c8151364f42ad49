"""A session and a reader's end in injected time, for the tests of conversations byte by byte."""

from meter.protocols.iec62056_21 import codec
from meter.protocols.iec62056_21.session import Iec6205621Session

from host_tests.protocols.iec62056_21_meter import HeldValues

SIGN_ON = b"/?!\r\n"
IDENTIFICATION = b"/FRS5FERRARIS\r\n"
READOUT = b"\x06050\r\n"
PROGRAMMING = b"\x06051\r\n"
ACK, NAK = b"\x06", b"\x15"


def command(name, data=None, end=codec.ETX):
    """Return a command from SOH to BCC. name: such as "R1". data: text of its data set, or None."""
    body = name.encode() if data is None else name.encode() + b"\x02" + data.encode("latin-1")
    return codec.framed(codec.SOH, body, end)


def answer(data, end=codec.ETX):
    """Return an answer of programming mode, from STX to BCC."""
    return codec.framed(codec.STX, data.encode(), end)


class Line:
    """A session and a clock: sends bytes, lets time pass, collects what the meter sends and its line."""

    def __init__(self, access=None, **options):
        self.session = Iec6205621Session(access or HeldValues(), **options)
        self.now = 0
        self.lines = []
        self.collect()

    def collect(self):
        output = self.session.take_output()
        line = self.session.take_line()
        if line is not None:
            self.lines.append(line)
        return output

    def send(self, data, each=0):
        """Send data, `each` ms for each byte, and return what comes back meanwhile."""
        if not each:
            self.session.receive(data, self.now)
            return self.collect()
        output = b""
        for byte in data:
            output += self.wait(each)
            self.session.receive(bytes((byte,)), self.now)
            output += self.collect()
        return output

    def wait(self, ms):
        """Let ms pass, with expire() at each deadline, and return what comes back."""
        end, output = self.now + ms, b""
        while not self.session.closed:
            deadline = self.session.deadline()
            if deadline is None or deadline > end:
                break
            self.now = max(self.now, deadline)
            self.session.expire(self.now)
            output += self.collect()
        self.now = end
        return output

    def ask(self, data, ms=200):
        """Send data and return what comes back, at once and within the reaction time."""
        return self.send(data) + self.wait(ms)

    def program(self, password=None):
        """Sign on into programming mode; log in if there is a password (user:password). Return the answer to that."""
        self.ask(SIGN_ON)
        self.ask(PROGRAMMING)
        return self.ask(command("P1", f"({password})")) if password else None

    def say(self, name, data=None):
        """Send a command and return the text of its answer's data; a one-character answer comes as bytes."""
        got = self.ask(command(name, data))
        return got if len(got) < 2 else text_of(got)


def text_of(message):
    """Return the data of an answer, whose BCC must be right."""
    assert message[:1] == b"\x02" and message[-2] in (codec.ETX, codec.EOT), message
    assert codec.bcc(message[1:-1]) == message[-1]
    return message[1:-2].decode()
