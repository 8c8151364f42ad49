"""The chart of a test laboratory: error over current, with the limits as steps."""

from collections.abc import Sequence
from typing import Any

from ferraris.accuracy import front_ends, limits
from ferraris.accuracy.analytic import Values
from ferraris.accuracy.bench import number
from ferraris.accuracy.points import LAG, Meter, bands
from ferraris.accuracy.runner import measure, system
from ferraris.errors import UsageError

PANELS = ((20, 60), (2, 60))  # class, Hz
LOADS = ("PF 1", "PF 0.5 lag")
STEPS = 40
LINEAR = 0.02  # percent: the axis of the error is linear up to here and logarithmic beyond, so that both can be seen
COLOURS = {"A": "#0072b2", "B": "#d55e00", "C": "#009e73", "P": "#000000"}
STANDARD = "IEC 62053-22 class 0.2S"


def draw(path: str) -> None:
    """Draw the error of active energy of the model front end, single precision. The name's ending says the format."""
    try:
        import matplotlib

        matplotlib.use("Agg")
        from matplotlib import pyplot
    except ImportError as error:
        raise UsageError("--plot needs matplotlib: pip install 'ferraris[plot]'") from error
    matplotlib.rcParams.update({"svg.hashsalt": "ferraris", "font.size": 9, "svg.fonttype": "path"})
    figure, grid = pyplot.subplots(len(PANELS), len(LOADS), figsize=(10, 7), layout="constrained")
    for line, (current_class, frequency) in zip(grid, PANELS, strict=True):
        for axes, load in zip(line, LOADS, strict=True):
            _panel(axes, Meter(current_class, frequency, ()), load)
    handles, labels = grid[0][0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=6, frameon=False)
    figure.suptitle("Active energy: error over current, calibrated front-end model, single precision")
    figure.savefig(path, dpi=110, metadata={"Date": None} if path.endswith(".svg") else None)
    pyplot.close(figure)


def currents(lowest: float, highest: float) -> list[float]:
    """Return STEPS currents, evenly spaced on a logarithmic axis."""
    return [lowest * (highest / lowest) ** (k / (STEPS - 1)) for k in range(STEPS)]


def errors(meter: Meter, load: str, amps: Sequence[float]) -> dict[str, list[float]]:
    """Return the error of active energy, percent, by phase."""
    found: dict[str, list[float]] = {phase: [] for phase in COLOURS}
    for current in amps:
        test = meter.test(current, LAG[load])
        true = Values(test.signal, system(test))
        ((_, reading),) = measure(test, front_ends.MODEL, ("float32",))
        for phase, values in found.items():
            key = f"Wh.del.{phase}"
            values.append(100 * (reading.value(*number(key)) / true.value(key) - 1))
    return found


def _panel(axes: Any, meter: Meter, load: str) -> None:
    names, *table = limits.MANUAL_ENERGY[0]
    rows = bands(meter, (table[0], table[1]))
    manual = [(row[0], row[1 + LOADS.index(load)]) for row in rows]
    standard = [
        (band.low * meter.rated, band.limit)
        for band in limits.STANDARDS
        if band.section == STANDARD and load in band.loads
    ]
    top = 1.1 * meter.current_class
    amps = currents(min(low for low, _ in manual), top)
    for phase, values in errors(meter, load, amps).items():
        label = "all phases" if phase == "P" else f"phase {phase}"
        axes.plot(
            amps, values, color=COLOURS[phase], lw=1.8 if phase == "P" else 1.0, marker=".", ms=3, label=label
        )
    _steps(axes, manual, top, "#c00000", "-", "limit of the manual")
    _steps(axes, sorted(standard, reverse=True), top, "#7f7f7f", "--", f"limit of {STANDARD}")
    _dress(axes, meter, load)


def _steps(
    axes: Any, rows: list[tuple[float, float]], top: float, colour: str, style: str, label: str
) -> None:
    """Draw both signs of a limit as steps. rows: (from A, percent), falling."""
    x, y = [top], [rows[0][1]]
    for k, (low, limit) in enumerate(rows):
        following = rows[k + 1][1] if k + 1 < len(rows) else limit
        x += [low, low]
        y += [limit, following]
    for sign in (1, -1):
        axes.plot(
            x, [sign * v for v in y], color=colour, ls=style, lw=1.2, label=label if sign == 1 else None
        )


def _dress(axes: Any, meter: Meter, load: str) -> None:
    axes.set_xscale("log")
    axes.set_yscale("symlog", linthresh=LINEAR, linscale=1.2)
    axes.set_yticks([sign * tick for tick in (0.01, 0.02, 0.05, 0.1, 0.2, 0.5) for sign in (-1, 1)] + [0])
    axes.set_ylim(-1, 1)
    axes.yaxis.set_major_formatter("{x:g}")
    axes.set_title(f"Class {meter.current_class}, {load}, {meter.frequency} Hz, 120 V", fontsize=9)
    axes.set_xlabel("current, A")
    axes.set_ylabel("error, % of reading (linear to 0.02)")
    axes.axhline(0, color="#bbbbbb", lw=0.8, zorder=0)
    axes.grid(True, which="both", color="#eeeeee", lw=0.5)
    ticks = [v for v in (0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20) if v >= axes.get_xlim()[0]]
    axes.set_xticks([v for v in ticks if v <= axes.get_xlim()[1]])
    axes.xaxis.set_major_formatter("{x:g}")
    axes.minorticks_off()
