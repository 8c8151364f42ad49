"""A load profile drawn: kWh of each interval as bars, those with something to tell in red; averages as lines."""

import math
from collections import defaultdict
from typing import Any

from meter.quantities import INTEGRATED, describe, index

from ferraris.errors import UsageError
from ferraris.stored_profile import Row

SOUND, FLAGGED = "#3b6ea5", "#c0392b"
MOST_BARS = 3000  # more than these are narrower than a pixel: then a bar is a day
EDGED = 200
DAY = 86400
MOST_PANELS, MOST_LINES = 5, 6


def plot(path: str, rows: list[Row]) -> None:
    """Draw the first channel that adds up, and the averages. path: what matplotlib can write, .png or .svg."""
    try:
        import matplotlib

        matplotlib.use("Agg")
        from matplotlib import dates
        from matplotlib import pyplot as plt
    except ImportError as error:
        raise UsageError("--plot needs matplotlib: pip install 'ferraris[plot]'") from error
    if not any(row.values for row in rows):
        raise UsageError("--plot: there are no records to draw")
    newest = next(row.values for row in reversed(rows) if row.values)
    panels = _panels([name for name, value in newest.items() if not isinstance(value, str)])
    if not panels:
        raise UsageError("--plot: no channel can be drawn: words of the status have no height")
    size = (12, 1.5 + 3 * len(panels))
    figure, grid = plt.subplots(len(panels), figsize=size, layout="constrained", sharex=True, squeeze=False)
    for axes, (unit, channels) in zip(grid[:, 0], panels, strict=True):
        if channels[0].split(".")[0] in INTEGRATED:
            each = _draw_bars(axes, rows, channels[0])
            _label(axes, dates, f"Load profile: {channels[0]} for each {each}", "k" + unit)
            axes.set_ylim(bottom=0)
        else:
            each = _draw_lines(axes, rows, channels)
            _label(axes, dates, f"Average of each {each}", "" if unit == "1" else unit)
    grid[-1, 0].set_xlabel("UTC")
    try:
        figure.savefig(path, dpi=120)
    except (OSError, ValueError) as error:
        raise UsageError(f"{path}: {getattr(error, 'strerror', None) or error}") from error
    finally:
        plt.close(figure)


def _panels(channels: list[str]) -> list[tuple[str, list[str]]]:
    """Return (unit, channels) of each panel: the first of what adds up, and all averages by their unit."""
    panels: dict[str, list[str]] = {}
    for channel in channels:
        unit = describe(index(channel))[3]
        is_sum = channel.split(".")[0] in INTEGRATED
        if not is_sum or not any(
            name.split(".")[0] in INTEGRATED for names in panels.values() for name in names
        ):
            panels.setdefault(unit, []).append(channel)
    return list(panels.items())[:MOST_PANELS]


def _draw_bars(axes: Any, rows: list[Row], channel: str) -> str:
    bars, each = _bars(rows, channel)
    edge: dict[str, Any] = {"edgecolor": "white", "linewidth": 0.3} if len(bars) < EDGED else {}
    for flagged, colour, label in ((False, SOUND, "whole"), (True, FLAGGED, "flagged")):
        chosen = [bar for bar in bars if bar[3] is flagged]
        if chosen:
            left = [_time(start) for start, _, _, _ in chosen]
            width = [(end - start) / DAY for start, end, _, _ in chosen]
            height = [value / 1000 for _, _, value, _ in chosen]
            axes.bar(left, height, width, align="edge", color=colour, label=label, **edge)
    return each


def _draw_lines(axes: Any, rows: list[Row], channels: list[str]) -> str:
    """Draw averages, each weighted by its time. What was not measured leaves a hole."""
    step = DAY if len(rows) > MOST_BARS else 0
    for channel in channels[:MOST_LINES]:
        sums: dict[int, list[float]] = {}
        for row in rows:
            value = row.values.get(channel)
            if row.seconds and isinstance(value, float) and value == value:
                place = sums.setdefault(row.start // step * step if step else row.start, [0.0, 0.0])
                place[0] += value * row.seconds
                place[1] += row.seconds
            elif not step:
                sums[row.start] = [math.nan, 1.0]
        axes.plot(
            [_time(start) for start in sums], [total / time for total, time in sums.values()], label=channel
        )
    return "day" if step else "interval"


def _time(second: int) -> float:
    """Return a date as matplotlib counts it: days from 1970."""
    return second / DAY


def _bars(rows: list[Row], channel: str) -> tuple[list[tuple[int, int, float, bool]], str]:
    """Return (start, end, Wh, flagged) for each bar, and what a bar stands for."""
    bars = [(row.start, row.end, float(row.values.get(channel) or 0.0), row.flagged) for row in rows]
    if len(bars) <= MOST_BARS:
        return bars, "interval"
    days: defaultdict[int, list[Any]] = defaultdict(lambda: [0.0, False])
    for start, _, value, flagged in bars:
        days[start // DAY][0] += value
        days[start // DAY][1] |= flagged
    return [(day * DAY, day * DAY + DAY, value, flagged) for day, (value, flagged) in days.items()], "day"


def _label(axes: Any, dates: Any, title: str, unit: str) -> None:
    locator = dates.AutoDateLocator()
    axes.xaxis_date()
    axes.xaxis.set_major_locator(locator)
    axes.xaxis.set_major_formatter(dates.ConciseDateFormatter(locator))
    axes.set_title(title, loc="left")
    axes.set_ylabel(unit)
    axes.margins(x=0.01)
    axes.grid(axis="y", alpha=0.3)
    axes.set_axisbelow(True)
    axes.ticklabel_format(axis="y", useOffset=False)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    axes.legend(loc="lower right", frameon=False, ncols=4, bbox_to_anchor=(1, 1.0))
