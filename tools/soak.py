"""Soak: a million power cuts, then twenty years of wear. Minutes of what `make test` does for seconds.

    tools/soak.py [--cuts N] [--seed N] [--years N]

The same seed makes the same cuts. Prints its progress and, at the end, the numbers. Exit code 1 and a traceback, with
the seed of the life that failed, if a promise of the storage was broken.
"""

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path
from time import perf_counter

sys.path[:0] = [str(Path(__file__).parents[1] / name) for name in ("", "firmware", "tools")]

from ferraris.bench_storage import CYCLES, YEAR, wear  # noqa: E402

from host_tests.meter_life import first_life  # noqa: E402
from host_tests.storage.test_fifo_power_cuts import live  # noqa: E402

METER_EVERY = 50  # fifo lives to one whole meter's


def main() -> int:
    """Run the soak."""
    parser = argparse.ArgumentParser(description="A million power cuts, then twenty years of wear.")
    parser.add_argument("--cuts", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--years", type=float, default=20.0)
    options = parser.parse_args()
    _cut(options.cuts, options.seed)
    if options.years:
        _wear(options.years)
    return 0


def _cut(wanted: int, seed: int) -> None:
    counts = {"fifo": 0, "meter": 0}
    started = told = perf_counter()
    for kind, count in _lives(seed):
        counts[kind] += count
        total = sum(counts.values())
        now = perf_counter()
        if now - told > 10 or total >= wanted:
            told = now
            print(f"{total:,} cuts survived in {now - started:.0f} s", flush=True)
        if total >= wanted:
            break
    print(f"power cuts survived: {total:,} (fifo {counts['fifo']:,}, whole meter {counts['meter']:,})")


def _lives(seed: int) -> Iterator[tuple[str, int]]:
    """Yield (kind, cuts survived) of lives without end, each with other damage."""
    number = seed * 1_000_000
    while True:
        number += 1
        try:
            if number % METER_EVERY:
                every = 2 + number % 9
                yield "fifo", live([every + turn * number % 3 for turn in range(1000)], seed=number)[1]
            else:
                nvram = number // METER_EVERY % 2 == 0
                life = first_life((1, 1), nvram=nvram, seed=number).run(60 if nvram else 300)
                life.check()
                yield "meter", life.survived
        except Exception:
            print(f"in the life with seed {number}:", file=sys.stderr)
            raise


def _wear(years: float) -> None:
    figures = wear(years * YEAR)
    for area, (fewest, most) in figures["erases_min_max"].items():
        share = 100 * most / CYCLES
        print(f"{years:g} years, {area}: {fewest} to {most} erases of a sector, {share:.2f} % of {CYCLES:,}")
        if share >= 10 or (most - fewest > 1 and most > 1.1 * fewest):
            raise SystemExit(f"{area}: too much or too uneven")
    print(
        f"bytes programmed for one of the load profile: {figures['amplification_profile']:g}, "
        f"with checkpoints {figures['amplification_all']:g}; simulated in {figures['wear_s']:g} s"
    )


if __name__ == "__main__":
    sys.exit(main())
