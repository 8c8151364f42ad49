"""Where the samples of a recording come from: an array in memory, or raw words of a file that stay on disk.

A long recording need not fit in memory: COMTRADE binary and WAV files are mapped, and only the stretch that
is asked for becomes float64.
"""

from collections.abc import Callable, Sequence
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


class Samples(Protocol):
    """Samples of all channels of a recording, in volts, amperes or the file's own unit. NaN: missing in the
    file.
    """

    @property
    def length(self) -> int:
        """Samples of each channel."""

    def read(self, channels: Sequence[int], first: int, count: int) -> Floats:
        """Return a new float64 array (len(channels), count'); count' is smaller past the end."""


class ArraySamples:
    """Samples that are in memory: float64 (n_channels, n_samples)."""

    def __init__(self, data: Floats) -> None:
        self._data = data

    @property
    def length(self) -> int:
        return int(self._data.shape[1])

    def read(self, channels: Sequence[int], first: int, count: int) -> Floats:
        return self._data[list(channels), first : first + count]


class RawSamples:
    """Raw words, (n_samples, n_channels, ...), most often mapped from a file: value = gain * word + offset.

    decode turns a stretch of raw words into float64 (count, channels); without it the words are numbers
    already. missing holds for each channel the word that means "no value" (NaN: there is none).
    """

    def __init__(
        self,
        raw: NDArray[Any],
        gain: Floats,
        offset: Floats,
        missing: Floats | None = None,
        decode: Callable[[NDArray[Any]], Floats] | None = None,
    ) -> None:
        self._raw, self._gain, self._offset = raw, gain, offset
        self._missing, self._decode = missing, decode

    @property
    def length(self) -> int:
        return int(self._raw.shape[0])

    def read(self, channels: Sequence[int], first: int, count: int) -> Floats:
        columns = list(channels)
        raw = np.asarray(self._raw[first : first + count])[:, columns]
        words = self._decode(raw) if self._decode else raw.astype(np.float64)
        values = words * self._gain[columns] + self._offset[columns]
        if self._missing is not None:
            values[words == self._missing[columns]] = np.nan
        return np.ascontiguousarray(values.T)
