"""A recording as every reader of this package returns it: channels, a uniform sample rate, samples in SI
units.
"""

from dataclasses import dataclass
from pathlib import Path

from ferraris.recordings.errors import InputError
from ferraris.recordings.samples import Floats, Samples

__all__ = ["Channel", "InputError", "Recording"]


@dataclass(frozen=True)
class Channel:
    """One analog channel, as the file describes it.

    unit: "V" or "A" when the samples are volts or amperes, else the file's own text ("deg", "", ...)
    phase: the file's own text ("A", "L1", "I1", ...), not interpreted
    skew: seconds by which this channel was sampled after the sample instant (a multiplexed converter)
    primary, secondary, side: the transformer's ratio, and whether values are primary "P" or secondary "S" (""
        unknown)
    """

    name: str
    phase: str = ""
    unit: str = ""
    skew: float = 0.0
    primary: float = 1.0
    secondary: float = 1.0
    side: str = ""


@dataclass(frozen=True)
class Recording:
    """A recorded waveform.

    rate: samples per second and channel; samples that were not uniform in the file have been made so
    lowest_rate: the slowest stretch of the file before that; equal to rate when it was uniform
    start: UTC in seconds since 1970 of the first sample, None if the file does not tell
    frequency: the nominal line frequency in hertz that the file states, or None
    notes: what a user should know about how the file was read, one line each
    """

    path: Path
    format: str
    channels: tuple[Channel, ...]
    rate: float
    samples: Samples
    start: float | None = None
    frequency: float | None = None
    lowest_rate: float = 0.0
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not self.lowest_rate:
            object.__setattr__(self, "lowest_rate", self.rate)

    @property
    def length(self) -> int:
        """Samples of each channel."""
        return self.samples.length

    @property
    def duration(self) -> float:
        """Seconds: samples / rate."""
        return self.length / self.rate

    @property
    def data(self) -> Floats:
        """All samples at once: float64 (n_channels, n_samples) in V or A. Long files: use samples.read()."""
        return self.samples.read(range(len(self.channels)), 0, self.length)
