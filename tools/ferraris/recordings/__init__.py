"""Recorded waveforms: COMTRADE, WAV, CSV and NPZ files as one kind of recording, and as a source for the
simulated ADC.

recording = open_recording("fault.cfg")
mapping = map_channels(recording, frequency=50.0)
source = RecordingSource(recording, mapping, 50.0)       # 512 samples a cycle
block = source.read(0, 4096)
"""

from collections.abc import Mapping
from pathlib import Path

from ferraris.recordings.comtrade_file import read_comtrade
from ferraris.recordings.csv_file import read_csv
from ferraris.recordings.errors import InputError
from ferraris.recordings.frequency import estimate_frequency
from ferraris.recordings.mapping import describe, map_channels, parse_map, parse_scale
from ferraris.recordings.model import Channel, Recording
from ferraris.recordings.npz_file import read_npz
from ferraris.recordings.resample import RecordingSource
from ferraris.recordings.wav_file import read_wav

__all__ = [
    "Channel",
    "InputError",
    "Recording",
    "RecordingSource",
    "describe",
    "estimate_frequency",
    "map_channels",
    "open_recording",
    "parse_map",
    "parse_scale",
]

COMTRADE, WAV, CSV, NPZ = "COMTRADE", "WAV", "CSV", "NPZ"
FORMATS = {
    ".cfg": COMTRADE,
    ".dat": COMTRADE,
    ".cff": COMTRADE,
    ".wav": WAV,
    ".csv": CSV,
    ".tsv": CSV,
    ".txt": CSV,
    ".npz": NPZ,
}


def open_recording(
    path: str | Path,
    *,
    mapping: Mapping[str, str] | None = None,
    rate: float | None = None,
    scale: float | Mapping[str, float] | None = None,
) -> Recording:
    """Return the recording of a file; its extension tells the format.

    rate: samples per second of a CSV file without a column t.
    scale: volts or amperes at full scale of a WAV file: one number, or by channel (ch1, or VA with
        `mapping`).
    InputError: the file or an option cannot be used.
    """
    file = Path(path)
    form = FORMATS.get(file.suffix.lower())
    if form is None:
        raise InputError(f"{file}: not a recording that is known by its extension ({' '.join(FORMATS)})")
    if rate is not None and (form != CSV or not 0 < rate < float("inf")):
        raise InputError(f"{file}: a rate above zero may be given, and for CSV files only")
    if scale is not None and form != WAV:
        raise InputError(f"{file}: a scale may be given for WAV files only")
    if form == WAV:
        return read_wav(file, mapping, scale)
    if form == CSV:
        return read_csv(file, rate)
    return read_npz(file) if form == NPZ else read_comtrade(file)
