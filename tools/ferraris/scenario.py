"""Playing a scenario: a meter on a load, with what happens to it at its second.

An outage, or a new configuration, ends one App and starts another on the same flash, as a restart does. The load runs
on its own time; the meter's clock may be set away from it.
"""

import asyncio
from collections.abc import Callable
from typing import Any

from meter.app import App
from meter.hal.sim.flash import Flash
from meter.hal.sim.nvram import Nvram
from meter.registers.register import NotPresettable

from boards.sim.board import Board, load_model, nominal_full_scale
from ferraris.errors import UsageError
from ferraris.scenario_expect import QUANTUM, rate_problems
from ferraris.scenario_file import Event, Scenario
from ferraris.settings import Settings

# What an event does to a running meter. The others end it.
COMMANDS: dict[str, Callable[[App, dict[str, Any]], None]] = {
    "freeze": lambda app, _: app.engine.freeze(app.meter.cut()),
    "reset": lambda app, _: app.engine.billing_period_reset(app.meter.cut()),
    "override": lambda app, fields: app.engine.override(app.meter.cut(), fields["on"]),
    "resynchronise": lambda app, _: app.engine.resynchronise(app.meter.cut()),
    "preset": lambda app, fields: _preset(app, fields["register"], fields["value"]),
    "time set": lambda app, fields: app.meter.set_time(_set_to(app, fields)),
}


def _set_to(app: App, fields: dict[str, Any]) -> int:
    return int(fields["to"]) if "to" in fields else int(app.meter.clock.second) + int(fields["by"])


def _preset(app: App, number: int, value: float) -> None:
    # Totals are integers of a small quantum, other registers floats.
    is_total = isinstance(app.engine.register(number).value(), int)
    app.engine.preset(app.meter.cut(), number, round(value / QUANTUM) if is_total else value)


class Player:
    """Plays a Scenario.

    state: directory of the flash and Nvram files, None: in memory. speed: times real time, None: as fast as possible.
    observer: called with each Span. opened: called with each App as it starts.

    app, board: those that run, or ran last
    """

    def __init__(
        self,
        scenario: Scenario,
        state: str | None = None,
        speed: float | None = None,
        observer: Callable[[Any], None] | None = None,
        opened: Callable[[App], None] | None = None,
    ) -> None:
        self._scenario, self._state, self._speed = scenario, state, speed
        self._observer, self._opened = observer, opened
        self._settings = scenario.settings
        self._kept: tuple[Flash, Nvram | None] | None = None
        self._shift = 0  # by which the meter's clock is ahead of the load's
        self.start(scenario.start, None)

    def start(self, at: int, event: Event | None) -> None:
        """Start a meter at a second of the load, on what the last one has kept."""
        settings = self._settings
        self.board = self._board(settings, at)
        if event and event.fields.get("clock_lost"):
            self.board.rtc.power_lost = True
        self.board.load.at = at
        self.app = App(self.board, settings, self._observer)
        self._kept = self.board.flash, self.board.nvram
        if self._opened:
            self._opened(self.app)

    def _board(self, settings: Settings, at: int) -> Board:
        board = Board(
            settings,
            load_model(settings, self._scenario.steps),
            nominal_full_scale(settings),
            state=None if self._kept else self._state,
            speed=self._speed,
            start=at + self._shift,
            seed=self._scenario.seed,
        )
        if self._kept:
            board.flash, board.nvram = self._kept
        return board

    def play(self) -> list[str]:
        """Play to the end. Return what is not as expected, a line each."""
        for event in self._scenario.events:
            self._meter_until(event.at)
            self._happen(event)
        self._meter_until(self._scenario.end)
        self.app.finish()
        return self._unexpected()

    def _meter_until(self, second: int) -> None:
        self.board.load.end = second
        asyncio.run(self.app.metering())

    def _happen(self, event: Event) -> None:
        command = COMMANDS.get(event.kind)
        if command:
            try:
                command(self.app, event.fields)
            except (KeyError, NotPresettable) as error:
                where = f"{self._scenario.path}: event at {event.at - self._scenario.start} s, {event.kind}"
                raise UsageError(f"{where}: {error.args[0]}") from error
            self._note_shift(event.at)
            return
        self.app.finish()
        self._settings = event.settings or self._settings
        at = min(event.at + int(event.fields.get("lasts", 0)), self._scenario.end)
        self.start(at, event)
        self._note_shift(at)

    def _note_shift(self, at: int) -> None:
        self._shift = int(self.app.meter.clock.second) - at

    def _unexpected(self) -> list[str]:
        scenario = self._scenario
        configurations = [scenario.settings] + [event.settings for event in scenario.events if event.settings]
        found = [check(self.app) for check in scenario.expect]
        return [line for line in found if line] + rate_problems(self.app, configurations)

    def close(self) -> None:
        """Release the files."""
        self.board.close()
