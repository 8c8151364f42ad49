"""A half-duplex line: when it is driven, and that no byte leaves before or after. In a clock that jumps."""

import asyncio

import pytest
from meter.ports import serial
from meter.ports.pump import PIECE
from meter.ports.serial import HalfDuplex, Timing

from host_tests.ports.test_pump import Echo, JumpingLoop, LoopTime

MANUAL = Timing(40, 40, 20)  # Appendix A, port 3


class Wire:
    """A Uart that hears each (ms, data) in its time, takes 10 ms for a piece, and notes what happens when."""

    def __init__(self, *says):
        self.says, self.done, self.drives = list(says), [], False
        self._queue = b""

    def note(self, what):
        self.done.append((LoopTime().ms(), what))

    async def read(self):
        if not self.says:
            await asyncio.sleep(1)
            return b""
        ms, data = self.says[0]
        await asyncio.sleep(max(0, ms / 1000 - asyncio.get_running_loop().time()))
        del self.says[0]
        return data

    def write(self, data):
        assert self.drives
        self._queue += bytes(data)

    async def drain(self):
        queue, self._queue = self._queue, b""
        self.note(len(queue))
        await asyncio.sleep(0.01)

    def transmit(self, on):
        assert on is not self.drives
        self.drives = on
        self.note("on" if on else "off")

    def configure(self, *line):
        self.note(line)


@pytest.fixture
def run():
    """Run a coroutine in a loop whose clock jumps."""
    loop = JumpingLoop()
    yield loop.run_until_complete
    loop.close()


def carried(run, wire, timing, session=None):
    session = session or Echo()
    made = [session]

    async def carry():
        await serial.run(wire, lambda: made.pop() if made else Echo(), LoopTime(), timing)

    run(carry())
    assert not wire.drives
    return wire.done


@pytest.mark.feature("PRT-03")
def test_the_delays_of_the_manual_are_kept_around_a_transmission(run):
    assert carried(run, Wire((1000, b"hello")), MANUAL) == [(1020, "on"), (1060, 5), (1110, "off")]


@pytest.mark.feature("PRT-03")
@pytest.mark.parametrize(
    "timing, expected",
    [
        (Timing(0, 0, 0), [(1000, "on"), (1000, 5), (1010, "off")]),
        (Timing(5, 0, 0), [(1000, "on"), (1005, 5), (1010 + 5, "off")]),
        (Timing(0, 7, 0), [(1000, "on"), (1000, 5), (1017, "off")]),
        (Timing(0, 0, 300), [(1300, "on"), (1300, 5), (1310, "off")]),
    ],
)
def test_each_delay_is_its_own(run, timing, expected):
    assert carried(run, Wire((1000, b"hello")), timing) == expected


@pytest.mark.feature("PRT-03")
def test_the_turnaround_counts_from_the_last_byte_heard_not_from_the_answer(run):
    class Slow(Echo):
        """Answers 100 ms after the last byte."""

        def receive(self, data, now):
            super().receive(data, now)
            self.taken, self._output = bytes(self._output), bytearray()
            self.ticks = [now + 100]

        def expire(self, now):
            self.ticks = []
            self._output.extend(self.taken)

    assert carried(run, Wire((1000, b"a"), (1050, b"b")), Timing(0, 0, 120), Slow())[0] == (1170, "on")
    assert carried(run, Wire((5000, b"a")), Timing(0, 0, 20), Slow())[0] == (5100, "on")


def test_a_message_in_pieces_has_no_gaps(run):
    done = carried(run, Wire((1000, bytes(PIECE * 2 + 1))), MANUAL)
    assert done == [(1020, "on"), (1060, PIECE), (1070, PIECE), (1080, 1), (1130, "off")]


def test_an_answer_while_the_line_is_still_driven_follows_at_once(run):
    class Twice(Echo):
        def receive(self, data, now):
            super().receive(data, now)
            self.ticks = [now + 90]

    done = carried(run, Wire((1000, b"a")), MANUAL, Twice())
    assert [what for _, what in done] == ["on", 1, len(b"tick1090;"), "off"]


def test_the_line_is_switched_after_the_last_byte_while_it_is_driven(run):
    done = carried(run, Wire((1000, b"@")), MANUAL)
    assert done == [(1020, "on"), (1060, 1), (1070, (9600, 7, "E", 1)), (1110, "off")]


def test_silence_drives_nothing(run):
    assert carried(run, Wire((1000, b"")), MANUAL) == []


def test_a_line_without_timing_is_the_uart_itself(run):
    wire = Wire((1000, b"hello"))
    wire.drives = True
    run(serial.run(wire, Echo, LoopTime()))
    assert wire.done == [(1000, 5)]


def test_the_line_is_let_go_by_itself_while_a_read_waits(run):
    async def talk():
        wire = Wire()
        line = HalfDuplex(wire, LoopTime(), MANUAL)
        line.write(b"x")
        await line.drain()
        await asyncio.sleep(1)
        return wire.done

    assert run(talk()) == [(0, "on"), (40, 1), (90, "off")]


def test_drain_without_output_drives_nothing(run):
    async def talk():
        wire = Wire()
        await HalfDuplex(wire, LoopTime(), MANUAL).drain()
        return wire.done

    assert run(talk()) == []
