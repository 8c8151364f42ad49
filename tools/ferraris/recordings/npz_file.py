"""NPZ recordings: arrays VA VB VC IA IB IC (any of them) in volts and amperes, a scalar rate, and perhaps a
start.

start is UTC: seconds since 1970, or an ISO 8601 text.
"""

import struct
import zipfile
import zlib
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ferraris.recordings.errors import InputError
from ferraris.recordings.files import map_bytes
from ferraris.recordings.model import Channel, Recording
from ferraris.recordings.phases import METER_CHANNELS, UNITS
from ferraris.recordings.samples import ArraySamples, Floats

# what the archive and the array reader raise for bytes that are not as they should be
DAMAGE = (
    ValueError,
    OSError,
    EOFError,
    KeyError,
    RuntimeError,
    MemoryError,
    OverflowError,
    struct.error,
    zipfile.BadZipFile,
    zlib.error,
)

Arrays = dict[str, NDArray[Any]]


def read_npz(path: Path) -> Recording:
    """Return the recording. InputError: names the array that is missing or cannot be used."""
    map_bytes(path)  # no such file, empty
    arrays = _load(path)
    names = [name for name in METER_CHANNELS if name in arrays]
    if not names:
        raise InputError(f"{path}: there is none of the arrays {' '.join(METER_CHANNELS)}")
    if "rate" not in arrays:
        raise InputError(f"{path}: there is no array rate (samples per second)")
    rate = _scalar(arrays["rate"], "rate", path)
    if not rate > 0:
        raise InputError(f"{path}: rate is {rate}, not above zero")
    data = [_waveform(arrays[name], name, path) for name in names]
    for name, values in zip(names, data, strict=True):
        if len(values) != len(data[0]):
            raise InputError(f"{path}: {name} has {len(values)} samples, {names[0]} has {len(data[0])}")
    channels = tuple(Channel(name, name[1], UNITS[name]) for name in names)
    return Recording(path, "NPZ", channels, rate, ArraySamples(np.array(data)), start=_start(arrays, path))


def _load(path: Path) -> Arrays:
    """Return the arrays that matter; the others are not even opened."""
    if not zipfile.is_zipfile(path):
        raise InputError(f"{path}: not an .npz archive, or truncated")
    name = "the archive"
    try:
        with np.load(path, allow_pickle=False) as archive:
            arrays = {}
            for name in archive.files:
                if name in (*METER_CHANNELS, "rate", "start"):
                    arrays[name] = archive[name]
            return arrays
    except DAMAGE as error:
        raise InputError(f"{path}: {name} cannot be read as NPZ: {error}") from None


def _waveform(values: NDArray[Any], name: str, path: Path) -> Floats:
    if values.ndim != 1 or len(values) < 2:
        raise InputError(f"{path}: {name} has the shape {values.shape}, not one row of samples")
    if values.dtype.kind not in "iuf":
        raise InputError(f"{path}: {name} holds {values.dtype}, not real numbers")
    floats = values.astype(np.float64)
    bad = np.flatnonzero(~np.isfinite(floats))
    if len(bad):
        raise InputError(f"{path}: {name} is {floats[bad[0]]} at sample {bad[0] + 1}")
    return floats


def _scalar(value: NDArray[Any], name: str, path: Path) -> float:
    if value.size != 1 or value.dtype.kind not in "iuf" or not np.isfinite(value).all():
        raise InputError(f"{path}: {name} is not one finite number")
    return float(value.reshape(()))


def _start(arrays: Arrays, path: Path) -> float | None:
    value = arrays.get("start")
    if value is None:
        return None
    if value.dtype.kind not in "UM" or value.size != 1:
        return _scalar(value, "start", path)
    text = str(value.reshape(()))
    try:
        stamp = datetime.fromisoformat(text)
    except ValueError:
        raise InputError(f"{path}: start is {text!r}, not ISO 8601") from None
    return (stamp if stamp.tzinfo else stamp.replace(tzinfo=UTC)).timestamp()
