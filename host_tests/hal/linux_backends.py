"""The rows of hal/linux in the contract suites: each device over a model of what it drives."""

import os
import shutil
import tempfile
from pathlib import Path

from meter.hal.linux.adc_ad7606 import Adc as Ad7606
from meter.hal.linux.adc_ads131m08 import Adc as Ads131m08
from meter.hal.linux.adc_ads131m08 import scales
from meter.hal.linux.ads131m08_reader import serve
from meter.hal.linux.flash import Flash, Mtd
from meter.hal.linux.nvram import Nvram

from host_tests.hal.models import mtd
from host_tests.hal.models.ads131m08_linux import Kernel
from host_tests.hal.models.iio import Device

RATE = 25600.0
CHANNELS = ("VA", "VB", "VC", "IA", "IB", "IC")
INPUTS = (0, 1, 2, 3, 4, 5)
GAINS = (1,) * 8
OPTIONS = {
    "spi": "/dev/spidev0.0", "chip": "/dev/gpiochip0", "drdy": 25, "inputs": INPUTS, "gains": GAINS,
    "rate": RATE, "speed_hz": 20_000_000, "block": 256, "priority": 50,
}  # fmt: skip


def numbered(n):
    """Counts that tell which conversion and channel they are: sample n of channel k is 8 n + k, both signs."""
    sign = -1 if n & 1 else 1
    return tuple(sign * (8 * (n & 0xFFFF) + k) for k in range(8))


class Pipe:
    """What a reader process is to the Adc."""

    def __init__(self, fd):
        self.fd = fd

    def failed(self):
        return False

    def close(self):
        os.close(self.fd)


def ads131m08(kernel=None, turns=28, **options):
    """Return (Adc, Reader) over a model whose reader ran for some turns."""
    kernel = kernel or Kernel(numbered)
    read, write = os.pipe()
    try:
        reader = serve({**OPTIONS, **options}, write, turns, system=kernel, clock=kernel.clock)
    finally:
        os.close(write)
    adc = Ads131m08(Pipe(read), CHANNELS, scales((220.0,) * 3 + (20.0,) * 3, INPUTS, GAINS), RATE)
    return adc, reader


class TemporaryAd7606(Ad7606):
    """Removes the folder of its model when it is closed."""

    def close(self):
        folder = self._device.folder
        super().close()
        shutil.rmtree(os.path.dirname(folder), ignore_errors=True)


def ad7606():
    device = Device(Path(tempfile.mkdtemp()))
    adc = TemporaryAd7606(
        str(device.device), str(device.node), CHANNELS, INPUTS, (100.0,) * 3 + (10.0,) * 3, RATE,
        str(device.trigger), block=300,
    )  # fmt: skip
    for n in range(1000):
        device.convert([n + k for k in range(8)])
    device.end()
    return adc


def fram(directory):
    path = directory / "eeprom"
    path.write_bytes(bytes(1024))
    return Nvram(str(path), 1024)


ADCS = {"linux ads131m08": lambda: ads131m08()[0], "linux ad7606": ad7606}
FLASHES = {
    "linux file": lambda directory: Flash(str(directory / "flash"), 4 * 4096),
    "linux mtd": lambda directory: Mtd("/dev/mtd0", system=mtd.Chip(directory / "chip")),
}
NVRAMS = {"linux fram": fram}
