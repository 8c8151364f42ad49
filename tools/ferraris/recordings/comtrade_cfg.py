"""The configuration of a COMTRADE recording (IEEE C37.111-1991/-1999/-2013, IEC 60255-24), read by
`comtrade`.

The package reads the lines; here each error gets its line number, and what it does not do is added: two-digit
years (1991), dates that are not dates, the time code of 2013, units.
"""

import re
from datetime import UTC, datetime

import comtrade
import numpy as np

from ferraris.recordings.errors import InputError
from ferraris.recordings.model import Channel
from ferraris.recordings.samples import Floats
from ferraris.recordings.units import si_unit

COUNT = re.compile(r"(\d{1,15})\s*[AaDd]")
DATE = re.compile(r"\s*\d{1,4}\s*/\s*\d{1,2}\s*/\s*\d{1,4}\s*,")
TIME_CODE = re.compile(r"([+-]?)(\d{1,2})(?:h(\d{1,2}))?$")


class _CountedLines:
    """The lines of a text for the package to read, which knows how many have been read."""

    def __init__(self, lines: list[str]) -> None:
        self._lines = lines
        self.count, self.last = 0, ""

    def readline(self) -> str:
        self.last = self._lines[self.count] if self.count < len(self._lines) else ""
        self.count += 1
        return self.last


def parse_cfg(text: str, where: str) -> comtrade.Cfg:
    """Return the parsed configuration. InputError: names the line of `where` that cannot be read."""
    content = text.replace("\x1a", "").splitlines()
    counts = [int(digits) for digits in COUNT.findall(",".join(content[1:2]))]
    if sum(counts) > len(content):  # else the package makes room for any number of channels
        raise InputError(f"{where}: line 2 says {sum(counts)} channels, the file has {len(content)} lines")
    while True:
        lines, cfg = _CountedLines(content), comtrade.Cfg(ignore_warnings=True)
        try:
            cfg.read(lines)
        except (ValueError, IndexError, TypeError, AttributeError, OverflowError, MemoryError) as error:
            if DATE.match(lines.last):  # a date that is none: read it as not given
                content[lines.count - 1] = ""
                continue
            reason = "the text ends" if lines.count > len(content) else error
            raise InputError(f"{where}: line {lines.count} is not COMTRADE configuration: {reason}") from None
        _check(cfg, where)
        return cfg


def _check(cfg: comtrade.Cfg, where: str) -> None:
    if not cfg.analog_channels:
        raise InputError(f"{where}: there is no analog channel")
    ends = [end for _, end in cfg.sample_rates]
    if not ends or ends[0] < 1 or any(b <= a for a, b in zip(ends, ends[1:], strict=False)):
        raise InputError(f"{where}: the last sample numbers of the sample rates make no sense: {ends}")
    if any(not np.isfinite(rate) or rate < 0 for rate, _ in cfg.sample_rates):
        raise InputError(f"{where}: the sample rates make no sense: {cfg.sample_rates}")


def channels(cfg: comtrade.Cfg) -> tuple[tuple[Channel, ...], Floats, Floats]:
    """Return the channels, and gain and offset of each that make volts, amperes or the file's unit of its
    words.
    """
    found, gains, offsets = [], [], []
    for line in cfg.analog_channels:
        factor, unit = si_unit(line.uu)
        found.append(
            Channel(
                name=line.name,
                phase=line.ph,
                unit=unit,
                skew=line.skew * 1e-6,
                primary=line.primary,
                secondary=line.secondary,
                side=line.pors.upper() if line.pors.upper() in ("P", "S") else "",
            )
        )
        gains.append(line.a * factor)
        offsets.append(line.b * factor)
    return tuple(found), np.array(gains), np.array(offsets)


def start(cfg: comtrade.Cfg) -> float | None:
    """Return the instant of the first sample, UTC seconds since 1970, or None if the file gives no date.

    1991 and 1999 do not say which zone they mean: it is taken as UTC. 2013 gives the offset as its time code.
    """
    stamp: datetime = cfg.start_timestamp
    if 1 < stamp.year < 100:  # the package makes the year 1 of a missing one
        stamp = stamp.replace(year=stamp.year + (1900 if stamp.year >= 70 else 2000))
    if stamp.year < 1970:
        return None
    return stamp.replace(tzinfo=UTC).timestamp() - _time_code_s(getattr(cfg, "_time_code", 0))


def _time_code_s(code: object) -> float:
    """Return the seconds of a time code such as "-5", "+5h30", "0" or "x" (does not apply)."""
    match = TIME_CODE.match(str(code).strip().lower())
    if not match:
        return 0.0
    seconds = int(match[2]) * 3600 + int(match[3] or 0) * 60
    return float(-seconds if match[1] == "-" else seconds)
