"""A load profile as bars: kWh for each interval, and those with something to tell about them in red."""

from collections import defaultdict
from datetime import UTC, datetime
from typing import Any

from ferraris.errors import UsageError
from ferraris.stored_profile import Row

SOUND, FLAGGED = "#3b6ea5", "#c0392b"
MOST_BARS = 3000  # more than these are narrower than a pixel: then a bar is a day
EDGED = 200
DAY = 86400


def plot(path: str, rows: list[Row]) -> None:
    """Draw the first channel of the rows that is a number. path: what matplotlib can write, .png or .svg."""
    try:
        import matplotlib

        matplotlib.use("Agg")
        from matplotlib import dates
        from matplotlib import pyplot as plt
    except ImportError as error:
        raise UsageError("--plot needs matplotlib: pip install 'ferraris[plot]'") from error
    if not rows:
        raise UsageError("--plot: there are no records to draw")
    channel = next((name for name, value in rows[-1].values.items() if not isinstance(value, str)), None)
    if channel is None:
        raise UsageError("--plot: no channel can be drawn: words of the status have no height")
    bars, each = _bars(rows, channel)
    unit = "kWh" if channel.startswith("Wh") else "kvarh" if channel.startswith("VARh") else "kVAh"
    edge: dict[str, Any] = {"edgecolor": "white", "linewidth": 0.3} if len(bars) < EDGED else {}
    figure, axes = plt.subplots(figsize=(12, 4.5), layout="constrained")
    for flagged, colour, label in ((False, SOUND, "whole"), (True, FLAGGED, "flagged")):
        chosen = [bar for bar in bars if bar[3] is flagged]
        if chosen:
            left = [dates.date2num(datetime.fromtimestamp(start, UTC)) for start, _, _, _ in chosen]
            width = [(end - start) / DAY for start, end, _, _ in chosen]
            height = [value / 1000 for _, _, value, _ in chosen]
            axes.bar(left, height, width, align="edge", color=colour, label=label, **edge)
    _label(axes, dates, channel, each, unit)
    try:
        figure.savefig(path, dpi=120)
    except (OSError, ValueError) as error:
        raise UsageError(f"{path}: {getattr(error, 'strerror', None) or error}") from error
    finally:
        plt.close(figure)


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


def _label(axes: Any, dates: Any, channel: str, each: str, unit: str) -> None:
    locator = dates.AutoDateLocator()
    axes.xaxis_date()
    axes.xaxis.set_major_locator(locator)
    axes.xaxis.set_major_formatter(dates.ConciseDateFormatter(locator))
    axes.set_title(f"Load profile: {channel} for each {each}", loc="left")
    axes.set_ylabel(unit)
    axes.set_xlabel("UTC")
    axes.margins(x=0.01)
    axes.set_ylim(bottom=0)
    axes.grid(axis="y", alpha=0.3)
    axes.set_axisbelow(True)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    axes.legend(loc="upper right", frameon=False, ncols=2, bbox_to_anchor=(1, 1.12))
