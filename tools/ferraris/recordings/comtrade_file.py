"""COMTRADE recordings: .cfg with .dat, or one .cff (IEEE C37.111-1991, -1999, -2013 = IEC 60255-24).

Either file of a pair may be named, in any letter case. A .cff holds both, each after a line

    --- file type: CFG ---            --- file type: DAT BINARY: 12345 ---
"""

import re
from dataclasses import dataclass
from pathlib import Path

import comtrade
import numpy as np
from numpy.typing import NDArray

from ferraris.recordings import comtrade_cfg
from ferraris.recordings.comtrade_dat import WORDS, Data, read_ascii, read_binary
from ferraris.recordings.errors import InputError
from ferraris.recordings.files import decode, find_partner, map_bytes, read_bytes
from ferraris.recordings.model import Recording
from ferraris.recordings.samples import ArraySamples, Floats
from ferraris.recordings.uniform import make_uniform

SECTION = re.compile(
    rb"^[ \t]*---[ \t]*file[ \t]+type[ \t]*:[ \t]*([a-z]+)(?:[ \t]+([a-z0-9]+))?"
    rb"(?:[ \t]*:[ \t]*(\d+))?[ \t]*---[ \t]*\r?$\n?",
    re.IGNORECASE | re.MULTILINE,
)


@dataclass(frozen=True)
class _Parts:
    """The two parts of a recording: configuration as text, data as bytes (mapped), each with a name for
    errors.
    """

    cfg: str
    cfg_name: str
    data: NDArray[np.uint8]
    data_name: str


def read_comtrade(path: Path) -> Recording:
    """Return the recording of a .cfg, .dat or .cff file. InputError: says which file and what is wrong."""
    parts = _split_cff(path) if path.suffix.lower() == ".cff" else _pair(path)
    cfg = comtrade_cfg.parse_cfg(parts.cfg, parts.cfg_name)
    channels, gain, offset = comtrade_cfg.channels(cfg)
    data = _read_data(parts, cfg, (gain, offset))
    samples, rate, lowest = data.samples, cfg.sample_rates[0][0], cfg.sample_rates[0][0]
    if rate == 0 or len({segment[0] for segment in cfg.sample_rates}) > 1:
        instants, resolution = _instants(cfg, data.stamps, parts.data_name)
        everything = samples.read(range(len(channels)), 0, samples.length)
        uniform, rate, lowest = make_uniform(instants, everything, resolution, parts.data_name)
        samples = samples if uniform is everything else ArraySamples(uniform)
    return Recording(
        path=path,
        format=f"COMTRADE {cfg.rev_year} {cfg.ft.strip().upper()}",
        channels=channels,
        rate=rate,
        samples=samples,
        start=comtrade_cfg.start(cfg),
        frequency=cfg.frequency or None,
        lowest_rate=lowest,
        notes=_notes(parts, cfg, data, resampled=samples is not data.samples, rate=rate),
    )


def _notes(parts: _Parts, cfg: comtrade.Cfg, data: Data, resampled: bool, rate: float) -> tuple[str, ...]:
    notes = []
    if data.extra:
        notes.append(
            f"{parts.data_name}: holds {data.extra} samples more than the {data.samples.length}"
            " that the configuration says; they are left out"
        )
    if resampled:
        notes.append(f"{parts.data_name}: not sampled uniformly; interpolated at {rate:.6g} samples/s")
    return tuple(notes)


def _pair(path: Path) -> _Parts:
    """Read the .cfg and map the .dat, whichever of the two was named."""
    map_bytes(path)  # the errors of the file that was named come first
    cfg_path = path if path.suffix.lower() == ".cfg" else find_partner(path, ".cfg")
    dat_path = path if path.suffix.lower() == ".dat" else find_partner(path, ".dat")
    if cfg_path is None or dat_path is None:
        raise InputError(
            f"{path}: there is no {'.cfg' if cfg_path is None else '.dat'} file of this name beside it"
        )
    return _Parts(decode(read_bytes(cfg_path)), str(cfg_path), map_bytes(dat_path), str(dat_path))


def _split_cff(path: Path) -> _Parts:
    """Find the configuration and the data. What follows the data's line is not searched: it may be binary."""
    content = map_bytes(path)
    cfg, at, name = None, 0, ""
    for match in SECTION.finditer(content.data):
        if name == "CFG":
            cfg = content[at : match.start()].tobytes()
        name, at = match[1].decode().upper(), match.end()
        if name == "DAT":
            break
    if cfg is None or name != "DAT":
        raise InputError(
            f"{path}: no '--- file type: {'DAT' if cfg else 'CFG'} ---' section: not a COMTRADE .cff file"
        )
    data, said = content[at:], int(match[3] or 0)
    if said > len(data) or not len(data):
        raise InputError(f"{path}: truncated: its data section says {said} bytes, the file holds {len(data)}")
    return _Parts(decode(cfg), str(path), data[:said] if said else data, str(path))


def _read_data(parts: _Parts, cfg: comtrade.Cfg, scale: tuple[Floats, Floats]) -> Data:
    form = cfg.ft.strip().upper()
    if form == "ASCII":
        return read_ascii(decode(parts.data.tobytes()), cfg, scale, parts.data_name)
    if form in WORDS:
        return read_binary(parts.data, cfg, form, scale, parts.data_name)
    raise InputError(f"{parts.cfg_name}: unknown data format {form!r} (ASCII, BINARY, BINARY32, FLOAT32)")


def _instants(cfg: comtrade.Cfg, stamps: Floats, where: str) -> tuple[Floats, float]:
    """Return (seconds of each sample, their resolution): from the rates if each segment has one, else from
    the stamps.
    """
    if all(rate > 0 for rate, _ in cfg.sample_rates):
        counts = np.diff([0, *(end for _, end in cfg.sample_rates)])
        steps = np.repeat([1.0 / rate for rate, _ in cfg.sample_rates], counts)
        return np.cumsum(steps), 0.0
    missing = np.flatnonzero(np.isnan(stamps))
    if len(missing):
        raise InputError(f"{where}: no sample rate, and no time stamp of sample {missing[0] + 1}")
    resolution = cfg.time_base * cfg.timemult
    return stamps * resolution, resolution
