"""The live status of a running meter on the terminal; only the endpoints where there is no terminal."""

import contextlib
from collections.abc import Iterator
from datetime import UTC, datetime
from time import monotonic
from typing import Any

from meter.app import App
from meter.metrology import diagnostics
from meter.metrology.span import Span
from meter.quantities import INTEGRATED, index, keys
from rich.console import Console, Group
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from ferraris.report import energy_table, values_table

REFRESH_HZ = 4
BAR = 50  # characters
PICTURE_S = 0.2  # a picture takes some milliseconds: as fast as possible there are many spans in this time


class Screen:
    """Shows what an App measures.

    stretch: UTC seconds at which a load begins and ends, for a bar of progress; None: there is no end
    """

    def __init__(self, console: Console, stretch: tuple[int, int] | None = None) -> None:
        self._console = console
        self._stretch = stretch
        self._live: Live | None = None
        self._app: App | None = None
        self._drawn_at = -PICTURE_S

    def open(self, app: App) -> None:
        """Begin to show an app; says what was restored."""
        is_first, self._app = self._app is None, app
        restored = app.meter.restored_at
        if restored is not None:
            self._print(f"registers restored from {_time(restored)}")
        if is_first and self._console.is_terminal:
            for line in app.access.warnings():
                self._print(f"warning: {line}")

    def announce(self, protocol: str, address: str) -> None:
        """Print the line of an endpoint."""
        self._print(f"listening: {protocol} {address}")

    def take(self, span: Span) -> None:
        """A Span has been metered."""
        if self._live and monotonic() >= self._drawn_at + PICTURE_S:
            self._live.update(self._picture(span))
            self._drawn_at = monotonic()

    @contextlib.contextmanager
    def live(self) -> Iterator[None]:
        """Show the live status while the block runs, on a terminal."""
        if not self._console.is_terminal:
            yield
            return
        with Live(console=self._console, refresh_per_second=REFRESH_HZ) as self._live:
            yield
            if self._app and self._app.meter.latest:
                self._live.update(self._picture(self._app.meter.latest))
        self._live = None

    def farewell(self) -> None:
        """Say what the meter has in store as it stops."""
        assert self._app
        meter = self._app.meter
        wh = meter.energy.value(index("Wh.del.P"))
        records = sum(1 for _ in meter.load_profile.records())
        self._print(
            f"stopped at {_time(meter.clock.second)}: {wh // 1000000}.{wh // 1000 % 1000:03d} Wh delivered, "
            f"{records} load profile records"
        )

    def _print(self, text: str) -> None:
        # Not wrapped and not coloured: scripts read these lines.
        self._console.print(text, highlight=False, soft_wrap=True, markup=False)
        self._console.file.flush()

    def _picture(self, span: Span) -> Group:
        assert self._app
        meter = self._app.meter
        integrated = [key for key in keys() if key.split(".")[0] in INTEGRATED]
        energy: dict[str, Any] = {key: meter.energy.value(index(key)) * 1e-6 for key in integrated}
        values = {key: span.value(index(key)) for key in keys() if key not in energy}
        flags = diagnostics.texts(meter.diagnostics.state)
        head = Text(f"{_time(span.end)}   ", style="bold")
        head.append(
            "  ".join(flags) if flags else "in step with the signal", style="red" if flags else "green"
        )
        foot = Text(f"load profile: {len(meter.load_profile.fifo)} records   Ctrl-C stops", style="dim")
        bar = [self._bar(span.end)] if self._stretch else []
        return Group(head, values_table(values), energy_table(energy), *bar, foot)

    def _bar(self, now: int) -> Table:
        assert self._stretch
        begin, end = self._stretch
        done = min(1.0, (now - begin) / max(1, end - begin))
        bar = Table.grid(padding=(0, 1))
        bar.add_row(
            ProgressBar(total=1.0, completed=done, width=BAR),
            f"{done:4.0%} of {(end - begin) / 86400:.4g} days",
        )
        return bar


def _time(utc: int) -> str:
    return datetime.fromtimestamp(utc, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
