"""The serial ports of the whole meter: what is spoken on each, in which mode, and how its line is driven."""

import asyncio
from pathlib import Path

import pytest
import serial as pyserial
from meter.config.schema import validate

from host_tests.test_app import NO_PORTS, make

ONLY_SERIAL = {"iec62056_21_tcp": {"enabled": False}, "dlms_tcp": {"enabled": False}}


def run(tmp_path, **ports):
    """Run a meter for a second of its source. Return (the Uarts by name, the endpoints announced)."""
    _, app = make(1.0, settings=validate({"ports": {**ONLY_SERIAL, **ports}}), state=str(tmp_path))
    uarts, endpoints = {}, []
    opened = app._board.uart

    def uart(name):
        uarts[name] = opened(name)
        return uarts[name]

    app._board.uart = uart
    asyncio.run(app.run(lambda protocol, address: endpoints.append((protocol, Path(address).name))))
    return uarts, endpoints


@pytest.mark.feature("PRT-02")
@pytest.mark.parametrize("kind, terminator", [("RS-485", True), ("RS-232", False)])
def test_the_kind_of_line_is_set_up_before_anything_is_sent(tmp_path, kind, terminator):
    uarts, endpoints = run(tmp_path, rs485={"type": kind, "terminator": terminator})
    assert (uarts["rs485"].kind, uarts["rs485"].terminator) == (kind, terminator)
    assert uarts["optical"].terminator is False
    assert endpoints == [("iec62056-21", "optical"), ("iec62056-21", "rs485")]


@pytest.mark.feature("PRT-02")
def test_there_are_two_serial_ports_each_with_its_protocol_and_line(tmp_path):
    second = {"enabled": True, "protocol": "dlms", "baud": 115200, "type": "RS-232"}
    uarts, endpoints = run(tmp_path, rs485_2=second)
    assert endpoints == [("iec62056-21", "optical"), ("iec62056-21", "rs485"), ("dlms", "rs485_2")]
    assert uarts["rs485_2"].settings == (115200, 8, "N", 1) and uarts["rs485_2"].kind == "RS-232"
    assert uarts["rs485"].kind == "RS-485"


@pytest.mark.feature("PRT-01", "PRT-03")
def test_each_port_speaks_in_its_mode_and_the_shared_line_is_driven_for_each_answer(tmp_path):
    """The optical port in mode A, the RS-485 port in mode C: over pseudo-terminals, while the meter meters."""
    ports = {
        "optical": {"mode": "A", "reaction": 20},
        "rs485": {"mode": "C", "reaction": 20, "tx_start": 1, "tx_end": 1},
    }
    settings = validate({"ports": {**ONLY_SERIAL, **ports}})
    _, app = make(None, settings=settings, state=str(tmp_path), speed=1)
    uarts, found = {}, {}
    opened = app._board.uart

    def uart(name):
        uarts[name] = opened(name)
        return uarts[name]

    app._board.uart = uart

    def ask(name):
        with pyserial.Serial(str(tmp_path / name), 9600, timeout=5) as port:
            port.write(b"/?!\r\n")
            return port.read_until(b"\n")

    async def talk():
        task = asyncio.create_task(app.run(lambda protocol, address: None))
        while len(uarts) < 2:
            await asyncio.sleep(0.01)
        for name in ("optical", "rs485"):
            found[name] = await asyncio.to_thread(ask, name)
        app._stop.set()
        await task

    asyncio.run(talk())
    assert found == {"optical": b"/FRSZFerraris\r\n", "rs485": b"/FRS5Ferraris\r\n"}
    assert uarts["rs485"].turns >= 1 and uarts["optical"].turns == 0


@pytest.mark.feature("PRT-06")
def test_tcp_ports_are_those_of_the_manual_and_can_be_changed(tmp_path):
    settings = validate({})
    known = {name: settings[f"ports.{name}.port"] for name in ("iec62056_21_tcp", "dlms_tcp")}
    assert known == {"iec62056_21_tcp": 2001, "dlms_tcp": 4059}
    free = {name: {"enabled": True, "port": 0} for name in known}
    _, app = make(0.5, settings=validate({"ports": {**NO_PORTS["ports"], **free}}))
    endpoints = []
    asyncio.run(app.run(lambda protocol, address: endpoints.append((protocol, int(address.split(":")[1])))))
    assert [protocol for protocol, _ in endpoints] == ["iec62056-21", "dlms"]
    assert not {2001, 4059} & {port for _, port in endpoints}
