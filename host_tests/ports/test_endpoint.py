"""What a port says of itself, on a whole meter with real connections: ready, active, alert, fault."""

import asyncio

import pytest
from meter.config.schema import validate
from meter.protocols.session import ACTIVE, ALERT, FAULT, READY

from host_tests.protocols.dlms.raw_client import RawClient
from host_tests.protocols.dlms.small_meter import aarq
from host_tests.test_app import NO_PORTS, make

pytestmark = pytest.mark.feature("DLM-07")


def settings(**dlms):
    ports = {**NO_PORTS["ports"], "dlms_tcp": {"port": 0, **dlms}}
    return validate({**NO_PORTS, "ports": ports})


def run(talk, **dlms):
    """Run a meter without a source's end and talk(app, reader, writer) on a connection to its DLMS port."""
    _, app = make(None, settings=settings(**dlms), speed=1)

    async def live():
        opened = asyncio.get_running_loop().create_future()
        running = asyncio.create_task(app.run(lambda protocol, address: opened.set_result(address)))
        host, port = (await opened).split(":")
        await talk(app, *await asyncio.open_connection(host, int(port)))
        app._stop.set()
        await running

    asyncio.run(live())


def state(app):
    (endpoint,) = app._serving.endpoints
    assert (endpoint.port, endpoint.protocol) == ("dlms_tcp", "dlms")
    return endpoint.state


async def asked(reader, writer, apdu, sap=16):
    writer.write(b"\x00\x01" + sap.to_bytes(2, "big") + b"\x00\x01" + len(apdu).to_bytes(2, "big") + apdu)
    head = await reader.readexactly(8)
    return await reader.readexactly(int.from_bytes(head[6:], "big"))


def test_a_port_is_ready_then_active_and_ready_again_when_its_client_has_gone():
    async def talk(app, reader, writer):
        assert state(app) == READY
        assert (await asked(reader, writer, aarq()))[0] == 0x61
        assert state(app) == ACTIVE
        writer.close()
        await writer.wait_closed()
        while state(app) == ACTIVE:
            await asyncio.sleep(0)
        assert state(app) == READY

    run(talk)


def test_a_client_that_is_silent_for_too_long_is_an_alert_until_the_next_one_comes():
    async def talk(app, reader, writer):
        await asked(reader, writer, aarq())
        assert await reader.read() == b""  # after one second
        assert state(app) == ALERT
        host, port = app._serving._ports[0].address
        reader, writer2 = await asyncio.open_connection(host, port)
        await asked(reader, writer2, aarq())
        assert state(app) == ACTIVE
        writer.close()
        writer2.close()

    run(talk, inactivity=1)


def test_the_states_are_read_over_dlms_by_who_may():
    async def talk(app, reader, writer):
        loop = asyncio.get_running_loop()

        def ask(sap, apdu):
            return asyncio.run_coroutine_threadsafe(asked(reader, writer, apdu, sap), loop).result(10)

        def read():
            client = RawClient(ask, 32).open(b"admin:admin")
            return client.value(1, "0.128.96.12.0.255")

        found = await asyncio.to_thread(read)
        assert [[part.value for part in row.value] for row in found.value] == [[b"dlms_tcp", b"dlms", 2]]

    run(talk)


def test_a_port_that_cannot_be_opened_ends_the_start_or_is_a_fault_where_nobody_watches():
    board, app = make(0.5, settings=settings(host="192.0.2.1"))
    with pytest.raises(OSError, match="ports.dlms_tcp"):
        asyncio.run(app.run(lambda *_: None))
    board, app = make(0.5, settings=settings(host="192.0.2.1"))
    board.is_attended = False
    asyncio.run(app.run(lambda *_: None))
    assert app.ended  # it has metered to the end
    assert state(app) == FAULT


def test_a_serial_port_that_breaks_is_a_fault(tmp_path):
    serial_only = validate({"ports": {**NO_PORTS["ports"], "optical": {"enabled": True}}})
    board, app = make(None, settings=serial_only, speed=1, state=str(tmp_path))

    async def live():
        opened = asyncio.get_running_loop().create_future()
        running = asyncio.create_task(app.run(lambda protocol, address: opened.set_result(address)))
        await opened
        (endpoint,) = app._serving.endpoints
        assert endpoint.state == READY
        app._serving._ports[0].close()
        while endpoint.state != FAULT:
            await asyncio.sleep(0)
        app._stop.set()
        await running

    asyncio.run(live())
