"""What the devices of hal/linux do beyond their contracts, and the numbers that they share with the kernel."""

import asyncio
import shutil
import subprocess

import pytest
from meter.hal.linux import flash as flash_module
from meter.hal.linux import gpio as gpio_module
from meter.hal.linux import rtc as rtc_module
from meter.hal.linux import spi
from meter.hal.linux.contacts import Contacts
from meter.hal.linux.flash import Flash, Mtd
from meter.hal.linux.nvram import Nvram
from meter.hal.linux.power import Power
from meter.hal.linux.rtc import Rtc, days_of
from meter.hal.linux.uart import Uart
from meter.hal.sim.flash import PowerCut
from meter.storage.journal import Journal

from host_tests import power_cuts
from host_tests.hal import linux_uart_line
from host_tests.hal.linux_clocks import ClockChip, SystemClock, power_line
from host_tests.hal.models import gpio, mtd

# Contacts

NS = 1_000_000


def contacts(chip, **options):
    clock = {"uptime": lambda: 60_000, "monotonic": lambda: 500_000 * NS}
    return Contacts("/dev/gpiochip0", (5, 6, 13), (20, 21), system=chip, **{**clock, **options})


def test_inputs_are_a_mask_of_the_contacts_with_voltage():
    chip = gpio.Chip()
    made = contacts(chip)
    assert made.inputs() == (0, (0, 0, 0)), "a contact without voltage is pulled up"
    chip.drive(6, False, 499_000 * NS)
    chip.drive(13, False, 499_000 * NS)
    assert made.inputs()[0] == 0b110
    made.close()


def test_the_edge_of_a_contact_is_told_in_uptime_as_the_kernel_stamped_it():
    chip = gpio.Chip()
    made = contacts(chip)
    chip.drive(5, False, 450_000 * NS)
    chip.drive(6, False, 498_500 * NS)
    chip.drive(5, True, 499_250 * NS)
    assert made.inputs() == (0b010, (59_250, 58_500, 0))
    assert made.inputs() == (0b010, (59_250, 58_500, 0)) and made.missed == 0
    made.close()


def test_edges_that_the_kernel_had_no_room_for_are_counted():
    chip = gpio.Chip()
    made = contacts(chip)
    for k in range(4):
        chip.drive(5, bool(k & 1), 499_000 * NS, is_dropped=k in (1, 2))
    made.inputs()
    assert made.missed == 2
    made.close()


def test_more_edges_than_one_read_takes_are_all_seen():
    chip = gpio.Chip()
    made = contacts(chip)
    for k in range(200):
        chip.drive(13, bool(k & 1), (499_000 + k) * NS)
    assert made.inputs()[1] == (0, 0, 59_199) and made.missed == 0
    made.close()


def test_inputs_are_filtered_by_the_kernel_and_outputs_are_driven():
    chip = gpio.Chip()
    made = contacts(chip, debounce_us=7000)
    assert (made.channels, made.outputs) == (3, 2)
    inputs, outputs = chip.requests.values()
    assert inputs["debounce"] == 7000 and inputs["room"] == 256
    assert inputs["flags"] == 1 << 1 | 1 << 2 | 1 << 4 | 1 << 5 | 1 << 8 and outputs["flags"] == 1 << 3
    made.output(2, True)
    made.output(1, False)
    assert (chip.levels[20], chip.levels[21]) == (False, True)
    for channel in (3, 0):
        with pytest.raises(ValueError, match="no output"):
            made.output(channel, True)
    made.close()
    assert not chip.requests


def test_more_outputs_than_contacts_are_refused():
    with pytest.raises(ValueError, match="more than"):
        Contacts("/dev/gpiochip0", (5,), (20, 21), system=gpio.Chip())


def test_a_line_that_the_chip_does_not_have_is_an_os_error():
    with pytest.raises(OSError):
        Contacts("/dev/gpiochip0", (40,), system=gpio.Chip())


# Supply


def test_an_edge_of_the_line_is_a_failure_of_the_supply():
    line, chip = power_line()
    power = Power(line)

    async def wait():
        waiting = [asyncio.create_task(power.failing()) for _ in range(2)]
        await asyncio.sleep(0)
        assert power.mains and not waiting[0].done()
        chip.drive(17, False, 1)
        await asyncio.wait_for(asyncio.gather(*waiting), 1)

    asyncio.run(wait())
    assert power.mains is False
    power.close()


# Clock


def test_the_chip_is_set_with_the_system_and_its_loss_forgotten():
    chip = ClockChip(voltage=1)
    rtc = Rtc(clock=SystemClock(), system=chip)
    assert rtc.power_lost and rtc.chip() is None
    rtc.set(1_900_000_000)
    assert chip.seconds == 1_900_000_000 == rtc.chip() and chip.voltage == 0
    assert rtc.power_lost is False


@pytest.mark.parametrize("voltage, is_low", [(0, False), (2, True), (4, True), (None, False)])
def test_the_chip_tells_of_its_battery(voltage, is_low):
    rtc = Rtc(clock=SystemClock(), system=ClockChip(voltage))
    assert rtc.is_battery_low is is_low and rtc.power_lost is False
    rtc.set(1_900_000_001)


def test_a_system_that_starts_in_1970_has_lost_its_time():
    assert Rtc(clock=SystemClock(100), system=ClockChip(is_there=False)).power_lost


@pytest.mark.parametrize("seconds", (0, 951_782_400, 1_709_164_800, 1_735_689_599, 4_102_444_799))
def test_days_are_those_of_the_calendar(seconds):
    import time

    now = time.gmtime(seconds)
    assert days_of(now.tm_year, now.tm_mon, now.tm_mday) == seconds // 86400


# Serial port, on a real pseudo-terminal


def test_settings_reach_the_terminal():
    import termios

    with linux_uart_line.line() as (uart, _):
        uart.configure(300, 8, "N", 2)
        assert uart.settings == (300, 8, "N", 2)
        attributes = termios.tcgetattr(uart._fd)
        assert attributes[4] == attributes[5] == termios.B300 and attributes[2] & termios.CSTOPB
        with pytest.raises(OSError):  # a pseudo-terminal carries eight bits
            uart.configure(300, 7, "E", 1)
        assert uart.settings == (300, 8, "N", 2)
        with pytest.raises(ValueError):
            uart.configure(300, 9, "N", 1)


def test_rts_is_on_while_sending_and_off_after():
    """A pseudo-terminal has no RTS, so the calls to set it are watched, with what had left by then."""
    with linux_uart_line.line() as (uart, peer_of):
        states = []

        class Port:
            def __setattr__(self, name, value):
                states.append((name, value, len(uart._queue)))

            def close(self):
                pass

        real, uart._port, uart._by_rts = uart._port, Port(), True

        async def send():
            uart.write(b"answer")
            await uart.drain()

        asyncio.run(send())
        assert states == [("rts", True, 6), ("rts", False, 0)]
        assert peer_of().read(6) == b"answer"
        uart._port = real


def test_a_line_without_rs485_in_its_driver_says_so():
    with pytest.raises(ValueError, match="RS485"):
        with linux_uart_line.line(rs485="kernel"):
            pass


def test_an_unknown_way_of_rs485_is_refused():
    with pytest.raises(ValueError, match="sometimes"):
        Uart("/dev/null", rs485="sometimes")


def test_output_that_the_line_does_not_take_is_dropped_and_counted():
    with linux_uart_line.line() as (uart, _):

        async def talk():
            for _ in range(20):
                uart.write(bytes(8192))
                await uart.drain()

        asyncio.run(asyncio.wait_for(talk(), 10))
        assert uart.dropped > 0


# Flash and memory


def test_a_file_of_another_size_is_refused_and_left_as_it_is(tmp_path):
    path = tmp_path / "flash"
    path.write_bytes(b"a" * 100)
    with pytest.raises(ValueError, match="100 bytes"):
        Flash(str(path), 4096)
    assert path.read_bytes() == b"a" * 100


def test_a_file_keeps_its_content(tmp_path):
    flash = Flash(str(tmp_path / "flash"), 8192)
    flash.program(4000, b"kept")
    flash.close()
    again = Flash(str(tmp_path / "flash"), 8192)
    buffer = bytearray(4)
    again.read(4000, buffer)
    assert buffer == b"kept"
    again.close()


@pytest.mark.parametrize("options", ({"kind": 4}, {"flags": 0x400}))
def test_an_mtd_device_that_is_no_nor_flash_is_refused(tmp_path, options):
    with pytest.raises(OSError, match="NOR"):
        Mtd("/dev/mtd0", system=mtd.Chip(tmp_path / "chip", **options))


def test_a_memory_that_is_smaller_than_wanted_is_refused(tmp_path):
    (tmp_path / "eeprom").write_bytes(bytes(100))
    with pytest.raises(ValueError, match="100 bytes"):
        Nvram(str(tmp_path / "eeprom"), 256)
    with pytest.raises(OSError):
        Nvram(str(tmp_path / "none"), 256)


MEDIA = {
    "file": lambda folder, supply: Flash(str(folder / "flash"), 8 * 1024, 1024, system=mtd.Torn(**supply)),
    "mtd": lambda folder, supply: Mtd(
        "/dev/mtd0", system=mtd.Chip(folder / "chip", 8 * 1024, 1024, **supply)
    ),
}


@pytest.mark.parametrize("medium", MEDIA)
def test_a_power_cut_at_any_operation_leaves_the_state_before_or_after(tmp_path, medium):
    """A journal's life on the medium, again and again with the supply failing one operation later."""
    open_medium = MEDIA[medium]
    states = [bytes([k]) * (100 + 7 * (k % 12)) for k in range(30)]
    folder = tmp_path / "template"
    folder.mkdir()
    open_medium(folder, {}).close()
    cut = 0
    while True:
        cut += 1
        here = tmp_path / str(cut)
        shutil.copytree(folder, here)
        flash, saved = open_medium(here, {"cut_after": cut, "seed": cut}), 0
        try:
            journal = Journal(flash, 0, flash.size)
            for k, state in enumerate(states):
                journal.save(state, k)
                saved = k + 1
        except PowerCut:
            pass
        flash.close()
        again = open_medium(here, {})
        found = Journal(again, 0, again.size).load()
        assert (
            found is None
            if saved == 0 and found is None
            else found[1] in states[max(0, saved - 1) : saved + 1]
        )
        again.close()
        shutil.rmtree(here)
        if saved == len(states):
            break
    assert cut > 40
    power_cuts.survived(f"on a Linux {medium}", cut - 1)


# The kernel's numbers

PROGRAM = """
#include <stdio.h>
#include <linux/gpio.h>
#include <linux/rtc.h>
#include <linux/spi/spidev.h>
#include <mtd/mtd-abi.h>
#include <sys/ioctl.h>
#include <stddef.h>
int main() { printf("%lu %lu %lu %lu %lu %lu %lu %lu %lu %lu %lu %lu %lu %lu %lu",
 (unsigned long)GPIO_V2_GET_LINE_IOCTL, (unsigned long)GPIO_V2_LINE_GET_VALUES_IOCTL,
 (unsigned long)GPIO_V2_LINE_SET_VALUES_IOCTL, (unsigned long)sizeof(struct gpio_v2_line_event),
 (unsigned long)offsetof(struct gpio_v2_line_request, fd),
 (unsigned long)SPI_IOC_MESSAGE(136), (unsigned long)SPI_IOC_WR_MODE, (unsigned long)SPI_IOC_WR_MAX_SPEED_HZ,
 (unsigned long)sizeof(struct spi_ioc_transfer), (unsigned long)MEMGETINFO, (unsigned long)MEMERASE,
 (unsigned long)RTC_RD_TIME, (unsigned long)RTC_SET_TIME, (unsigned long)RTC_VL_READ, (unsigned long)RTC_VL_CLR); }
"""


def test_numbers_are_those_of_the_kernels_headers(tmp_path):
    """Compiled with this machine's headers, where it has a compiler and them."""
    if not shutil.which("cc"):
        pytest.skip("there is no C compiler")
    (tmp_path / "numbers.c").write_text(PROGRAM)
    built = subprocess.run(
        ["cc", "-o", tmp_path / "numbers", tmp_path / "numbers.c"], capture_output=True, text=True
    )
    if built.returncode:
        pytest.skip("the kernel's headers are not here")
    printed = subprocess.run([tmp_path / "numbers"], capture_output=True, text=True, check=True).stdout
    assert [int(word) for word in printed.split()] == [
        gpio_module.GET_LINE, gpio_module.GET_VALUES, gpio_module.SET_VALUES, gpio_module.EVENT_SIZE, 588,
        spi.message(136), spi.SET_MODE, spi.SET_SPEED, spi.TRANSFER_SIZE,
        flash_module.GET_INFO, flash_module.ERASE,
        rtc_module.READ_TIME, rtc_module.SET_TIME, rtc_module.READ_VOLTAGE, rtc_module.CLEAR_VOLTAGE,
    ]  # fmt: skip
