"""What every Uart keeps (meter.hal), and what the simulated one is for its readers.

To test another backend, add a row to LINES: a context that gives (Uart, opener of the peer's end).
"""

import asyncio
import contextlib
import os

import pytest
import serial
from meter.hal.sim.uart import QUEUE_LIMIT, Uart

from host_tests.hal import linux_uart_line, rp2_devices


def reader_of(uart, **options):
    """Open the reader's end as readers do."""
    return serial.Serial(uart.path, 9600, timeout=2, **options)


@contextlib.contextmanager
def sim_line():
    made = Uart(stall_ms=20)
    yield made, lambda: reader_of(made)
    made.close()


LINES = {"sim": sim_line, "linux": linux_uart_line.line, "rp2": rp2_devices.line}


@pytest.fixture(params=LINES)
def line(request):
    with LINES[request.param]() as made:
        yield made


@pytest.fixture
def uart():
    made = Uart(stall_ms=20)
    yield made
    made.close()


async def send(uart, data):
    uart.write(data)
    await uart.drain()


# The contract


def test_read_returns_what_has_arrived(line):
    uart, peer_of = line

    async def talk():
        peer.write(b"hello")
        return await uart.read()

    with peer_of() as peer:
        assert asyncio.run(talk()) == b"hello"


def test_read_waits_until_something_arrives(line):
    uart, peer_of = line

    async def talk():
        reading = asyncio.create_task(uart.read())
        await asyncio.sleep(0)
        assert not reading.done()
        peer.write(b"x")
        return await reading

    with peer_of() as peer:
        assert asyncio.run(talk()) == b"x"


def test_a_read_that_was_cancelled_loses_nothing(line):
    uart, peer_of = line

    async def talk():
        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(uart.read(), 0.001)
        peer.write(b"kept")
        return await uart.read()

    with peer_of() as peer:
        assert asyncio.run(talk()) == b"kept"


def test_drain_returns_when_all_has_left(line):
    uart, peer_of = line
    with peer_of() as peer:
        asyncio.run(send(uart, b"answer"))
        assert peer.read(6) == b"answer"


def test_all_byte_values_pass_both_ways_with_8_bits(line):
    uart, peer_of = line
    uart.configure(9600, 8, "N", 1)
    every = bytes(range(256))

    async def talk():
        await send(uart, every)
        peer.write(every)
        got = b""
        while len(got) < 256:
            got += await uart.read()
        return got

    with peer_of() as peer:
        assert asyncio.run(talk()) == every
        assert peer.read(256) == every


def test_close_ends_a_read_that_waits_and_those_after_it(line):
    uart, peer_of = line

    async def talk():
        reading = asyncio.create_task(uart.read())
        await asyncio.sleep(0)
        uart.close()
        return await reading, await uart.read()

    assert asyncio.run(talk()) == (b"", b"")


def test_closing_twice_is_allowed(line):
    uart, peer_of = line
    uart.close()
    uart.close()


def test_reading_and_writing_may_wait_at_the_same_time(line):
    uart, peer_of = line

    async def talk():
        uart.write(bytes(QUEUE_LIMIT))
        draining, reading = asyncio.create_task(uart.drain()), asyncio.create_task(uart.read())
        await draining
        peer.write(b"still read")
        return await reading

    with peer_of() as peer:
        assert asyncio.run(talk()) == b"still read"


@pytest.mark.feature("PRT-02")
def test_the_direction_is_switched_and_bytes_pass_both_ways(uart):
    async def talk():
        uart.transmit(True)
        await send(uart, b"out")
        uart.transmit(False)
        peer.write(b"in")
        return await uart.read()

    with reader_of(uart) as peer:
        assert asyncio.run(talk()) == b"in"
        assert peer.read(3) == b"out"


def test_the_direction_may_be_said_twice(uart):
    for on in (True, True, False, False):
        uart.transmit(on)


@pytest.mark.feature("PRT-02")
@pytest.mark.parametrize("kind, terminator", [("RS-485", True), ("RS-485", False), ("RS-232", False)])
def test_the_kind_of_line_is_taken(uart, kind, terminator):
    uart.mode(kind, terminator)
    asyncio.run(send(uart, b"x"))


def test_a_kind_of_line_that_is_none_is_an_error(uart):
    with pytest.raises(ValueError, match="RS-422"):
        uart.mode("RS-422", False)


# The pseudo-terminal


def test_direction_and_kind_are_remembered(uart):
    assert (uart.transmitting, uart.turns) == (False, 0)
    for on in (True, True, False, True):
        uart.transmit(on)
    assert (uart.transmitting, uart.turns) == (True, 2)
    uart.mode("RS-485", True)
    assert (uart.kind, uart.terminator) == ("RS-485", True)


def test_settings_are_remembered(uart):
    uart.configure(300, 7, "E", 1)
    assert uart.settings == (300, 7, "E", 1)


def test_seven_bits_leave_bare_and_arrive_masked(uart):
    uart.configure(300, 7, "E", 1)

    async def talk():
        await send(uart, b"\xb1A")
        peer.write(b"\xaf\x3f")
        return await uart.read()

    with reader_of(uart) as peer:
        assert asyncio.run(talk()) == b"/?"
        assert peer.read(2) == b"1A"


@pytest.mark.parametrize("parity, sent", [("E", b"\xb1A"), ("O", b"1\xc1"), ("N", b"1A")])
def test_parity_can_be_put_into_the_bytes(parity, sent):
    uart = Uart(parity_in_byte=True)
    uart.configure(300, 7, parity, 1)
    with reader_of(uart) as peer:
        asyncio.run(send(uart, b"1A"))
        assert peer.read(2) == sent
    uart.close()


def test_line_stays_up_when_a_reader_leaves_and_another_comes(uart):
    async def talk():
        got = []
        for word in (b"one", b"two"):
            with reader_of(uart) as peer:
                peer.write(word)
                got.append(await uart.read())
        return got

    assert asyncio.run(talk()) == [b"one", b"two"]


def test_output_that_nobody_reads_is_dropped_and_counted_and_does_not_block(uart):
    async def talk():
        for _ in range(20):
            await send(uart, bytes(8192))

    asyncio.run(asyncio.wait_for(talk(), 5))
    assert uart.dropped > 0
    with reader_of(uart) as peer:
        asyncio.run(send(uart, b"fresh"))
        assert peer.read(5) == b"fresh"


def test_queue_is_bounded_without_a_drain(uart):
    for _ in range(10):
        uart.write(bytes(QUEUE_LIMIT))
    assert uart.dropped == 9 * QUEUE_LIMIT


def test_link_leads_to_the_terminal_and_goes_when_the_port_closes(tmp_path):
    link = tmp_path / "optical"
    uart = Uart(link=link)
    assert os.readlink(link) == uart.path
    uart.close()
    assert not os.path.lexists(link)


def test_stale_link_is_replaced(tmp_path):
    link = tmp_path / "optical"
    link.symlink_to("/nonexistent/terminal")
    uart = Uart(link=str(link))
    assert os.readlink(link) == uart.path
    assert os.listdir(tmp_path) == ["optical"]
    uart.close()


def test_link_that_another_port_has_taken_over_is_left_alone(tmp_path):
    link = tmp_path / "optical"
    old = Uart(link=link)
    new = Uart(link=link)
    old.close()
    assert os.readlink(link) == new.path
    new.close()


def test_file_in_the_place_of_the_link_is_an_error_and_stays(tmp_path):
    link = tmp_path / "optical"
    link.write_text("mine")
    with pytest.raises(FileExistsError, match="optical"):
        Uart(link=link)
    assert link.read_text() == "mine"
