"""What one Span costs in the register engine: 150 registers, two load profiles of 16 channels, demand and tariffs."""

from time import process_time
from typing import Any

import numpy as np
from meter.app import FIFOS
from meter.config.build_registers import engine
from meter.config.schema import validate
from meter.hal.sim.flash import Flash
from meter.hal.sim.nvram import Nvram
from meter.metrology.span import Span
from meter.quantities import INTEGRATED, ROWS, keys
from meter.registers.definition import LISTS
from meter.registers.engine import Engine
from meter.storage.fifo import Fifo
from meter.storage.journal import Journal
from meter.storage.partitions import Partitions

from boards.sim.board import ERASE_SIZE, FLASH_SIZE, NVRAM_SIZE, PARTITIONS

BEGIN = 1_700_000_100
SPANS, ROUNDS = 1800, 3
INSTANT = [key for key in keys() if key.split(".")[0] not in INTEGRATED]
TOTALS = [key for key in keys() if key.split(".")[0] in INTEGRATED]
DEMANDED = [key for key in INSTANT if key.split(".")[0] in ("W", "VAR", "VA", "Q")]
# kind, its quantities, further columns: a list has each of these five times
MIX: tuple[tuple[str, list[str], dict[str, str]], ...] = (
    ("consumption", TOTALS, {}),
    ("consumption", TOTALS, {"rate": "A"}),
    ("consumption", TOTALS, {"storage": "previous hour"}),
    ("consumption", TOTALS, {"storage": "billing period reset"}),
    ("instantaneous", INSTANT, {}),
    ("minimum", INSTANT, {}),
    ("maximum", INSTANT, {}),
    ("peak demand", DEMANDED, {}),
    ("time of peak demand", DEMANDED, {}),
    ("present demand", DEMANDED, {}),
)


def _registers(first: int) -> list[dict[str, Any]]:
    return [
        {"id": first + k, "kind": kind, "quantity": from_[k * 7 % len(from_)], **more}
        for k, (kind, from_, more) in enumerate(MIX * 5)
    ]


def _engine(has_nvram: bool) -> Engine:
    flash = Flash(FLASH_SIZE, ERASE_SIZE)
    areas = Partitions.open(flash, PARTITIONS)
    fifos = {}
    for name, area, kind in FIFOS:
        base, size = areas.area(area)
        fifos[name] = Fifo(flash, base, size, kind)
        fifos[name].mount()
    document = {
        "registers": {name: _registers(first) for name, first, _ in LISTS},
        "load_profile": {"channels": TOTALS[:160:10]},
        "load_profile_2": {"channels": INSTANT[:208:13]},
        "tou": {"days": [["all", "all", "00:00 A, 08:00 B"]]},
    }
    base, size = areas.area("journal")
    journal = Journal(flash, base, size, nvram=Nvram(NVRAM_SIZE) if has_nvram else None)
    made = engine(validate(document), journal, fifos)
    made.start(BEGIN)
    return made


def _time(made: Engine) -> float:
    """Return microseconds a span of one second, with all that falls due in half an hour."""
    span = Span(np.float64)
    span.sums[:] = 1.0 + np.arange(ROWS)
    span.half_cycles, span.seconds = 120, 1.0
    now = made.now
    started = process_time()
    for second in range(now + 1, now + 1 + SPANS):
        span.end = second
        made.take(span)
        made.show(span)
        made.close(second)
    return (process_time() - started) / SPANS * 1e6


def measure() -> dict[str, Any]:
    """Return the cost of a span without and with an Nvram that gets the state of each second, and the state's size."""
    flash, nvram = _engine(False), _engine(True)
    return {
        "span_us": round(min(_time(flash) for _ in range(ROUNDS)), 1),
        "span_with_nvram_us": round(min(_time(nvram) for _ in range(ROUNDS)), 1),
        "state_bytes": len(nvram.state(nvram.now)),
    }


def lines(result: dict[str, Any]) -> list[str]:
    """Return the figures for people, in lines of 80 columns at most."""
    return [
        "registers: a span through 150 registers, two load profiles of 16 channels,",
        f"  demand and tariffs takes {result['span_us']:g} us; with the state of each second",
        f"  ({result['state_bytes']:,} bytes) to an Nvram {result['span_with_nvram_us']:g} us",
    ]
