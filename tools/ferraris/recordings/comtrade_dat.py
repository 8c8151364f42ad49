"""The samples of a COMTRADE recording: ASCII, BINARY, BINARY32 and FLOAT32 data.

A binary record, all fields little-endian, w = 2 bytes (BINARY) or 4 (BINARY32, FLOAT32):

    | sample number u32 | time stamp u32 | analog 1 (w) ... analog n (w) | status 16 bits a word ... |

The `comtrade` package fills a short file up with zeros, takes 2.2e-308 for the missing value of FLOAT32, and
hides the time stamps; so the data part is read here. Missing values become NaN: 0x8000, 0x80000000, the
lowest float32, 99999 in ASCII; in 1991 a blank or 0xFFFF, which is no value of the channel only if its range
does not hold -1.
"""

from dataclasses import dataclass
from typing import Any

import comtrade
import numpy as np
from numpy.typing import NDArray

from ferraris.recordings.errors import InputError
from ferraris.recordings.samples import ArraySamples, Floats, RawSamples, Samples

WORDS = {"BINARY": "<i2", "BINARY32": "<i4", "FLOAT32": "<f4"}
MISSING = {"BINARY": -32768.0, "BINARY32": -2147483648.0, "FLOAT32": float(np.finfo(np.float32).min)}
MISSING_ASCII = 99999.0
STAMP_MISSING = 0xFFFFFFFF


@dataclass(frozen=True)
class Data:
    """What the data part holds. stamps: raw time stamps (n_samples,), NaN where missing. extra: records too
    many.
    """

    samples: Samples
    stamps: Floats
    extra: int


def _missing_words(cfg: comtrade.Cfg, form: str) -> Floats:
    if cfg.rev_year == comtrade.REV_1991 and form == "BINARY":
        return np.array([np.nan if c.cmin <= -1 <= c.cmax else -1.0 for c in cfg.analog_channels])
    return np.full(cfg.analog_count, MISSING[form])


def record_type(cfg: comtrade.Cfg, form: str) -> np.dtype[Any]:
    """Return the dtype of one binary record."""
    groups = -(-cfg.status_count // 16)
    analog = ("analog", WORDS[form], (cfg.analog_count,))
    return np.dtype([("number", "<u4"), ("stamp", "<u4"), analog, ("status", "<u2", (groups,))])


def read_binary(
    content: NDArray[np.uint8], cfg: comtrade.Cfg, form: str, scale: tuple[Floats, Floats], where: str
) -> Data:
    """Read binary data; `content` may be mapped from the file and stays there. InputError: too short, wrong
    layout.
    """
    record, expected = record_type(cfg, form), cfg.sample_rates[-1][1]
    found, rest = divmod(len(content), record.itemsize)
    if found < expected:
        cut = f" and {rest} bytes of a cut record" if rest else ""
        raise InputError(
            f"{where}: truncated: the configuration says {expected} samples, the file holds {found}{cut}"
            f" ({record.itemsize} bytes a sample)"
        )
    table = content[: expected * record.itemsize].view(record)
    _check_numbers(table["number"].astype(np.int64), where)
    stamps = table["stamp"].astype(np.float64)
    stamps[stamps == STAMP_MISSING] = np.nan
    samples = RawSamples(table["analog"], *scale, missing=_missing_words(cfg, form))
    return Data(samples, stamps, found - expected)


def _check_numbers(numbers: NDArray[np.int64], where: str) -> None:
    """Sample numbers rise by the same step (some recorders leave them zero); else samples are lost, or it is
    no such file.
    """
    steps = np.diff(numbers)
    if not numbers.any() or not len(steps):
        return
    wrong = np.flatnonzero((steps != steps[0]) | (steps <= 0))
    if len(wrong):
        at = int(wrong[0]) + 1
        raise InputError(
            f"{where}: sample {at + 1} has the number {numbers[at]} after {numbers[at - 1]}:"
            " samples are missing, or the data does not match the configuration"
        )


def read_ascii(text: str, cfg: comtrade.Cfg, scale: tuple[Floats, Floats], where: str) -> Data:
    """Read ASCII data. InputError: too few lines, a line with too few fields, a field that is no number
    (named).
    """
    expected, fields = cfg.sample_rates[-1][1], 2 + cfg.analog_count + cfg.status_count
    lines = [line for line in text.replace("\x1a", "").splitlines() if line.strip()]
    if len(lines) < expected:
        raise InputError(
            f"{where}: truncated: the configuration says {expected} samples, the file holds {len(lines)}"
        )
    extra, lines = len(lines) - expected, lines[:expected]
    for number, line in enumerate(lines):
        if line.count(",") + 1 < fields:
            raise InputError(
                f"{where}: sample {number + 1} has {line.count(',') + 1} fields of {fields}: truncated?"
            )
    table = _table(lines, cfg.analog_count, where)
    _check_numbers(table[:, 0].astype(np.int64), where)
    words = table[:, 1:]
    if cfg.rev_year != comtrade.REV_1991:
        words[words == MISSING_ASCII] = np.nan
    gain, offset = scale
    return Data(ArraySamples(np.ascontiguousarray((words * gain + offset).T)), _stamps(lines, where), extra)


def _table(lines: list[str], analog_count: int, where: str) -> Floats:
    """Return (n_samples, 1 + analog_count): sample numbers and words."""
    columns = [0, *range(2, 2 + analog_count)]
    try:
        return np.loadtxt(lines, delimiter=",", usecols=columns, comments=None, ndmin=2)
    except ValueError:  # a blank, which is a missing value, or something that is no number
        pass
    table = np.empty((len(lines), len(columns)))
    for number, line in enumerate(lines):
        cells = line.split(",")
        table[number] = [_number(cells[c], f"{where}: sample {number + 1}, field {c + 1}") for c in columns]
    return table


def _number(cell: str, where: str) -> float:
    if not cell.strip():
        return float("nan")
    try:
        return float(cell)
    except ValueError:
        raise InputError(f"{where}: {cell.strip()!r} is not a number") from None


def _stamps(lines: list[str], where: str) -> Floats:
    cells = (line.split(",", 2)[1] for line in lines)
    return np.array([_number(cell, f"{where}: sample {n + 1}, time stamp") for n, cell in enumerate(cells)])
