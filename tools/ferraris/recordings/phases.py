"""Which phase and which quantity a channel is, from its unit, its phase field and its name.

Recorders write the phase as A, L1, 1, R, AN, I1, V1 or leave it out and call the channel VA, Ua, U1, IL1,
VA_G1.
"""

import re

from ferraris.recordings.model import Channel

METER_CHANNELS = ("VA", "VB", "VC", "IA", "IB", "IC")
UNITS = {name: "V" if name[0] == "V" else "A" for name in METER_CHANNELS}

PHASES = {"A": "A", "1": "A", "R": "A", "B": "B", "2": "B", "S": "B", "C": "C", "3": "C", "T": "C"}
NEUTRAL = frozenset("0 4 N G E L4 I4 V4 U4 L0 I0 V0 U0 IN VN UN IG VG NEUTRAL RES".split())
CYRILLIC = str.maketrans({"А": "A", "В": "B", "С": "C", "Ф": "", "ф": "", "а": "A", "в": "B", "с": "C"})

FIELD = re.compile(r"(?:PHASE|PH)?[ .]*[UVIE]?L?[ -]?([ABC123RST])(?:[ -]?[NGE])?")
NAME = re.compile(r"(?:[UVIE]L?([ABC123RST])|L([123]))[NGE]?")
LINE_TO_LINE = re.compile(
    r"[UVE]?(?:AB|BC|CA|BA|CB|AC|RS|ST|TR|SR|TS|RT|L?1-?L?2|L?2-?L?3|L?3-?L?1|L?2-?L?1|L?3-?L?2|L?1-?L?3)"
)
# words in the name of a channel that holds a derived value, not a waveform
DERIVED = frozenset("MAG MAGNITUDE ANGLE ANG RMS THD FREQ FREQUENCY DC AVG POS NEG ZERO".split())


def phase_of(channel: Channel) -> str | None:
    """Return "A", "B" or "C"; None for neutral, line to line, derived values and what cannot be told."""
    words = [word for word in re.split(r"[^A-Z0-9-]+", channel.name.upper().translate(CYRILLIC)) if word]
    tokens = [token for word in words for token in word.split("-")]
    if DERIVED.intersection(tokens) or any(LINE_TO_LINE.fullmatch(word) for word in words):
        return None
    field = channel.phase.strip().upper().translate(CYRILLIC)
    if field in NEUTRAL or LINE_TO_LINE.fullmatch(field):
        return None
    match = FIELD.fullmatch(field)
    if match:
        return PHASES[match[1]]
    found = {PHASES[m[1] or m[2]] for m in map(NAME.fullmatch, tokens) if m}
    return found.pop() if len(found) == 1 else None


def unit_of(channel: Channel) -> str:
    """Return "V" or "A", or "" for neither. Without a unit the first letter of the name tells."""
    if channel.unit:
        return channel.unit if channel.unit in ("V", "A") else ""
    return {"V": "V", "U": "V", "I": "A"}.get(channel.name.strip()[:1].upper(), "")
