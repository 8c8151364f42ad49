"""The sim board: which simulated devices there are, and how the flash is divided."""

import os

from meter.hal.sim.adc import Adc
from meter.hal.sim.contacts import Contacts
from meter.hal.sim.flash import Flash
from meter.hal.sim.front_end import FrontEnd, quantised_rate, scale
from meter.hal.sim.load_model import LoadModel
from meter.hal.sim.load_source import LoadSource
from meter.hal.sim.net import Net
from meter.hal.sim.nvram import Nvram
from meter.hal.sim.power import Power
from meter.hal.sim.rtc import Rtc
from meter.hal.sim.synthesizer import Synthesizer, three_phase
from meter.hal.sim.uart import Uart
from meter.metrology import builder
from meter.metrology.calibration import Calibration
from meter.metrology.frame import HALF

FLASH_SIZE = 16 * 1024 * 1024
ERASE_SIZE = 4096
NVRAM_SIZE = 64 * 1024  # ferroelectric: two slots for a state of 32 KB less 26 bytes
LOGS = (("events", 8), ("diagnostics", 8), ("security", 8), ("alarms", 8), ("sags", 22))
LOAD_PROFILES = (("load_profile", 1152), ("profile_2", 1152))
PARTITIONS = (
    (("journal", 256), ("calibration", 3))
    + LOAD_PROFILES
    + LOGS
    + (("self_reads", 12), ("config", 96), ("users", 4), ("keys", 4))
    + (("dlms", 17), ("boot", 3), ("image", 256))
)
MAX_PDU = 65535  # of DLMS: a PC has room for the longest that the wrapper carries
CALIBRATED_AT = 23.0  # degrees Celsius
PORTS = ("optical", "rs485", "rs485_2")

# Full scale over nominal, RMS: a class 20 meter at 5 A nominal, and the manual's 300 V at 120 V.
VOLTAGE_RANGE = 2.5
CURRENT_RANGE = 4.0


class Board:
    """The HAL devices of one simulated meter.

    source      a waveform source (hal.sim.synthesizer, or a recording), or a LoadModel: then there is no converter
    state       directory for the flash and Nvram files and the links to the pseudo-terminals; None: all in memory,
                no ports
    speed       times real time; None: as fast as possible
    full_scale  (volts, amperes) RMS of the front end
    half_cycles half cycles to a frame
    block       samples to a read of the converter
    last        sample number to stop before, or None; with a LoadModel, the UTC second
    start       UTC second at which the clock starts, or None: the host's clock
    seed        of the noise
    """

    def __init__(
        self, settings, source, full_scale, state=None, speed=None, half_cycles=2, block=None, last=None,
        start=None, seed=0,
    ):  # fmt: skip
        self.name = "sim"
        self.partitions = PARTITIONS
        self.serial_ports = PORTS if state else ()
        self.half_cycles = half_cycles
        self.state = state
        self.max_pdu, self.signature = MAX_PDU, b""
        self.is_attended = True
        self.adc = self.load = None
        if isinstance(source, LoadModel):
            self.load = LoadSource(source, speed, last)
        else:
            front_end = _front_end(settings, source.channels, full_scale, seed)
            self.adc = Adc(source, front_end, speed, block, last=last)
        # A year is not simulated to bridge a failure of the host: no state of each second, no waiting for its disk.
        is_hurried = self.load is not None and speed is None
        path = os.path.join(state, "flash.bin") if state else None
        self.flash = Flash(FLASH_SIZE, ERASE_SIZE, path, lazy=is_hurried)
        self.nvram = None
        if not is_hurried:
            self.nvram = Nvram(NVRAM_SIZE, os.path.join(state, "nvram.bin") if state else None)
        self.rtc = Rtc(start)
        self.power = Power()
        self.contacts = Contacts()
        self.net = Net()
        self.security_keys = (settings["simulator.key_1"], settings["simulator.key_2"])

    def close(self):
        """Release the files."""
        self.flash.close()
        if self.nvram:
            self.nvram.close()

    def uart(self, name):
        """Open the serial port with this name (of PORTS): a pseudo-terminal, linked in the state directory."""
        return Uart(self.address(name))

    def address(self, name):
        """Return the path under which the serial port with this name is found."""
        return os.path.join(self.state, name)


def _front_end(settings, channels, full_scale, seed):
    return FrontEnd(
        [scale(full_scale[name.startswith("I")]) for name in channels],
        gain_error=_by_channel(settings["simulator.gain_error"], channels),
        offset=_by_channel(settings["simulator.offset"], channels),
        delay=[us * 1e-6 for us in _by_channel(settings["simulator.delay"], channels)],
        noise=settings["simulator.noise"],
        crosstalk=settings["simulator.crosstalk"],
        drift=_by_channel(settings["simulator.drift"], channels),
        warmer=settings["simulator.temperature"] - CALIBRATED_AT,
        seed=seed,
    )


def _by_channel(values, channels):
    order = ("VA", "VB", "VC", "IA", "IB", "IC")
    return [values[order.index(name)] for name in channels]


def synthesizer(settings, seed=0):
    """Return the waveform source that the settings describe."""
    harmonics = (
        ("V", 5, settings["simulator.thd_voltage"], 0.0),
        ("I", 3, settings["simulator.thd_current"], 0.0),
    )
    tones = three_phase(
        settings["simulator.voltage"], settings["simulator.current"], settings["simulator.lag"], harmonics
    )
    rate = quantised_rate(2 * HALF * settings["service.frequency"], settings["simulator.clock"])
    return Synthesizer(
        rate, settings["simulator.frequency"], tones, swing=settings["simulator.swing"], seed=seed
    )


def load_model(settings, steps):
    """Return the LoadModel of a load (see hal.sim.load_model) before the meter with these settings.

    There is no front end, so none of its errors are corrected; what is set for the instrument transformers is.
    """
    return LoadModel(
        steps,
        builder.half_cycles(settings, Calibration()),
        settings["service.frequency"],
        settings["service.nominal_voltage"] * builder.TRACKED_PART,
        settings["correction.voltage_gain"] + settings["correction.current_gain"],
    )


def nominal_full_scale(settings):
    """Return (volts, amperes) RMS that a meter for these nominal values takes."""
    return (
        settings["service.nominal_voltage"] * VOLTAGE_RANGE,
        settings["service.nominal_current"] * CURRENT_RANGE,
    )
