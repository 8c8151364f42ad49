"""The pump, the TCP port and the serial port, with small sessions and streams, in a clock that jumps."""

import asyncio
import socket

import pytest
from meter.hal.sim.net import Net
from meter.ports import serial, tcp
from meter.ports.pump import PIECE, pump
from meter.protocols.session import Session


class JumpingLoop(asyncio.SelectorEventLoop):
    """An event loop whose clock jumps to the next timer instead of waiting for it."""

    def __init__(self):
        super().__init__()
        self._seconds = 0.0
        self._really_select = self._selector.select
        self._selector.select = self._select

    def time(self):
        return self._seconds

    def _select(self, timeout):
        events = self._really_select(0 if timeout is not None else None)
        if not events and timeout:
            self._seconds += timeout
        return events


class LoopTime:
    """compat.Uptime in the time of the loop."""

    def ms(self):
        return int(asyncio.get_running_loop().time() * 1000 + 0.5)


@pytest.fixture
def run():
    """Run a coroutine in a loop whose clock jumps."""
    loop = JumpingLoop()
    yield loop.run_until_complete
    loop.close()


class Echo(Session):
    """Sends back what comes; closes at !; says tick at its deadlines; asks for a line at @."""

    def __init__(self, ticks=()):
        super().__init__()
        self.ticks = list(ticks)
        self.line = None
        self.ended = None
        self.heard = []

    def receive(self, data, now):
        self.heard.append((now, bytes(data)))
        self._output.extend(data)
        self.closed = b"!" in data
        if b"@" in data:
            self.line = (9600, 7, "E", 1)

    def take_line(self):
        line, self.line = self.line, None
        return line

    def deadline(self):
        return self.ticks[0] if self.ticks else None

    def expire(self, now):
        if now >= self.ticks[0]:
            self._output.extend(b"tick%d;" % self.ticks.pop(0))

    def finish(self, now):
        super().finish(now)
        self.ended = now


class Script:
    """A stream that says each (seconds, data) in its time, then ends. It notes in order what is done."""

    def __init__(self, *says, configurable=True):
        self.says = list(says)
        self.done = []
        self.since = 0.0
        if configurable:
            self.configure = lambda *line: self.done.append(line)

    async def read(self):
        if not self.says:
            return b""
        seconds, data = self.says[0]
        await asyncio.sleep(max(0, seconds - asyncio.get_running_loop().time()))
        del self.says[0]
        return data

    def write(self, data):
        self.done.append(bytes(data))

    async def drain(self):
        self.done.append("drained")

    @property
    def written(self):
        return b"".join(piece for piece in self.done if isinstance(piece, bytes))


def test_pump_carries_bytes_both_ways_until_the_stream_ends(run):
    session, stream = Echo(), Script((0.5, b"one"), (1, b"two"))
    assert run(pump(session, stream, LoopTime())) is True
    assert stream.written == b"onetwo"
    assert session.heard == [(500, b"one"), (1000, b"two")]
    assert session.ended == 1000


def test_pump_ends_when_the_session_closes_after_its_last_words(run):
    session, stream = Echo(), Script((0, b"bye!"), (1, b"not read"))
    assert run(pump(session, stream, LoopTime())) is False
    assert stream.written == b"bye!"
    assert session.ended is None


def test_deadlines_are_kept_between_and_during_reads(run):
    session, stream = Echo(ticks=(100, 200, 1500)), Script((0.15, b"a"), (3, b"b"))
    run(pump(session, stream, LoopTime()))
    assert stream.written == b"tick100;atick200;tick1500;b"


def test_deadline_is_kept_while_the_peer_never_stops_sending(run):
    session, stream = Echo(ticks=(5,)), Script(*((n / 1000, b".") for n in range(10)))
    run(pump(session, stream, LoopTime()))
    assert stream.written.index(b"tick5;") in (5, 6)


def test_line_is_switched_after_the_output_has_left(run):
    stream = Script((0, b"@"), (1, b"x"))
    run(pump(Echo(), stream, LoopTime()))
    assert stream.done == [b"@", "drained", (9600, 7, "E", 1), b"x", "drained"]


def test_stream_without_a_line_ignores_line_settings(run):
    stream = Script((0, b"@"), configurable=False)
    run(pump(Echo(), stream, LoopTime()))
    assert stream.written == b"@"


def test_long_output_leaves_in_pieces_that_are_drained(run):
    stream = Script((0, bytes(PIECE * 2 + 1)))
    run(pump(Echo(), stream, LoopTime()))
    assert [len(piece) for piece in stream.done[::2]] == [PIECE, PIECE, 1]
    assert stream.done[1::2] == ["drained"] * 3


def test_peer_that_never_drains_is_given_up_and_others_go_on_meanwhile(run):
    class Stuck(Script):
        async def drain(self):
            await asyncio.sleep(10**6)

    async def both():
        other = Script((1, b"x"), (2, b"y"))
        stuck_session = Echo()
        results = await asyncio.gather(
            pump(stuck_session, Stuck((0, b"z"), (1, b"z")), LoopTime(), drain_ms=5000),
            pump(Echo(), other, LoopTime()),
        )
        return results, stuck_session.ended, other.written

    assert run(both()) == ([True, True], 5000, b"xy")


def test_stream_that_fails_is_a_peer_that_has_gone(run):
    class Broken(Script):
        async def drain(self):
            raise ConnectionResetError

    session = Echo()
    assert run(pump(session, Broken((0, b"x")), LoopTime())) is True
    assert session.closed


def test_error_of_our_own_is_raised(run):
    class Faulty(Echo):
        def receive(self, data, now):
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        run(pump(Faulty(), Script((0, b"x")), LoopTime()))


@pytest.mark.parametrize("where", ("read", "watch"))
def test_a_session_that_the_heap_has_no_room_for_ends_and_nothing_else_does(run, where):
    class Large(Echo):
        def receive(self, data, now):
            if where == "read":
                raise MemoryError

        def expire(self, now):
            raise MemoryError

    session = Large(ticks=(10,))
    assert run(pump(session, Script((0, b"x"), (100, b"y")), LoopTime())) is False
    assert session.closed


def test_pump_can_be_cancelled_while_it_waits(run):
    async def cancelled():
        task = asyncio.create_task(pump(Echo(ticks=(9000,)), Script((100, b"x")), LoopTime()))
        await asyncio.sleep(1)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    run(cancelled())


# Time without a timer for each message


def test_many_messages_make_no_task_and_no_timer_each(run):
    """One watch, of which the deadline moves on with every message."""

    class Putting(Echo):
        def deadline(self):
            return (self.heard[-1][0] if self.heard else 0) + 5000

        def expire(self, now):
            if now >= self.deadline():
                self.closed = True

    async def counted():
        loop, tasks = asyncio.get_running_loop(), []
        loop.set_task_factory(
            lambda loop, coro, **kw: tasks.append(coro) or asyncio.Task(coro, loop=loop, **kw)
        )
        stream = Quick(*((n / 100, b"x") for n in range(1000)), (50, b"late"))
        session = Putting()
        ended = await pump(session, stream, LoopTime())
        return ended, len(tasks), len(session.heard), LoopTime().ms()

    ended, tasks, heard, now = run(counted())
    assert (ended, heard, tasks) == (False, 1000, 1)
    assert now == 9990 + 5000


def test_deadline_that_moves_nearer_is_kept(run):
    class Nearer(Echo):
        def receive(self, data, now):
            super().receive(data, now)
            self.ticks.insert(0, now + 50)

    session, stream = Nearer(ticks=(60_000,)), Script((1, b"a"), (2, b"b"), (3, b"c"))
    run(pump(session, stream, LoopTime()))
    assert stream.written == b"atick1050;btick2050;c"


def test_deadline_that_goes_away_and_comes_back_is_kept(run):
    session, stream = Echo(ticks=(100,)), Script((1, b"a"), (2, b"b"), (9, b"c"))

    async def later():
        task = asyncio.create_task(pump(session, stream, LoopTime()))
        await asyncio.sleep(1.5)
        session.ticks.append(5000)
        await task

    run(later())
    assert stream.written == b"tick100;abtick5000;c"


def test_session_that_closes_at_its_deadline_ends_the_read_and_says_its_last_words(run):
    class Closing(Echo):
        def expire(self, now):
            super().expire(now)
            self.closed = True

    session, stream = Closing(ticks=(500,)), Script((100, b"never"))
    assert run(pump(session, stream, LoopTime())) is False
    assert stream.written == b"tick500;"
    assert session.ended is None


def test_error_of_our_own_at_a_deadline_is_raised(run):
    class Faulty(Echo):
        def expire(self, now):
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        run(pump(Faulty(ticks=(500,)), Script((100, b"never")), LoopTime()))


def test_peer_that_does_not_take_what_is_sent_at_a_deadline_has_gone(run):
    class Stuck(Script):
        async def drain(self):
            await asyncio.sleep(10**6)

    session = Echo(ticks=(500,))
    assert run(pump(session, Stuck((100, b"never")), LoopTime(), drain_ms=2000)) is True
    assert session.ended == 2500


def test_last_words_at_a_deadline_that_nobody_takes_are_the_end_of_the_stream(run):
    class Closing(Echo):
        def expire(self, now):
            super().expire(now)
            self.closed = True

    class Stuck(Script):
        async def drain(self):
            await asyncio.sleep(10**6)

    assert run(pump(Closing(ticks=(500,)), Stuck((100, b"never")), LoopTime(), drain_ms=2000)) is True


def test_peer_that_does_not_take_what_is_sent_at_a_deadline_is_not_read_from(run):
    class Slow(Script):
        async def drain(self):
            await asyncio.sleep(5)

    session = Echo(ticks=(500,))
    stream = Slow((0.6, b"a"), (0.7, b"b"))
    run(pump(session, stream, LoopTime(), drain_ms=60_000))
    assert [now for now, _ in session.heard] == [600, 10_500]
    assert stream.written == b"tick500;ab"


def test_cancelling_is_obeyed_when_a_deadline_comes_at_the_same_time(run):
    async def cancelled():
        task = asyncio.create_task(pump(Echo(ticks=(1000,)), Script((100, b"x")), LoopTime()))
        await asyncio.sleep(1)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert asyncio.all_tasks() == {asyncio.current_task()}

    run(cancelled())


def test_no_task_is_left_behind(run):
    async def left():
        await pump(Echo(ticks=(60_000,)), Script((0.1, b"x")), LoopTime())
        return asyncio.all_tasks() - {asyncio.current_task()}

    assert run(left()) == set()


class Working(Echo):
    """Works in ten slices on whatever comes; busy says whether the pump may read meanwhile."""

    def __init__(self, busy):
        super().__init__()
        self.left = 0
        self.may_be_busy = busy

    def receive(self, data, now):
        self.heard.append((now, self.left))
        self.left = 10
        self.busy = self.may_be_busy

    def deadline(self):
        return 0 if self.left else None

    def expire(self, now):
        self.left -= 1
        if not self.left:
            self.busy = False
            self._output.extend(b"done")


@pytest.mark.parametrize("busy", [True, False])
def test_work_in_slices_lets_the_other_tasks_run_between_them(run, busy):
    session, stream = Working(busy), Script((0, b"go"), (1, b""))
    turns = []

    async def other():
        while session.left or not session.heard:
            turns.append(session.left)
            await asyncio.sleep(0)

    async def both():
        await asyncio.gather(other(), pump(session, stream, LoopTime()))

    run(both())
    assert stream.written == b"done"
    assert set(turns) >= set(range(1, 10))


def test_busy_session_is_not_read_for_and_another_is(run):
    says = [(0, b"a"), (0, b"b"), (0, b"c")]
    busy, other = Working(True), Working(False)
    run(pump(busy, Script(*says), LoopTime()))
    run(pump(other, Script(*says), LoopTime()))
    assert [left for _, left in busy.heard] == [0, 0, 0]
    assert any(left for _, left in other.heard)


def test_stream_that_always_has_something_lets_the_other_tasks_run(run):
    class Endless:
        async def read(self):
            return b"x"

        def write(self, data):
            pass

        def queued(self):
            return 0

    session = Echo()

    async def both():
        task = asyncio.create_task(pump(session, Endless(), LoopTime()))
        for _ in range(20):
            await asyncio.sleep(0)
        task.cancel()
        return len(session.heard)

    assert 20 <= run(both()) <= 400


class Quick(Script):
    """A stream that says whether anything waits to leave: all leaves at once, but for `slow` bytes."""

    slow = 0

    def queued(self):
        return self.slow


def test_stream_from_which_all_has_left_is_not_waited_for(run):
    stream = Quick((0, b"one"), (0.1, bytes(PIECE * 2)))
    run(pump(Echo(), stream, LoopTime()))
    assert stream.done == [b"one", bytes(PIECE), bytes(PIECE)]


def test_stream_in_which_something_waits_is_drained(run):
    stream = Quick((0, b"one"))
    stream.slow = 1
    run(pump(Echo(), stream, LoopTime()))
    assert stream.done == [b"one", "drained"]


# What comes while a read waits is answered where it arrives


class Heard(Quick):
    """A stream that listens: say(data) is what a real event loop does. `reads` counts what went the long way.

    `backlog` bytes have not left yet; drain() waits until the test says that they have.
    """

    def __init__(self):
        super().__init__(configurable=False)
        self.backlog = self.reads = 0
        self.waiting, self.woken, self.kept = False, asyncio.Event(), b""

    def listen(self, take):
        self.take = take

    def wake(self):
        self.woken.set()

    def say(self, data):
        if not self.waiting or self.woken.is_set() or not self.take(data):
            self.kept += data
            self.woken.set()

    async def read(self):
        self.reads += 1
        if not self.kept:
            self.waiting = True
            try:
                await self.woken.wait()
            finally:
                self.waiting = False
        self.woken.clear()
        data, self.kept = self.kept, b""
        return data

    def queued(self):
        return self.backlog

    async def drain(self):
        self.done.append("drained")
        while self.backlog:
            await asyncio.sleep(1)


async def _listening(session, **options):
    """Begin to carry a session. Return (stream, task); the stream waits."""
    stream = Heard()
    task = asyncio.create_task(pump(session, stream, LoopTime(), **options))
    await _until(lambda: stream.waiting)
    return stream, task


async def _ended(task):
    task.cancel()
    await asyncio.wait([task], timeout=1)
    return task


def test_short_answer_goes_out_before_any_task_has_a_turn(run):
    async def talk():
        stream, task = await _listening(Echo(ticks=(60_000,)))
        for _ in range(100):
            stream.say(b"x")
        written, reads = stream.written, stream.reads
        await _ended(task)
        return written, reads

    assert run(talk()) == (b"x" * 100, 1)


def test_long_answer_goes_out_in_pieces_and_what_comes_meanwhile_behind_it(run):
    async def talk():
        stream, task = await _listening(Echo())
        stream.say(b"a" * (PIECE + 1))
        before = stream.written
        stream.say(b"b")
        await _until(lambda: stream.written.endswith(b"b"))
        stream.say(b"c")
        await _ended(task)
        return before, stream.done

    assert run(talk()) == (b"", [b"a" * PIECE, b"a", b"b", b"c"])


def test_peer_whose_answers_have_not_left_is_not_answered_more_until_they_have(run):
    async def talk():
        session = Echo()
        stream, task = await _listening(session)
        stream.backlog = 10
        for _ in range(100):
            stream.say(b"x")
        heard = list(session.heard)
        await asyncio.sleep(5)
        stream.say(b"y")
        one = stream.written
        stream.backlog = 0
        await asyncio.sleep(5)
        await _ended(task)
        return heard, one, stream.done

    assert run(talk()) == ([], b"x" * 100, [b"x" * 100, "drained", b"y"])


def test_peer_that_asks_on_and_takes_no_answer_has_gone_in_time(run):
    async def talk():
        session = Echo()
        stream, task = await _listening(session, drain_ms=3000)
        stream.backlog = 10
        stream.say(b"x")
        await asyncio.wait([task], timeout=60)
        return task.done() and task.result(), session.ended

    assert run(talk()) == (True, 3000)


def test_busy_session_is_worked_for_and_what_comes_meanwhile_is_handed_in_afterwards(run):
    async def talk():
        session = Working(True)
        stream, task = await _listening(session)
        stream.say(b"a")
        stream.say(b"b")
        await _until(lambda: stream.waiting and stream.written == b"donedone")
        await _ended(task)
        return [left for _, left in session.heard]

    assert run(talk()) == [0, 0]


def test_session_that_closes_where_its_request_arrives_ends_the_pump(run):
    async def talk():
        stream, task = await _listening(Echo())
        stream.say(b"bye!")
        return await task, stream.written

    assert run(talk()) == (False, b"bye!")


def test_error_of_our_own_where_a_request_arrives_is_raised_by_the_pump_alone(run):
    class Faulty(Echo):
        def receive(self, data, now):
            raise ZeroDivisionError

    async def talk():
        stream, task = await _listening(Faulty())
        stream.say(b"x")  # the event loop has nothing to do with it
        with pytest.raises(ZeroDivisionError):
            await task

    run(talk())


def test_deadline_that_moves_nearer_where_a_request_arrives_is_kept(run):
    async def talk():
        session = Echo(ticks=(60_000,))
        stream, task = await _listening(session)
        session.ticks.insert(0, 50)
        stream.say(b"a")
        await asyncio.sleep(1)
        await _ended(task)
        return stream.written

    assert run(talk()) == b"atick50;"


def test_cancelling_is_obeyed_when_a_request_ends_the_read_at_the_same_time(run):
    async def talk():
        stream, task = await _listening(Echo())
        stream.say(b"a" * (PIECE + 1))
        return (await _ended(task)).cancelled()

    assert run(talk())


def test_serial_port_begins_a_new_session_after_each_and_ends_with_the_line(run):
    sessions = []

    def make_session():
        sessions.append(Echo())
        return sessions[-1]

    uart = Script((0, b"a!"), (1, b"b!"), (2, b"c"))
    run(serial.run(uart, make_session, LoopTime()))
    assert [session.heard for session in sessions] == [[(0, b"a!")], [(1000, b"b!")], [(2000, b"c")]]


# The TCP port, over the machine's own network


async def _served(conversation, limit=2, make_session=Echo, **options):
    """Serve, run conversation(port), close; return what it returned and the port."""
    port = await tcp.serve(Net(), "127.0.0.1", 0, make_session, LoopTime(), limit, **options)
    try:
        return await conversation(port), port
    finally:
        port.close()
        await port.wait_closed()


async def _connect(port):
    return await asyncio.open_connection(*port.address)


async def _until(condition):
    """Let the other tasks run until condition() holds."""
    for _ in range(10_000):
        if condition():
            return
        await asyncio.sleep(0)
    raise AssertionError("it never came true")


def test_each_connection_has_a_session_of_its_own():
    async def talk(port):
        (reader_a, writer_a), (reader_b, writer_b) = await _connect(port), await _connect(port)
        writer_a.write(b"aaa")
        writer_b.write(b"b!")
        answers = await reader_a.readexactly(3), await reader_b.read()
        writer_a.close()
        writer_b.close()
        return answers

    assert asyncio.run(_served(talk))[0] == (b"aaa", b"b!")


def test_connection_beyond_the_limit_is_closed_and_counted_and_a_place_is_given_back():
    async def talk(port):
        kept = [await _connect(port) for _ in range(2)]
        await _until(lambda: port.connections == 2)
        reader, writer = await _connect(port)
        refused = await reader.read()
        writer.close()
        kept[0][1].close()
        await _until(lambda: port.connections == 1)
        reader, writer = await _connect(port)
        writer.write(b"in!")
        answer = await reader.read()
        for _, other in [*kept[1:], (reader, writer)]:
            other.close()
        return refused, answer

    answers, port = asyncio.run(_served(talk))
    assert answers == (b"", b"in!")
    assert port.refused == 1


def test_closing_the_port_ends_its_connections():
    async def talk(port):
        reader, writer = await _connect(port)
        await _until(lambda: port.connections == 1)
        port.close()
        answer = await reader.read()
        writer.close()
        return answer

    answer, port = asyncio.run(_served(talk))
    assert answer == b""
    assert port.connections == 0


def test_session_whose_connection_is_hung_up_is_told():
    sessions = []

    def make_session():
        sessions.append(Echo())
        return sessions[-1]

    async def talk(port):
        _, writer = await _connect(port)
        await _until(lambda: sessions)
        port.hang_up()
        await _until(lambda: port.connections == 0)
        writer.close()

    asyncio.run(_served(talk, make_session=make_session))
    assert sessions[0].closed and sessions[0].ended is not None


def test_peer_that_vanishes_frees_its_place():
    async def talk(port):
        _, writer = await _connect(port)
        await _until(lambda: port.connections == 1)
        writer.transport.abort()
        await _until(lambda: port.connections == 0)

    asyncio.run(_served(talk))


def test_peer_that_does_not_read_is_given_up_and_does_not_hold_up_others():
    class Flood(Echo):
        def receive(self, data, now):
            self._output.extend(bytes(20_000_000) if b"f" in data else data)

    async def talk(port):
        _, deaf = await _connect(port)
        deaf.write(b"f")
        await _until(lambda: port.connections == 1)
        reader, writer = await _connect(port)
        writer.write(b"hello")
        answer = await reader.readexactly(5)
        await _until_real(lambda: port.connections == 1)
        deaf.transport.abort()
        writer.close()
        return answer

    async def _until_real(condition):
        for _ in range(300):
            if condition():
                return
            await asyncio.sleep(0.01)
        raise AssertionError("it never came true")

    old, tcp.CLOSE_MS = tcp.CLOSE_MS, 50
    try:
        assert asyncio.run(_served(talk, make_session=Flood, drain_ms=50))[0] == b"hello"
    finally:
        tcp.CLOSE_MS = old


def test_connection_sends_small_answers_at_once():
    async def talk(port):
        reader, writer = await _connect(port)
        await _until(lambda: port.connections == 1)
        ((_, stream),) = port._tasks
        option = stream._writer.get_extra_info("socket").getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
        writer.close()
        return option

    assert asyncio.run(_served(talk))[0]


def test_read_size_is_the_most_a_session_is_handed():
    sessions = []

    def make_session():
        sessions.append(Echo())
        return sessions[-1]

    async def talk(port):
        reader, writer = await _connect(port)
        writer.write(bytes(5000))
        await reader.readexactly(5000)
        writer.close()

    asyncio.run(_served(talk, make_session=make_session, read_size=1000))
    assert max(len(data) for _, data in sessions[0].heard) <= 1000


async def _with_reads_counted(port):
    """Return the reader and the writer of a new connection, and a list that grows with each read of its stream."""
    reader, writer = await _connect(port)
    await _until(lambda: port.connections == 1)
    ((_, stream),) = port._tasks
    reads, really_read = [], stream.read

    async def read():
        reads.append(1)
        return await really_read()

    stream.read = read
    return reader, writer, reads


def test_short_answers_over_the_network_wake_no_task():
    async def talk(port):
        reader, writer, reads = await _with_reads_counted(port)
        for _ in range(50):
            writer.write(b"ping")
            assert await reader.readexactly(4) == b"ping"
        writer.close()
        return len(reads)

    assert asyncio.run(_served(talk))[0] == 0


def test_what_is_longer_than_a_read_goes_the_ordinary_way_and_what_follows_stays_behind_it():
    async def talk(port):
        reader, writer, reads = await _with_reads_counted(port)
        sent = [b"a" * 1500, b"b" * 10, b"c" * 700, b"d"]
        for piece in sent:
            writer.write(piece)
            await asyncio.sleep(0)
        answer = await reader.readexactly(sum(map(len, sent)))
        writer.write(b"!")
        last = await reader.read()
        writer.close()
        return answer == b"".join(sent), last, len(reads) >= 4

    assert asyncio.run(_served(talk))[0] == (True, b"!", True)


def test_requests_of_a_peer_that_reads_no_answer_are_not_answered_without_end(monkeypatch):
    """Each answer is short enough to go out at once: what has not left holds the next one up all the same."""
    monkeypatch.setattr(tcp, "CLOSE_MS", 50)

    class Answering(Echo):
        def receive(self, data, now):
            self._output.extend(bytes(PIECE))

    async def talk(port):
        loop, deaf = asyncio.get_running_loop(), socket.socket()
        deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        deaf.setblocking(False)
        await loop.sock_connect(deaf, port.address)
        deaf.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        await _until(lambda: port.connections == 1)
        ((_, stream),) = port._tasks
        most = 0
        for _ in range(6000):
            try:
                deaf.send(b"x")
            except OSError:  # nobody reads what it sends, or it was given up
                break
            await asyncio.sleep(0)
            most = max(most, stream.queued())
        for _ in range(200):
            if port.connections:
                await asyncio.sleep(0.01)
        deaf.close()
        return most, port.connections

    most, connections = asyncio.run(_served(talk, make_session=Answering, drain_ms=100))[0]
    assert 0 < most < 200_000
    assert connections == 0


def test_answer_longer_than_what_the_network_takes_arrives_whole():
    class Long(Echo):
        def receive(self, data, now):
            self._output.extend(bytes(range(250)) * 20_000)

    async def talk(port):
        reader, writer = await _connect(port)
        writer.write(b"x")
        answer = await reader.readexactly(5_000_000)
        writer.close()
        return answer

    assert asyncio.run(_served(talk, make_session=Long))[0] == bytes(range(250)) * 20_000


def test_taken_address_is_an_error_at_the_start():
    async def talk(port):
        with pytest.raises(OSError):
            await tcp.serve(Net(), *port.address, Echo, LoopTime(), 1)

    asyncio.run(_served(talk))
