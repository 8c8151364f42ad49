"""The Linux boards over models of their converters: what is applied at the terminals is what the meter reads."""

import asyncio
import math
import os

import numpy as np
import pytest
from meter.app import App
from meter.config.schema import validate
from meter.hal.linux.ads131m08_reader import serve
from meter.quantities import index

from boards.linux_ad7606 import board as ad7606
from boards.linux_ads131m08 import board as ads131m08
from host_tests.hal import linux_backends
from host_tests.hal.linux_clocks import SystemClock
from host_tests.hal.models import gpio
from host_tests.hal.models.ads131m08_linux import Kernel
from host_tests.hal.models.iio import Device

VOLTS, AMPS, LAG = 230.0, 5.0, 30.0


def counts(units, count_v, rate, bits):
    """Return n -> eight counts of a three-phase load at 50 Hz at the terminals, at the converter's inputs."""
    limit = 1 << (bits - 1)

    def of(n):
        values = []
        for k in range(6):
            rms, lag = (VOLTS, 0.0) if k < 3 else (AMPS, LAG)
            angle = 2 * math.pi * 50.0 * n / rate - math.radians(120.0 * (k % 3) + lag)
            counted = round(rms * math.sqrt(2) * math.sin(angle) / units[k] / count_v)
            values.append(max(-limit, min(limit - 1, counted)))
        return values

    return of


def small_wiring(wiring, **changes):
    """Return the wiring without what a test machine lacks: serial ports, clock chip."""
    names = {"OPTICAL": None, "RS485": None, "RTC": None, **changes}
    return type("Wiring", (wiring,), names)


def ads131m08_board(tmp_path):
    source = counts(ads131m08.units(), 1.2 / 2**23, ads131m08.RATE, 24)
    kernel = Kernel(lambda n: (*source(n), 0, 0))
    read, write = os.pipe()
    options = {**linux_backends.OPTIONS, "inputs": ads131m08.CHIP_CHANNELS, "rate": ads131m08.RATE}
    serve(options, write, 360, system=kernel, clock=kernel.clock)
    os.close(write)
    return ads131m08.Board(
        str(tmp_path), small_wiring(ads131m08.Wiring), linux_backends.Pipe(read), system=gpio.Chip(),
        clock=SystemClock(),
    )  # fmt: skip


def ad7606_board(tmp_path):
    folder = tmp_path / "iio"
    folder.mkdir()
    device = Device(folder)
    wiring = small_wiring(
        ad7606.Wiring, DEVICE=str(device.device), NODE=str(device.node), TRIGGER=str(device.trigger)
    )
    board = ad7606.Board(str(tmp_path), wiring, system=gpio.Chip(), clock=SystemClock())
    source = counts(ad7606.units(), 0.152587890e-3, ad7606.RATE, 16)
    read = board.adc.read
    given = 0

    async def next_block():
        nonlocal given
        if given < ad7606.RATE:  # the FIFO holds less than a second: it is filled as it is read
            for _ in range(512):
                six = source(given)
                device.convert([*six[:3], 0, *six[3:], 0])
                given += 1
        elif given:
            device.end()
            given = math.inf
        return await read()

    board.adc.read = next_block
    return board


BOARDS = {"linux_ads131m08": ads131m08_board, "linux_ad7606": ad7606_board}


@pytest.fixture(params=BOARDS)
def board(request, tmp_path):
    made = BOARDS[request.param](tmp_path)
    yield made
    made.close()


def test_the_meter_of_the_board_reads_what_is_at_its_terminals(board):
    spans = []
    settings = validate({"service": {"frequency": 50, "nominal_voltage": 230.0}})
    app = App(board, settings, lambda span: spans.append([span.value(index(name)) for name in NAMES]))
    asyncio.run(app.metering())
    app.finish()
    volts_b, amps_c, watts_a, hertz = np.array(spans[:-1])[-1] if len(spans) > 1 else spans[-1]
    assert volts_b == pytest.approx(VOLTS, rel=1e-3)
    assert amps_c == pytest.approx(AMPS, rel=3e-3)
    assert watts_a == pytest.approx(VOLTS * AMPS * math.cos(math.radians(LAG)), rel=3e-3)
    assert hertz == pytest.approx(50.0, abs=0.01)
    assert board.adc.overruns == 0


NAMES = ("V.B", "A.C", "W.bi.A", "Hz.A")


def test_the_keys_are_the_jumpers(board):
    assert board.security_keys == (False, False)
    chip = board._keys._system
    chip.drive(board._keys.offsets[1], False, 1)
    assert board.security_keys == (False, True)


def test_the_flash_of_a_board_is_a_file_in_its_state(board):
    assert os.path.getsize(os.path.join(board.state, "flash.bin")) == board.flash.size


def test_a_board_without_its_converter_says_what_is_missing(tmp_path):
    with pytest.raises(OSError, match="iio:device0"):
        ad7606.Board(str(tmp_path))
