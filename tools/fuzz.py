"""Fuzz: a million mutated frames and APDUs against the protocols. Minutes of what `make test` does for seconds.

    tools/fuzz.py [--count N] [--seed N] [--target NAME] [--batch N]

Every batch has a meter and a seed of its own, and all that a failure needs to be repeated is in its message. Exit code
1 if a promise was broken: an exception, a hang, memory that grows, a good client that is not served.
"""

import argparse
import sys
from pathlib import Path
from time import perf_counter

sys.path[:0] = [str(Path(__file__).parents[1] / name) for name in ("", "firmware", "tools")]

from host_tests.protocols.dlms import fuzzing  # noqa: E402

BATCH = 10_000


def main() -> int:
    """Run the fuzz."""
    parser = argparse.ArgumentParser(description="A million mutated frames and APDUs.")
    parser.add_argument("--count", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--batch", type=int, default=BATCH)
    parser.add_argument("--target", choices=fuzzing.TARGETS, help="only this one")
    options = parser.parse_args()
    targets = (options.target,) if options.target else fuzzing.TARGETS
    corpora, sent = fuzzing.corpora(), dict.fromkeys(targets, 0)
    started = told = perf_counter()
    seed = options.seed
    while sum(sent.values()) < options.count:
        for name in targets:
            count = min(options.batch, options.count - sum(sent.values()))
            if not count:
                break
            try:
                fuzzing.batch(name, corpora[name], count, seed)
            except fuzzing.Failure as error:
                print(f"fuzz: {error}", file=sys.stderr)
                if error.__cause__:
                    raise error.__cause__ from None
                return 1
            sent[name] += count
            if perf_counter() - told > 10:
                told = perf_counter()
                print(f"{sum(sent.values()):,} messages in {told - started:.0f} s", flush=True)
        seed += 1
    each = ", ".join(f"{name} {count:,}" for name, count in sent.items())
    print(f"mutated messages survived: {sum(sent.values()):,} in {perf_counter() - started:.0f} s ({each})")
    return 0


if __name__ == "__main__":
    sys.exit(main())
