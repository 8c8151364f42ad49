"""The drivers of hal/rp2 beyond their contracts: each on the model of its chip, with what goes wrong on a board."""

import asyncio
from datetime import UTC, datetime

import pytest

from host_tests.hal.fake_machine import new_world
from host_tests.hal.models.ds3231 import Ds3231
from host_tests.hal.models.mb85rs512t import Mb85rs512t
from host_tests.hal.models.serial_line import SerialLine
from host_tests.hal.models.st7789 import St7789
from host_tests.hal.rp2_devices import i2c_1, spi_0

CS, DC, RESET, LIGHT = 6, 7, 20, 21


@pytest.fixture
def world():
    with new_world() as made:
        yield made


# Flash


def test_a_program_of_a_few_bytes_is_one_of_whole_pages(world):
    from meter.hal.rp2.flash import Flash

    flash = Flash(8192, 8192)
    flash.erase(0)
    flash.program(250, b"across two pages")
    assert world.flash_log == [("erase", 8192, 4096), ("program", 8192, 256), ("program", 8448, 256)]
    assert world.flash[8192 + 249 : 8192 + 267] == b"\xffacross two pages\xff"


def test_what_lies_beside_the_partition_is_never_touched(world):
    from meter.hal.rp2.flash import Flash

    before = bytes(world.flash)
    flash = Flash(8192, 8192)
    for sector in (0, 4096):
        flash.erase(sector)
        flash.program(sector, bytes(4096))
    assert world.flash[:8192] == before[:8192] and world.flash[16384:] == before[16384:]


@pytest.mark.parametrize("start, size", [(0, 4 << 20), (100, 4096), (0, 5000), (-4096, 4096)])
def test_a_partition_that_the_flash_has_not_is_refused(world, start, size):
    from meter.hal.rp2.flash import Flash

    with pytest.raises(ValueError):
        Flash(start, size)


# Clock


def seconds_of(*date):
    return int(datetime(*date, tzinfo=UTC).timestamp())


@pytest.mark.parametrize(
    "date",
    [(2000, 1, 1), (2024, 2, 29, 23, 59, 59), (2026, 12, 31, 12), (2099, 12, 31, 23, 59, 58), (2199, 12, 31)],
)
def test_the_chip_is_set_to_the_date_and_read_back(world, date):
    from meter.hal.rp2.rtc import Rtc

    chip = Ds3231(world, bus=1)
    rtc = Rtc(i2c_1())
    rtc.set(seconds_of(*date))
    assert chip.now() == datetime(*date)
    assert chip.registers[3] == datetime(*date).isoweekday()
    assert rtc.read() == seconds_of(*date)


def test_every_day_of_the_chips_two_centuries_is_found_again():
    from meter.hal.rp2.rtc import date_of, days_of

    for day in range(days_of(2000, 1, 1), days_of(2199, 12, 31) + 1, 5):
        year, month, number, weekday = date_of(day)
        assert days_of(year, month, number) == day
        assert datetime(year, month, number).isoweekday() == weekday


@pytest.mark.parametrize("seconds, year", [(0, 2000), (seconds_of(2300, 1, 1), 2199)])
def test_a_time_that_the_chip_has_not_becomes_the_nearest(world, seconds, year):
    from meter.hal.rp2.rtc import Rtc

    chip = Ds3231(world, bus=1)
    Rtc(i2c_1()).set(seconds)
    assert chip.now().year == year


def test_a_clock_that_was_never_set_says_that_it_lost_its_power(world):
    from meter.hal.rp2.rtc import Rtc

    Ds3231(world, bus=1)
    rtc = Rtc(i2c_1())
    assert rtc.power_lost and rtc.read() == seconds_of(2000, 1, 1)
    rtc.set(seconds_of(2026, 1, 1))
    assert not rtc.power_lost and not Rtc(i2c_1()).power_lost


def test_it_runs_on_its_battery_and_stands_still_without(world):
    from meter.hal.rp2.rtc import Rtc

    chip = Ds3231(world, bus=1)
    Rtc(i2c_1()).set(seconds_of(2026, 1, 1))
    chip.power_cut(50)
    assert Rtc(i2c_1()).read() == seconds_of(2026, 1, 1, 0, 0, 50) and not Rtc(i2c_1()).power_lost
    chip.has_battery = False
    chip.power_cut(50)
    assert Rtc(i2c_1()).power_lost


def test_a_clock_that_someone_set_to_twelve_hours_is_read_right():
    from meter.hal.rp2.rtc import _hours

    assert [_hours(raw) for raw in (0x23, 0x52, 0x61, 0x72, 0x71)] == [23, 0, 13, 12, 23]


def test_no_clock_is_an_os_error(world):
    from meter.hal.rp2.rtc import Rtc

    with pytest.raises(OSError):
        Rtc(i2c_1())


# Ferroelectric memory


def test_a_write_that_the_supply_cuts_leaves_its_beginning(world):
    from meter.hal.rp2.nvram import Nvram

    chip = Mb85rs512t(world, CS)
    nvram = Nvram(spi_0(), CS)
    nvram.write(100, bytes(50))
    chip.cut_after = 20
    nvram.write(100, b"\x55" * 50)
    assert chip.memory[100:150] == b"\x55" * 20 + bytes(30)


def test_every_write_sets_the_latch_anew(world):
    from meter.hal.rp2.nvram import Nvram

    chip = Mb85rs512t(world, CS)
    nvram = Nvram(spi_0(), CS)
    nvram.write(0, b"a")
    assert not chip._enabled
    nvram.write(65535, b"b")
    assert chip.memory[0] == ord("a") and chip.memory[65535] == ord("b")


@pytest.mark.parametrize("identity", (b"\0\0\0\0", b"\xff\xff\xff\xff", b"\x04\x7f\x05\x09"))
def test_another_memory_or_none_is_refused(world, identity):
    from meter.hal.rp2.nvram import Nvram

    Mb85rs512t(world, CS, identity)
    with pytest.raises(OSError, match="no MB85RS512T"):
        Nvram(spi_0(), CS)


# Serial port


def make_uart(world, **options):
    from meter.hal.rp2.uart import Uart

    echoes = options.pop("echoes", False)
    line = SerialLine(world, 1, direction=15, echoes=echoes)
    return line, Uart(1, 8, 9, **options)


async def send(uart, data):
    uart.write(data)
    await uart.drain()


@pytest.mark.parametrize("parity, number", [("N", None), ("E", 0), ("O", 1)])
@pytest.mark.parametrize("baud, bits, stop", [(300, 7, 1), (9600, 8, 2), (115200, 8, 1)])
def test_the_line_is_set_as_it_is_configured(world, baud, bits, parity, number, stop):
    line, uart = make_uart(world)
    uart.configure(baud, bits, parity, stop)
    assert line.settings == (baud, bits, number, stop, 0) and uart.settings == (baud, bits, parity, stop)


def test_a_parity_that_is_none_is_refused(world):
    _, uart = make_uart(world)
    with pytest.raises(ValueError, match="parity X"):
        uart.configure(9600, 8, "X", 1)


def test_an_optical_head_that_is_dark_while_idle_has_both_lines_inverted(world):
    line, _ = make_uart(world, inverted=True)
    assert line.settings[4] == 3


@pytest.mark.parametrize("baud", (300, 9600, 115200))
def test_the_direction_pin_is_high_around_all_that_is_sent_and_the_delays_are_kept(world, baud):
    from meter.compat import Uptime
    from meter.ports.serial import HalfDuplex, Timing

    line, uart = make_uart(world, direction=15, kind="RS-485")
    uart.configure(baud, 8, "N", 1)
    edges = []
    world.line(15).watchers.append(lambda high, now: edges.append((now, high)))
    stream = HalfDuplex(uart, Uptime(), Timing(tx_start=40, tx_end=30, turnaround=20))

    async def answer():
        await send(stream, b"hello")
        await asyncio.sleep(0.1)
        line.say(b"x")
        return await stream.read()

    assert asyncio.run(answer()) == b"x"
    (rise, _), (fall, _) = edges
    assert line.text() == b"hello" and all(level == 1 for _, _, level in line.sent)
    assert line.sent[0][0] - rise >= 40_000 - 1000
    assert fall - (line.sent[-1][0] + line.byte_us) >= 30_000 - 2000
    assert fall - (line.sent[-1][0] + line.byte_us) <= 36_000


def test_without_a_direction_pin_turning_the_line_does_nothing(world):
    _, uart = make_uart(world)
    uart.transmit(True)
    uart.transmit(False)


def test_a_port_is_of_the_kind_that_the_board_is_wired_for(world):
    _, uart = make_uart(world, direction=15, kind="RS-485", terminator=14)
    uart.mode("RS-485", True)
    assert world.line(14).level == 1
    with pytest.raises(ValueError, match="RS-485, not RS-232"):
        uart.mode("RS-232", False)
    _, other = make_uart(world)
    with pytest.raises(ValueError, match="jumper"):
        other.mode("RS-232", True)


def test_more_than_the_ports_buffer_is_sent_whole(world):
    line, uart = make_uart(world)
    data = bytes(k & 0xFF for k in range(3000))
    asyncio.run(send(uart, data))
    assert line.text() == data


def test_the_queue_is_bounded_and_what_it_cannot_hold_is_counted(world):
    from meter.hal.rp2.uart import QUEUE_LIMIT

    _, uart = make_uart(world)
    uart.write(bytes(QUEUE_LIMIT - 1))
    uart.write(b"abc")
    assert uart.dropped == 2


def test_a_head_that_sees_its_own_light_is_deaf_while_it_sends(world):
    line, uart = make_uart(world, deaf=True, echoes=True)
    uart.configure(9600, 7, "E", 1)

    async def talk():
        await send(uart, bytes(2000))
        line.say(b"/?!\r\n")
        got = b""
        while len(got) < 5:
            got += await uart.read()
        return got

    assert asyncio.run(talk()) == b"/?!\r\n"
    assert line.lost == 0


def test_what_arrives_while_something_else_has_the_processor_is_kept(world):
    line, uart = make_uart(world)
    uart.configure(115200, 8, "N", 1)
    line.say(bytes(range(256)) * 3)
    world.advance(70_000)  # an erase of flash and more
    assert asyncio.run(uart.read()) + asyncio.run(uart.read()) == bytes(range(256)) * 3 and line.lost == 0


# Display and keys


@pytest.fixture
def panel(world):
    from meter.hal.rp2.display import Display

    return St7789(world, CS, DC, RESET), Display(spi_0(), CS, DC, RESET, LIGHT)


def paint(display, **lines):
    """Draw a picture in which each point shows where it is; return what is expected."""

    def colours(x, y):
        return (x & 0x1F) << 3, (y & 0x3F) << 2, (x >> 5 & 0x1F) << 3

    def draw(canvas, line):
        for y in range(canvas.height):
            for x in range(canvas.width):
                canvas.pixel(x, y, display.colour(*colours(x, line + y)))

    asyncio.run(display.show(draw, **lines))
    return colours


def test_the_display_is_on_after_its_start(world, panel):
    chip, display = panel
    display.start()
    assert (chip.is_awake, chip.is_on, chip.is_inverted) == (True, True, True)
    assert world.pwm[LIGHT][1] == 65535
    display.brightness(20)
    assert world.pwm[LIGHT][1] == 13107


def test_each_point_of_the_picture_is_where_it_was_drawn(panel):
    chip, display = panel
    display.start()
    colours = paint(display)
    assert chip.written == 320 * 240
    for y in range(0, 240, 7):
        assert chip.points[y] == [colours(x, y) for x in range(320)]


@pytest.mark.parametrize("top, bottom", [(0, 24), (100, 101), (50, 119), (230, 240)])
def test_only_the_lines_that_are_asked_for_are_sent(panel, top, bottom):
    chip, display = panel
    display.start()
    colours = paint(display, top=top, bottom=bottom)
    assert chip.written == 320 * (bottom - top)
    for y in range(240):
        wanted = [colours(x, y) if top <= y < bottom else None for x in range(320)]
        assert chip.points[y] == wanted


def test_others_run_between_two_strips(panel):
    from meter.hal.rp2.display import STRIP

    _, display = panel
    display.start()
    turns = []

    async def both():
        async def other():
            while True:
                turns.append(1)
                await asyncio.sleep(0)

        task = asyncio.create_task(other())
        await display.show(lambda canvas, line: None)
        task.cancel()

    asyncio.run(both())
    assert len(turns) >= 240 // STRIP


def pressed(world, pin, times):
    """Bounce a key: toggle its pin at these times, us from now."""
    for k, us in enumerate(times):
        world.after(us, lambda level=k % 2: world.drive(pin, level))


def test_a_key_that_bounces_is_pressed_once_and_released_once(world):
    from meter.compat import Uptime
    from meter.hal.rp2.keys import Keys

    keys, uptime = Keys((("up", 10), ("enter", 12))), Uptime()
    pressed(world, 12, (1000, 2000, 3000, 5000, 6000, 150_000, 152_000, 153_000, 154_000, 155_000))

    async def two():
        return [await keys.read(uptime), await keys.read(uptime)]

    assert asyncio.run(two()) == [[("enter", True)], [("enter", False)]]
    assert keys.poll(uptime.ms()) == []


def test_a_glitch_is_no_key(world):
    from meter.hal.rp2.keys import Keys

    keys = Keys((("up", 10),))
    found = []
    pressed(world, 10, (10_000, 20_000))
    for _ in range(40):
        world.advance(5000)
        found += keys.poll(int(world.now / 1000))
    assert found == []


# Contacts


def make_contacts(world):
    from meter.hal.rp2.contacts import Contacts

    return Contacts((4, 5), (2, 3), lambda: int(world.now / 1000))


def test_contacts_are_numbered_from_one_outputs_first(world):
    contacts = make_contacts(world)
    assert (contacts.channels, contacts.outputs) == (4, 2)
    contacts.output(2, True)
    assert (world.line(4).level, world.line(5).level) == (0, 1)
    world.drive(2, 0)
    assert contacts.inputs()[0] == 0b0100


@pytest.mark.parametrize("channel", (0, 3, -1))
def test_an_output_that_is_not_there_is_a_value_error(world, channel):
    with pytest.raises(ValueError, match="no output"):
        make_contacts(world).output(channel, True)


def test_an_edge_has_the_time_at_which_it_came_however_late_it_is_asked_for(world):
    contacts = make_contacts(world)
    world.after(123_000, lambda: world.drive(3, 0))
    world.advance(900_000)
    assert contacts.inputs() == (0b1000, (0, 0, 0, 123))


def test_all_outputs_are_open_after_a_start_and_a_close(world):
    contacts = make_contacts(world)
    assert world.line(4).level == 0
    contacts.output(1, True)
    contacts.close()
    assert world.line(4).level == 0


# Supply and watchdog


def test_a_warning_that_lasts_is_believed_within_five_milliseconds(world):
    from meter.hal.rp2.power import Power

    world.drive(28, 1)
    power = Power(28)
    world.after(100_000, lambda: world.drive(28, 0))
    asyncio.run(power.failing())
    assert 100_000 < world.now <= 105_000 and power.mains is False


def test_a_warning_that_is_over_at_once_is_counted_and_not_believed(world):
    from meter.hal.rp2.power import Power

    world.drive(28, 1)
    power = Power(28)
    for us in (50_000, 70_000):
        world.after(us, lambda: (world.drive(28, 0), world.drive(28, 1)))
    with pytest.raises(asyncio.TimeoutError):
        asyncio.run(asyncio.wait_for(power.failing(), 0.2))
    assert power.dips == 2


def test_a_supply_that_is_away_when_the_board_starts_is_seen(world):
    from meter.hal.rp2.power import Power

    power = Power(28)
    assert power.mains is False
    asyncio.run(asyncio.wait_for(power.failing(), 0.1))


def test_the_watchdog_sleeps_until_it_is_fed_and_bites_when_it_is_not(world):
    from meter.hal.rp2.watchdog import Watchdog

    watchdog = Watchdog(1000)
    assert world.watchdog is None
    for _ in range(5):
        watchdog.feed()
        world.advance(900_000)
        assert not world.watchdog.bites
    world.advance(200_000)
    assert world.watchdog.bites


# Network


def test_the_card_gets_its_address_by_dhcp_or_as_it_is_given(world):
    import machine
    from meter.hal.rp2.net import Net

    def bus():
        return machine.SPI(1, sck=machine.Pin(10), mosi=machine.Pin(11), miso=machine.Pin(12))

    Net(bus(), 13, 14)
    assert world.network.settings == {"dhcp4": True} and world.network.is_active
    given = Net(bus(), 13, 14, ("192.168.1.9", "255.255.255.0", "192.168.1.1", "192.168.1.2"))
    assert given.address == "192.168.1.9"
    assert world.network.settings["gw4"] == "192.168.1.1" and world.network.settings["dns"] == "192.168.1.2"


def test_a_port_is_not_chosen_by_the_board(world):
    import machine
    from meter.hal.rp2.net import Net

    net = Net(machine.SPI(1, sck=machine.Pin(10), mosi=machine.Pin(11), miso=machine.Pin(12)), 13, 14)
    with pytest.raises(ValueError, match="port 0"):
        asyncio.run(net.start_server(None, "0.0.0.0", 0))
