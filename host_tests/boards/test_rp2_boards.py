"""The boards with MicroPython, whole: their board.py over models of all chips, the meter on it, and its failures."""

import asyncio
from math import pi, sin

import pytest

from host_tests.hal.fake_machine import new_world
from host_tests.hal.models.ads131m08 import Ads131m08
from host_tests.hal.models.ds3231 import Ds3231
from host_tests.hal.models.mb85rs512t import Mb85rs512t
from host_tests.hal.models.serial_line import SerialLine
from host_tests.hal.steady_waves import SteadyWaves

VOLTS, AMPERES, HERTZ = 120.0, 5.0, 60.0


class Pico2:
    """A Pico 2 with all that its board.py wires up, before 120 V and 5 A on each phase, 60 degrees lagging."""

    def __init__(self, world):
        from boards.pico2_ads131m08 import board

        self.world, self.wiring = world, board
        pins = (board.CLKIN, board.SCK, board.MOSI, board.MISO, board.DRDY, board.CS, board.RESET)
        self.adc = Ads131m08(world, pins, self._volts)
        self.clock = Ds3231(world, bus=board.CLOCK_BUS)
        self.clock.write(bytes((0x0F, 0)))
        self.memory = Mb85rs512t(world, board.MEMORY_CS)
        self.optical = SerialLine(world, board.OPTICAL_UART)
        self.rs485 = SerialLine(world, board.RS485_UART, direction=board.RS485_DIRECTION)
        world.drive(board.POWER_GOOD, 1)
        world.flash[:] = b"\xff" * len(world.flash)

    def _volts(self, number):
        turn = 2 * pi * HERTZ * number / self.adc.rate
        volts, amperes = (
            VOLTS * 2**0.5 / self.wiring.VOLTS_A_VOLT,
            AMPERES * 2**0.5 / self.wiring.AMPERES_A_VOLT,
        )
        angles = [turn - 2 * pi * p / 3 for p in range(3)]
        return [volts * sin(a) for a in angles] + [amperes * sin(a - pi / 3) for a in angles] + [0.0, 0.0]

    def start(self, is_light=False):
        """Return (Board, App). is_light: with a converter that costs little, for minutes of metering."""
        from meter.app import App
        from meter.config.schema import validate

        made = self.wiring.Board()
        made.serial_ports = ("optical",)  # a network needs real sockets, and they real time
        if is_light:
            made.adc.close()
            made.adc = SteadyWaves(made.adc.channels, made.adc.scales, VOLTS, AMPERES)
        off = {"enabled": False}
        return made, App(made, validate({"ports": {"iec62056_21_tcp": off, "dlms_tcp": off}}))


@pytest.fixture
def pico():
    with new_world() as world:
        yield Pico2(world)


def run(app, seconds, then):
    """Run the meter for so long in the World's time, then do something that ends it."""
    told = []

    async def life():
        running = asyncio.create_task(app.run(lambda *endpoint: told.append(endpoint)))
        await asyncio.sleep(seconds)
        assert not running.done()
        then()
        await asyncio.wait_for(running, 2)

    asyncio.run(life())
    return told


@pytest.mark.feature("PWR-01")
def test_a_board_meters_within_five_seconds_of_its_power(pico):
    """In the World's time: what Python itself takes on a board is not in it (docs/real-time.md)."""
    began = pico.world.now
    made, app = pico.start()
    fed = []
    made.watchdog.feed = lambda: fed.append(pico.world.now)
    told = run(app, 1.0, app.warm_start)
    assert fed[0] - began < 0.3e6
    assert told == [("iec62056-21", "uart0")]


def test_what_is_metered_is_what_is_before_the_inputs(pico):
    made, app = pico.start()
    run(app, 2.2, app.warm_start)
    for phase in "ABC":
        assert app.access.read("V." + phase)[0] == pytest.approx(VOLTS, rel=2e-4)
        assert app.access.read("A." + phase)[0] == pytest.approx(AMPERES, rel=2e-4)
        assert app.access.read("W.del." + phase)[0] == pytest.approx(VOLTS * AMPERES / 2, rel=1e-3)
    assert app.access.read("Hz.A")[0] == pytest.approx(HERTZ, abs=0.002)
    assert (made.adc.overruns, made.adc.crc_errors, made.adc.restarts) == (0, 0, 0)


@pytest.mark.feature("PWR-03")
def test_the_last_gasp_stores_what_was_metered(pico):
    _, app = pico.start()
    run(app, 1.7, lambda: pico.world.drive(pico.wiring.POWER_GOOD, 0))
    assert not app.restarts
    pico.world.drive(pico.wiring.POWER_GOOD, 1)
    _, again = pico.start()
    assert again.meter.energy.totals == app.meter.energy.totals and sum(app.meter.energy.totals) > 0


def test_the_clock_goes_on_through_an_outage_and_its_loss_is_seen(pico):
    pico.start()
    pico.clock.power_cut(3)
    made = pico.wiring.Board()
    assert made.rtc.power_lost is False
    pico.clock.has_battery = False
    pico.clock.power_cut(3)
    assert pico.wiring.Board().rtc.power_lost is True


def test_the_security_keys_are_the_two_jumpers(pico):
    made = pico.wiring.Board()
    assert made.security_keys == (False, False)
    pico.world.drive(pico.wiring.KEY_2, 0)
    assert made.security_keys == (False, True)


def test_a_meter_that_stops_metering_is_started_anew_by_the_watchdog(pico):
    made, app = pico.start()
    run(app, 1.0, app.warm_start)
    assert not pico.world.watchdog.bites
    made.close()
    pico.world.advance(8.1e6)
    assert pico.world.watchdog.bites


def test_a_converter_that_is_dead_leaves_the_ports_open_and_the_watchdog_asleep(pico):
    """Nothing was metered, so there is nothing that has stopped: the ports can tell."""
    pico.adc._powered = False
    _, app = pico.start()
    told = run(app, 4.0, app.warm_start)
    assert told and pico.world.watchdog is None


def test_no_pin_has_two_uses(pico):
    wiring = pico.wiring
    names = [name for name in vars(wiring) if name.isupper() and isinstance(getattr(wiring, name), int)]
    suffixes = (
        "CLKIN",
        "SCK",
        "MOSI",
        "MISO",
        "DRDY",
        "CS",
        "RESET",
        "SDA",
        "SCL",
        "TX",
        "RX",
        "DIRECTION",
        "GOOD",
    )
    pins = [
        getattr(wiring, name) for name in names if name.endswith(suffixes) and not name.startswith("DISPLAY")
    ]
    pins += [wiring.KEY_1, wiring.KEY_2]
    assert len(pins) == len(set(pins)) == 26
    assert set(pins) == {*range(23), 26, 27, 28}


@pytest.mark.parametrize("missing", ("the driver", "the card", "the place"))
def test_a_board_without_its_network_meters_and_its_tcp_ports_have_failed(pico, monkeypatch, missing):
    from meter.app import App
    from meter.config.schema import validate

    from host_tests.hal.fake_machine import network

    def silent(self, value=None):
        raise OSError("timeout")

    if missing == "the driver":
        monkeypatch.delattr(network, "WIZNET5K")
    elif missing == "the card":
        monkeypatch.setattr(network.WIZNET5K, "active", silent)
    else:
        monkeypatch.setattr(pico.wiring, "DISPLAY", True)
    app = App(pico.wiring.Board(), validate({"dlms": {"push": {"enabled": True}}}))
    told = run(app, 2.2, app.warm_start)
    assert told == [("iec62056-21", "uart0"), ("iec62056-21", "uart1")]
    assert app.access.read("V.A")[0] == pytest.approx(VOLTS, rel=2e-4)
    assert [(e.port, e.fault) for e in app._serving.endpoints] == [
        ("optical", False), ("rs485", False), ("iec62056_21_tcp", True), ("dlms_tcp", True),
    ]  # fmt: skip
