"""What every Uart keeps (meter.hal), and what the simulated one is for its readers."""

import asyncio
import os

import pytest
import serial
from meter.hal.sim.uart import QUEUE_LIMIT, Uart

from host_tests.hal import rp2_devices

BACKENDS = {"sim": lambda: Uart(stall_ms=20), "rp2": rp2_devices.uart}


@pytest.fixture(params=BACKENDS)
def any_uart(request):
    made = BACKENDS[request.param]()
    yield made
    made.close()


@pytest.fixture
def uart():
    made = Uart(stall_ms=20)
    yield made
    made.close()


def reader_of(uart, **options):
    """Open the reader's end as readers do."""
    if hasattr(uart, "peer"):
        return uart.peer
    return serial.Serial(uart.path, 9600, timeout=2, **options)


async def send(uart, data):
    uart.write(data)
    await uart.drain()


# The contract


def test_read_returns_what_has_arrived(any_uart):
    async def talk():
        peer.write(b"hello")
        return await any_uart.read()

    with reader_of(any_uart) as peer:
        assert asyncio.run(talk()) == b"hello"


def test_read_waits_until_something_arrives(any_uart):
    async def talk():
        reading = asyncio.create_task(any_uart.read())
        await asyncio.sleep(0)
        assert not reading.done()
        peer.write(b"x")
        return await reading

    with reader_of(any_uart) as peer:
        assert asyncio.run(talk()) == b"x"


def test_a_read_that_was_cancelled_loses_nothing(any_uart):
    async def talk():
        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(any_uart.read(), 0.001)
        peer.write(b"kept")
        return await any_uart.read()

    with reader_of(any_uart) as peer:
        assert asyncio.run(talk()) == b"kept"


def test_drain_returns_when_all_has_left(any_uart):
    with reader_of(any_uart) as peer:
        asyncio.run(send(any_uart, b"answer"))
        assert peer.read(6) == b"answer"


def test_all_byte_values_pass_both_ways_with_8_bits(any_uart):
    any_uart.configure(9600, 8, "N", 1)
    every = bytes(range(256))

    async def talk():
        await send(any_uart, every)
        peer.write(every)
        got = b""
        while len(got) < 256:
            got += await any_uart.read()
        return got

    with reader_of(any_uart) as peer:
        assert asyncio.run(talk()) == every
        assert peer.read(256) == every


def test_close_ends_a_read_that_waits_and_those_after_it(any_uart):
    async def talk():
        reading = asyncio.create_task(any_uart.read())
        await asyncio.sleep(0)
        any_uart.close()
        return await reading, await any_uart.read()

    assert asyncio.run(talk()) == (b"", b"")


def test_closing_twice_is_allowed(any_uart):
    any_uart.close()
    any_uart.close()


def test_reading_and_writing_may_wait_at_the_same_time(any_uart):
    async def talk():
        any_uart.write(bytes(QUEUE_LIMIT))
        draining, reading = asyncio.create_task(any_uart.drain()), asyncio.create_task(any_uart.read())
        await draining
        peer.write(b"still read")
        return await reading

    with reader_of(any_uart) as peer:
        assert asyncio.run(talk()) == b"still read"


# The pseudo-terminal


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
