"""The wiring of the demonstration, in the place of meter/app.py: one phase, energies, a readout on the optical port.

The whole App takes more than an RP2040 has. What is metered is metered by the same code; what is left out is what a
demonstration does without: configuration, users and rights, tariffs, demand, load profiles, event logs, DLMS, upgrades.
"""

import asyncio

from meter import parts
from meter.compat import Uptime
from meter.meter import Meter
from meter.metrology import builder, calibration
from meter.metrology.connection import Connection
from meter.power_quality.builder import dips
from meter.reading import Reading
from meter.storage.journal import Journal
from meter.storage.partitions import Partitions
from meter.totals import KIND, Totals

CALIBRATION_KIND = 0x43
FIRST_FRAME_S = 2
# Settings of config.schema that the metrology asks for. A test holds the names against it.
SETTINGS = {
    "meter.serial": "00000001",
    "service.connection": "4-wire wye",
    "service.current_class": 20,
    "service.frequency": 60,
    "service.nominal_voltage": 120.0,
    "service.nominal_current": 5.0,
    "service.demand_current": 0.0,
    "correction.voltage_gain": (1.0,) * 3,
    "correction.current_gain": (1.0,) * 3,
    "correction.curve": (),
    "correction.watt_gain": 1.0,
    "correction.var_gain": 1.0,
    "loss.delivered": (0.0,) * 5,
    "loss.received": (0.0,) * 5,
    "power_quality.dip": 90.0,
    "power_quality.swell": 110.0,
    "power_quality.interruption": 50.0,
    "power_quality.hysteresis": 2.0,
    "ports.optical.baud": 9600,
    "ports.optical.reaction": 200,
}


class App:
    """One meter on one board. board: with `settings`, a dict of what is other than in SETTINGS.

    meter, access   Meter; Reading
    ended       True when the converter's source has ended
    restarts    True when a warm start was asked for
    """

    def __init__(self, board):
        settings = dict(SETTINGS)
        settings.update(board.settings)
        areas = Partitions.open(board.flash, board.partitions)
        constants, _ = calibration.stored(
            Journal(board.flash, *areas.area("calibration"), kind=CALIBRATION_KIND)
        )
        self._board, self._settings = board, settings
        board.adc.set_rate(float(board.samples_a_cycle * settings["service.frequency"]))
        self.tracker = builder.tracker(board.adc, settings, constants, board.half_cycles)
        self.meter = Meter(
            board.adc.rate,
            board.rtc.read(),
            Totals(
                Journal(board.flash, *areas.area("journal"), kind=KIND),
                Connection(settings["service.connection"]),
            ),
            builder.half_cycles(settings, constants),
            diagnostics=builder.diagnostics(settings),
            lost=board.rtc.power_lost,
            dips=dips(settings),
        )
        self.access = Reading(self.meter, settings["meter.serial"])
        self.uptime = Uptime()
        self.ended = self.restarts = False
        self._stop = self._begun = self._failure = None
        self._uart = None

    async def metering(self):
        """Meter until the converter's source ends."""
        board, meter = self._board, self.meter
        block = await board.adc.read()
        while block is not None:
            for frame in self.tracker.feed(*block):
                meter.step(frame)
                board.watchdog.feed()
                if self._begun:
                    self._begun.set()
            block = await board.adc.read()
        self.ended = True

    def warm_start(self):
        """Stop, and start again with all that is kept: run() returns, `restarts` is True."""
        self.restarts = True
        self._stop.set()

    def finish(self):
        """The supply fails or the source has ended: meter what is buffered, store everything."""
        for frame in self.tracker.flush():
            self.meter.step(frame)
        self.meter.finish()
        self._board.flash.sync()

    async def run(self, announce):
        """Meter and serve until the supply fails or the source ends; then store everything. announce: see App."""
        self._stop, self._begun = asyncio.Event(), asyncio.Event()
        tasks = []
        try:
            tasks.append(asyncio.create_task(self._until_end(self.metering())))
            tasks.append(asyncio.create_task(self._until_end(self._board.power.failing())))
            await self._first_frame()
            tasks.append(asyncio.create_task(await self._serve(announce)))
            await self._stop.wait()
        finally:
            for task in tasks:
                task.cancel()
            if self._uart:
                self._uart.close()
            self.finish()
        if self._failure:
            raise self._failure

    async def _first_frame(self):
        try:
            await asyncio.wait_for(self._begun.wait(), FIRST_FRAME_S)
        except asyncio.TimeoutError:
            pass  # then the port is needed to tell why

    async def _serve(self, announce):
        """Return what carries the optical port."""
        for name in parts.SERVING:
            __import__(name)
            await asyncio.sleep(0)
        from meter.ports import serial
        from meter.protocols.iec62056_21 import codec
        from meter.protocols.iec62056_21.session import Iec6205621Session

        letter = codec.baud_character(self._settings["ports.optical.baud"], "C")
        reaction = self._settings["ports.optical.reaction"]
        self._uart = self._board.uart("optical")
        announce("iec62056-21", self._board.address("optical"))
        return serial.run(
            self._uart, lambda: Iec6205621Session(self.access, baud=letter, reaction_ms=reaction), self.uptime
        )

    async def _until_end(self, task):
        # Whatever ends first ends the run; an error of our own is not swallowed with the task.
        try:
            await task
        except asyncio.CancelledError:
            raise
        except Exception as error:
            self._failure = error
        self._stop.set()
        self._begun.set()
