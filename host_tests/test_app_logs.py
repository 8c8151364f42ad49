"""The whole meter writes its logs: outages, configuration, calibration, diagnostics, and who read it."""

import asyncio

import pytest
from meter.hal.sim.synthesizer import Synthesizer, three_phase
from meter.metrology.calibration import Calibration
from meter.metrology.diagnostics import MISSING
from meter.metrology.frame import GAP
from meter.registers import event_kinds
from meter.registers.event_kinds import live_text

from host_tests.harness import RATE, START
from host_tests.test_app import NO_PORTS, make, metered, settings_of, validate


def entries(app, name="events"):
    return [(event.name, event.time, event.start) for event in app.access.log(name)]


def test_a_new_meter_tells_its_first_start_and_its_stop():
    _, app = make(2.0)
    metered(app)
    assert entries(app) == [("first start", START, None), ("power down", START + 1, None)]
    assert entries(app, "security") == entries(app, "alarms") == []


def test_a_log_that_does_not_exist_is_a_key_error():
    _, app = make()
    with pytest.raises(KeyError):
        app.access.log("gossip")


@pytest.mark.feature("EVT-01")
@pytest.mark.parametrize("volts, live", [((120, 120, 120), "A B C"), ((120, 0, 119), "A C")])
def test_an_outage_has_time_down_time_up_and_the_inputs_that_were_live(volts, live):
    source = Synthesizer(RATE, 60.0, three_phase(volts, (5,) * 3, (30,) * 3))
    board, app = make(3.0, source)
    metered(app)
    _, again = make(flash=board.flash, start=START + 3600)
    outage = list(again.access.log("events"))[-1]
    assert (outage.name, outage.start, outage.time) == ("power outage", START + 2, START + 3600)
    assert live_text(outage.fields[0]) == live


@pytest.mark.feature("EVT-01")
def test_after_a_meter_that_died_at_once_the_outage_begins_with_its_last_checkpoint_and_inputs_are_unknown():
    board, app = make(20.0, start=START - 10)
    asyncio.run(app.metering())  # and no finish()
    _, again = make(flash=board.flash, start=START + 100)
    outage = list(again.access.log("events"))[-1]
    assert (outage.name, outage.start, outage.time) == ("power outage", START, START + 100)
    assert live_text(outage.fields[0]) == "unknown"


def test_another_configuration_is_an_event_and_another_supply_is_none():
    board, app = make(1.5)
    metered(app)
    _, same = make(flash=board.flash, settings=settings_of(current=[1, 1, 1]), start=START + 10)
    assert entries(same)[-1][0] == "power outage"
    other = validate({**NO_PORTS, "load_profile": {"interval": 5}, "simulator": {"noise": 0, "swing": 0}})
    _, changed = make(flash=board.flash, settings=other, start=START + 20)
    assert entries(changed)[-2] == ("configuration", START + 20, None)
    assert entries(changed)[-1][0] == "power outage"
    before, after = list(changed.access.log("events"))[-2].fields
    assert before != after


def test_a_calibration_is_an_event():
    _, app = make(1.5)
    asyncio.run(app.metering())
    app.calibrate(Calibration())
    assert entries(app)[-1] == ("calibration", START + 1, None)


def test_a_calibration_while_metering_is_used_at_once_and_costs_two_half_cycles():
    spans, done = [], []
    _, app = make(4.0, observer=lambda span: spans.append((span.seconds, span.flags & GAP)))

    def look(samples):
        if samples > 1.5 * RATE and not done:
            done.append(app.access.read("V.A")[0])
            app.calibrate(Calibration(gains=(1.1,) * 6))

    asyncio.run(app.metering(look))
    app.finish()
    assert app.access.read("V.A")[0] == pytest.approx(done[0] * 1.1, rel=1e-4)
    assert sum(seconds for seconds, _ in spans) == pytest.approx(
        4.0 - 4 / 120, abs=1e-6
    )  # two at the ends too
    assert [flag for _, flag in spans] == [0, 0, GAP, 0, 0]


def test_a_damaged_calibration_is_found_at_the_start():
    board, app = make(1.5)
    app._calibrations.save(b"\x09 of another version", START)
    _, again = make(flash=board.flash)
    assert "another version" in list(again.access.log("events"))[-1].fields[0]


def test_a_missing_voltage_is_in_the_diagnostic_log():
    source = Synthesizer(RATE, 60.0, three_phase((120, 0, 120), (5,) * 3, (30,) * 3))
    _, app = make(4.0, source)
    metered(app)
    assert MISSING in [event.fields[0] for event in app.access.log("diagnostics")]


def test_who_signs_on_over_tcp_is_in_the_security_log_with_port_and_address():
    settings = validate({**NO_PORTS, "ports": {**NO_PORTS["ports"], "iec62056_21_tcp": {"port": 0}}})
    board, app = make(None, settings=settings)
    told = []

    async def live():
        running = asyncio.create_task(app.run(lambda *endpoint: told.append(endpoint)))
        while not told:
            await asyncio.sleep(0)
        host, port = told[0][1].split(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        peer = "{}:{}".format(*writer.get_extra_info("sockname"))
        writer.write(b"/?another!\r\n/?!\r\n")
        assert (await reader.readline()).startswith(b"/FRS")
        writer.close()
        while len(list(app.access.log("security"))) < 2:
            await asyncio.sleep(0)
        board.power.fail()
        await asyncio.wait_for(running, 10)
        return peer

    peer = asyncio.run(live())
    on, off = app.access.log("security")
    assert (on.name, off.name) == ("logon", "logoff")
    assert on.peer == off.peer == peer and on.origin == off.origin == event_kinds.TCP
    assert off.start == on.time


@pytest.mark.feature("TST-02")
def test_in_test_mode_network_connections_end_and_none_is_served_until_it_is_over():
    settings = validate({**NO_PORTS, "ports": {**NO_PORTS["ports"], "iec62056_21_tcp": {"port": 0}}})
    board, app = make(None, settings=settings)
    told = []

    async def answer(host, port):
        reader, writer = await asyncio.open_connection(host, int(port))
        writer.write(b"/?!\r\n")
        try:
            return await reader.readline(), reader, writer
        except ConnectionError:
            return b"", reader, writer

    async def live():
        running = asyncio.create_task(app.run(lambda *endpoint: told.append(endpoint)))
        while not told:
            await asyncio.sleep(0)
        host, port = told[0][1].split(":")
        first, reader, writer = await answer(host, port)
        who = app.access.login("admin", "admin", event_kinds.OPTICAL, "", app.uptime.ms())
        app.access.command("enter test mode", who, app.uptime.ms())
        try:
            ended = await reader.read()
        except ConnectionError:
            ended = b""
        testing, _, other = await answer(host, port)
        app.access.command("leave test mode", who, app.uptime.ms())
        after, _, last = await answer(host, port)
        for each in (writer, other, last):
            each.close()
        board.power.fail()
        await asyncio.wait_for(running, 10)
        return first, ended, testing, after

    first, ended, testing, after = asyncio.run(live())
    assert first.startswith(b"/FRS") and after.startswith(b"/FRS")
    assert ended == b"" and testing == b""
