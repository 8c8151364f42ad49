"""`ferraris bench`: how many times real time the meter runs on this machine, beside another library, and its memory."""

import json
import platform
import resource
import tracemalloc
from argparse import Namespace
from collections.abc import Callable, Iterator
from time import perf_counter
from typing import Any

from meter.app import LOAD_PROFILE_KIND
from meter.config.build_registers import engine
from meter.config.schema import defaults
from meter.hal.sim.flash import Flash
from meter.hal.sim.front_end import FrontEnd, scale
from meter.hal.sim.synthesizer import CHANNELS, Synthesizer, three_phase
from meter.meter import Meter
from meter.metrology.half_cycles import HalfCycles
from meter.metrology.tracking import Tracker
from meter.storage.fifo import Fifo
from meter.storage.journal import Journal
from meter.storage.partitions import Partitions
from rich.console import Console
from rich.table import Table

from boards.sim.board import FLASH_SIZE, PARTITIONS
from ferraris import bench_dlms, bench_peer, bench_registers, bench_storage

RATE, NOMINAL = 30720.0, 60
ROUNDS = 3  # the best counts: other work on the machine only ever slows a run
Block = tuple[int, int, bytes]
# name, frequency of the signal, half cycles to a frame, samples to a block, part of the seconds
CASES = (
    ("in step", 60.0, 120, int(RATE), 1.0),
    ("resampled", 59.97, 120, int(RATE), 1.0),
    ("half cycles", 59.97, 1, 256, 0.2),
)
EXPLAINED = (
    ("in step", "512 samples a cycle as they come, frames of 120 half cycles"),
    ("resampled", "59.97 Hz at 30.72 kS/s: the samples are interpolated; the same frames"),
    ("half cycles", "the same signal in frames of one half cycle, as on a Pico"),
)
ROWS = (
    ("times_real_time", "times real time, one core"),
    ("signal_s", "signal, s"),
    ("elapsed_s", "elapsed, s"),
    ("tracking_ms_per_s", "tracking, ms per s of signal"),
    ("half_cycles_ms_per_s", "kernel, half cycles, ms per s"),
    ("registers_ms_per_s", "registers, load profile, ms per s"),
    ("peak_allocated_kib", "peak allocated by the meter, KiB"),
)


def command(options: Namespace) -> int:
    """Measure and print."""
    results = [_measure(*case, seconds=options.seconds) for case in CASES]
    peers = bench_peer.measure(min(options.seconds, 20.0), RATE, ROUNDS)
    for peer in peers:
        peer["ferraris_is_faster_by"] = round(results[0]["times_real_time"] / peer["times_real_time"], 1)
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    summary = {
        "machine": _machine(),
        "process_peak_mib": round(memory, 1),
        "frames": results,
        "peers": peers,
        "registers": bench_registers.measure(),
        "storage": bench_storage.measure(),
        "dlms": bench_dlms.measure(),
    }
    if options.json:
        print(json.dumps(summary, indent=1))
    else:
        _print(summary)
    return 0


def _signal(seconds: float, frequency: float, block: int) -> list[Block]:
    """Return a three-phase signal with harmonics as converter blocks, made before the clock runs."""
    harmonics = (("V", 5, 0.02, 0.0), ("I", 3, 0.1, 0.0))
    tones = three_phase((120.0,) * 3, (5.0, 4.0, 4.5), (30.0, 20.0, 25.0), harmonics)
    source = Synthesizer(RATE, frequency, tones)
    front_end = FrontEnd(_scales(), noise=3.0)
    blocks, total = [], int(seconds * RATE)
    step = max(block, int(RATE))
    width = 4 * len(CHANNELS)
    for start in range(0, total, step):
        count, data = front_end.convert(source, start, min(step, total - start))
        for at in range(0, count, block):
            piece = data[at * width : (at + block) * width]
            blocks.append((start + at, len(piece) // width, piece))
    return blocks


def _scales() -> list[float]:
    return [scale(300.0)] * 3 + [scale(20.0)] * 3


def _meter() -> Meter:
    flash = Flash(FLASH_SIZE)
    areas = Partitions.open(flash, PARTITIONS)
    base, size = areas.area("load_profile")
    profile = Fifo(flash, base, size, LOAD_PROFILE_KIND)
    profile.mount()
    settings = {**defaults(), "load_profile.interval": 1}
    journal = Journal(flash, *areas.area("journal"))
    return Meter(RATE, 0, engine(settings, journal, {"load_profile": profile}), HalfCycles())


def _frames(blocks: list[Block], half_cycles: int) -> Iterator[Any]:
    tracker = Tracker(CHANNELS, _scales(), RATE, NOMINAL, half_cycles, 2.4)
    for block in blocks:
        yield from tracker.feed(*block)


def _stage(name: str) -> Callable[[Any], Any]:
    """Return what a stage does with a frame."""
    stages: dict[str, Callable[[], Any]] = {
        "tracking": lambda: lambda frame: None,
        "half cycles": lambda: HalfCycles().process,
        "meter": lambda: _meter().step,
    }
    return stages[name]()


def _time(blocks: list[Block], half_cycles: int, stage: str) -> float:
    """Return the seconds that a stage and all before it take."""
    take = _stage(stage)
    started = perf_counter()
    for frame in _frames(blocks, half_cycles):
        take(frame)
    return perf_counter() - started


def _measure(
    name: str, frequency: float, half_cycles: int, block: int, part: float, seconds: float
) -> dict[str, Any]:
    blocks = _signal(seconds * part, frequency, block)
    signal_s = sum(count for _, count, _ in blocks) / RATE
    tracking, half, whole = [
        min(_time(blocks, half_cycles, stage) for _ in range(ROUNDS))
        for stage in ("tracking", "half cycles", "meter")
    ]
    return {
        "frames": name,
        "signal_s": round(signal_s, 3),
        "elapsed_s": round(whole, 4),
        "times_real_time": round(signal_s / whole, 1),
        "tracking_ms_per_s": round(1000 * tracking / signal_s, 3),
        "half_cycles_ms_per_s": round(1000 * max(0.0, half - tracking) / signal_s, 3),
        "registers_ms_per_s": round(1000 * max(0.0, whole - half) / signal_s, 3),
        "peak_allocated_kib": _allocated(blocks[: max(4, len(blocks) // 10)], half_cycles),
    }


def _allocated(blocks: list[Block], half_cycles: int) -> float:
    """Return the peak of what the meter allocates, KiB, without its flash and without the recording."""
    meter = _meter()
    tracemalloc.start()
    for frame in _frames(blocks, half_cycles):
        meter.step(frame)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return round(peak / 1024, 1)


def _machine() -> str:
    model = platform.processor() or platform.machine()
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as text:
            model = next(line.partition(":")[2].strip() for line in text if line.startswith("model name"))
    except (OSError, StopIteration):
        pass
    return f"{model}, {platform.python_implementation()} {platform.python_version()}"


def _print(summary: dict[str, Any]) -> None:
    console = Console()
    table = Table(title=f"Three phases, voltage and current, at {RATE / 1000:g} kS/s", title_justify="left")
    table.add_column("")
    for result in summary["frames"]:
        table.add_column(result["frames"], justify="right")
    for key, text in ROWS:
        table.add_row(text, *[f"{result[key]:g}" for result in summary["frames"]])
    console.print(table)
    for name, text in EXPLAINED:
        console.print(f"{name}: {text}", highlight=False)
    for peer in summary["peers"]:
        console.print(
            f"{peer['name']}: {peer['times_real_time']:g} times real time; Ferraris, in step, is "
            f"{peer['ferraris_is_faster_by']:g} times as fast",
            highlight=False,
        )
    if not summary["peers"]:
        console.print("pqopen-lib is not installed: nothing to compare with", highlight=False)
    for line in (
        *bench_registers.lines(summary["registers"]),
        *bench_storage.lines(summary["storage"]),
        *bench_dlms.lines(summary["dlms"]),
    ):
        console.print(line, highlight=False)
    console.print(f"process peak {summary['process_peak_mib']:g} MiB; {summary['machine']}", highlight=False)
