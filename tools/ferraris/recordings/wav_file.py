"""WAV recordings: PCM of 8, 16, 24 or 32 bits and IEEE float of 32 or 64 bits, any number of channels.

    "RIFF" size "WAVE"  { id (4) size (u32) content, padded to even }...
    "fmt ": format u16 (1 PCM, 3 float, 0xFFFE: in the sub-format), channels u16, rate u32, bytes/s u32,
            bytes a frame u16, bits u16 [, size u16, valid bits u16, speaker mask u32, sub-format u16 + 14
            bytes]

The standard library's `wave` knows no floats and copies the samples; here they stay in the file. A sound file
has no
units: full scale (1.0 of a float file) is `scale` volts or amperes.
"""

import struct
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ferraris.recordings.errors import InputError
from ferraris.recordings.files import map_bytes
from ferraris.recordings.model import Channel, Recording
from ferraris.recordings.samples import Floats, RawSamples

PCM, FLOAT, EXTENSIBLE = 1, 3, 0xFFFE
UNKNOWN_SIZES = (0, 0xFFFFFFFF)  # written by programs that stream and do not go back to fill them in
# (format, bits): (type of the words in the file, value of zero, full scale)
WORDS = {
    (PCM, 8): ("u1", 128.0, 128.0),
    (PCM, 16): ("<i2", 0.0, 32768.0),
    (PCM, 24): ("u1", 0.0, 8388608.0),
    (PCM, 32): ("<i4", 0.0, 2147483648.0),
    (FLOAT, 32): ("<f4", 0.0, 1.0),
    (FLOAT, 64): ("<f8", 0.0, 1.0),
}

Scale = float | Mapping[str, float]


def read_wav(path: Path, mapping: Mapping[str, str] | None = None, scale: Scale | None = None) -> Recording:
    """Return the recording; channels are ch1, ch2, ... With `mapping`, `scale` may name meter channels."""
    content = map_bytes(path)
    form, count, rate, bits, data = _parse(content, path)
    if (form, bits) not in WORDS or not count or not rate:
        raise InputError(
            f"{path}: WAV format {form} with {bits} bits, {count} channels, {rate} Hz is not supported"
        )
    word, zero, full_scale = WORDS[form, bits]
    names = [f"ch{n + 1}" for n in range(count)]
    factors, notes = _factors(names, mapping or {}, scale, path)
    gain = factors / full_scale
    raw = _frames(data, word, bits, count, path)
    decode = _decode_24 if bits == 24 else None
    return Recording(
        path=path,
        format=f"WAV {'PCM' if form == PCM else 'float'} {bits} bits",
        channels=tuple(Channel(name) for name in names),
        rate=float(rate),
        samples=RawSamples(raw, gain, -zero * gain, decode=decode),
        notes=notes,
    )


def _parse(content: NDArray[np.uint8], path: Path) -> tuple[int, int, int, int, NDArray[np.uint8]]:
    """Return (format, channels, rate, bits, sample bytes)."""
    if content[:4].tobytes() != b"RIFF" or content[8:12].tobytes() != b"WAVE":
        raise InputError(f"{path}: not a WAV file")
    header = None
    for name, size, start in _chunks(content):
        body = content[start : start + size]
        if name == b"fmt " and len(body) >= 16:
            form, count, rate, _, _, bits = struct.unpack("<HHIIHH", body[:16].tobytes())
            if form == EXTENSIBLE and len(body) >= 26:
                form = int.from_bytes(body[24:26].tobytes(), "little")
            header = (form, count, rate, bits)
        elif name == b"data":
            if header is None:
                raise InputError(f"{path}: the WAV file has samples before its format")
            if size in UNKNOWN_SIZES:
                return *header, content[start:]
            _check_size(len(body), size, header, path)
            return *header, body
    raise InputError(f"{path}: the WAV file has no {'samples' if header else 'format'}: truncated?")


def _chunks(content: NDArray[np.uint8]) -> Iterator[tuple[bytes, int, int]]:
    """Yield (name, size as written, where the content starts)."""
    at = 12
    while at + 8 <= len(content):
        name, size = struct.unpack("<4sI", content[at : at + 8].tobytes())
        yield name, size, at + 8
        at += 8 + size + size % 2


def _check_size(found: int, size: int, header: tuple[int, int, int, int], path: Path) -> None:
    if found < size:
        frame = max(1, header[1] * header[3] // 8)
        raise InputError(
            f"{path}: truncated: the header says {size // frame} samples, the file holds {found // frame}"
        )


def _frames(data: NDArray[np.uint8], word: str, bits: int, count: int, path: Path) -> NDArray[Any]:
    """Return the words as (n_samples, n_channels), or (n_samples, n_channels, 3) for 24 bits."""
    frame = count * bits // 8
    samples = len(data) // frame
    if not samples:
        raise InputError(f"{path}: the WAV file has no samples")
    words = data[: samples * frame].view(word)
    return words.reshape((samples, count, 3) if bits == 24 else (samples, count))


def _decode_24(raw: NDArray[np.uint8]) -> Floats:
    """Return signed 24-bit little-endian words (..., 3) as floats."""
    wide = np.zeros((*raw.shape[:-1], 4), np.uint8)
    wide[..., 1:] = raw
    return wide.view("<i4")[..., 0] / 256.0


def _factors(
    names: list[str], mapping: Mapping[str, str], scale: Scale | None, path: Path
) -> tuple[Floats, tuple[str, ...]]:
    """Return (volts or amperes at full scale of each channel, notes)."""
    if scale is None:
        note = f"{path}: no scale given: full scale is taken as 1 V and 1 A"
        return np.ones(len(names)), (note,)
    if not isinstance(scale, Mapping):
        return np.full(len(names), float(scale)), ()
    factors = np.ones(len(names))
    files_name = {name.lower(): name for name in names}
    for key, value in scale.items():
        name = files_name.get(mapping.get(key, key).lower())
        if name is None:
            raise InputError(
                f"{path}: the scale names {key}, which is neither mapped nor one of {', '.join(names)}"
            )
        factors[names.index(name)] = value
    return factors, ()
