"""What every Net keeps (meter.hal)."""

import asyncio

import pytest
from meter.hal.linux.net import Net as LinuxNet
from meter.hal.sim.net import Net

from host_tests.hal import rp2_devices

# backend: how it is made, and a port that is free
BACKENDS = {
    "sim": (Net, lambda: 0),
    "linux": (LinuxNet, lambda: 0),
    "rp2": (rp2_devices.net, rp2_devices.free_port),
}


@pytest.fixture(params=BACKENDS)
def net(request):
    make, port = BACKENDS[request.param]
    device = make()
    device.a_port = port()
    return device


async def _shout(reader, writer):
    """Answer one message in capitals and close."""
    writer.write((await reader.read(100)).upper())
    await writer.drain()
    writer.close()
    await writer.wait_closed()


async def _say(net, address, data):
    reader, writer = await net.open_connection(*address)
    writer.write(data)
    await writer.drain()
    answer = await reader.read(-1)
    writer.close()
    await writer.wait_closed()
    return answer


def test_handler_is_called_for_each_connection(net):
    async def talk():
        server = await net.start_server(_shout, "127.0.0.1", net.a_port)
        answers = [await _say(net, server.address, word) for word in (b"one", b"two")]
        server.close()
        await server.wait_closed()
        return answers

    assert asyncio.run(talk()) == [b"ONE", b"TWO"]


def test_address_is_the_one_that_was_bound(net):
    async def bound():
        server = await net.start_server(_shout, "127.0.0.1", net.a_port)
        server.close()
        await server.wait_closed()
        return server.address

    host, port = asyncio.run(bound())
    assert host == "127.0.0.1"
    assert port > 0


def test_closed_server_refuses_connections_and_frees_its_address(net):
    async def talk():
        server = await net.start_server(_shout, "127.0.0.1", net.a_port)
        server.close()
        await server.wait_closed()
        with pytest.raises(OSError):
            await net.open_connection(*server.address)
        again = await net.start_server(_shout, *server.address)
        again.close()
        await again.wait_closed()

    asyncio.run(talk())


def test_address_in_use_is_an_os_error(net):
    async def talk():
        server = await net.start_server(_shout, "127.0.0.1", net.a_port)
        with pytest.raises(OSError):
            await net.start_server(_shout, *server.address)
        server.close()
        await server.wait_closed()

    asyncio.run(talk())
