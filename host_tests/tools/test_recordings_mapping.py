"""Which channel is which: by phase and unit, by the user's map, and never by guessing between two."""

from pathlib import Path

import numpy as np
import pytest
from ferraris.recordings import Channel, InputError, Recording, map_channels, parse_map, parse_scale
from ferraris.recordings.phases import METER_CHANNELS, phase_of
from ferraris.recordings.samples import ArraySamples
from ferraris.recordings.units import si_unit
from hypothesis import given
from hypothesis import strategies as st


def recording(*channels, rate=3200.0, count=640):
    made = tuple(c if isinstance(c, Channel) else Channel(*c) for c in channels)
    return Recording(Path("file.cfg"), "test", made, rate, ArraySamples(np.zeros((len(made), count))))


@pytest.mark.parametrize(
    "phases", ["A B C", "L1 L2 L3", "1 2 3", "R S T", "AN BN CN", "a b c", "V1 V2 V3", "A-N B-N C-N", "А В С"]
)
def test_the_phase_field_is_understood_in_many_spellings(phases):
    a, b, c = phases.split()
    channels = [Channel("x", a, "A"), Channel("y", c, "V"), Channel("z", b, "V"), Channel("w", a, "V")]
    assert map_channels(recording(*channels)) == {"VA": 3, "VB": 2, "VC": 1, "IA": 0}


@pytest.mark.parametrize(
    "names", ["VA VB VC", "Ua Ub Uc", "U1 U2 U3", "UL1 UL2 UL3", "F5-VA F6-VB F7-VC", "Van Vbn Vcn"]
)
def test_the_name_tells_the_phase_where_the_field_is_empty(names):
    channels = [Channel(name, "", "V") for name in names.split()]
    assert map_channels(recording(*channels)) == {"VA": 0, "VB": 1, "VC": 2}


@pytest.mark.parametrize(
    "channel",
    [
        Channel("U4", "V4", "V"),
        Channel("Vn", "N", "V"),
        Channel("VG", "G", "V"),
        Channel("Uab", "", "V"),
        Channel("U21", "1", "V"),
        Channel("U1-2", "A", "V"),
        Channel("V", "AB", "V"),
        Channel("SRC 1  Vag Mag", "_", "V"),
        Channel("VDC_G1", "", "V"),
        Channel("3Uo", "N", "V"),
        Channel("", "", "V"),
        Channel("V1 angle", "A", "deg"),
    ],
)
def test_neutral_line_to_line_and_derived_channels_are_left_out(channel):
    mapping = map_channels(recording(Channel("Ua", "A", "V"), channel))
    assert mapping == {"VA": 0}


def test_a_channel_without_unit_is_told_by_its_name():
    assert map_channels(recording(Channel("VA", "A"), Channel("IA", "A"))) == {"VA": 0, "IA": 1}


def test_two_candidates_are_refused_with_the_list_of_channels():
    with pytest.raises(InputError, match="both V1 and V2 could be VA") as caught:
        map_channels(recording(("V1", "A", "V"), ("V2", "A", "V"), ("I", "B", "A"), ("T", "", "degC")))
    assert "V1 (A, V), V2 (A, V), I (B, A), T (-, degC)" in str(caught.value)
    assert "--map" in str(caught.value)


def test_a_recording_without_voltage_is_refused():
    with pytest.raises(InputError, match="no voltage"):
        map_channels(recording(("IA", "A", "A")))
    with pytest.raises(InputError, match="no voltage is mapped"):
        map_channels(recording(("IA", "A", "A")), {"IA": "IA"})


FILE = (
    ("Ua", "A", "V"),
    ("Ub", "B", "V"),
    ("Ia", "A", "A"),
    ("same", "", ""),
    ("same", "", ""),
    ("UA", "", ""),
)


def test_names_match_exactly_before_they_match_in_any_case():
    assert map_channels(recording(*FILE), {"IA": "ia", "VA": "UA"}) == {"VA": 5, "IA": 2}
    assert map_channels(recording(*FILE), {"VA": "Ua"}) == {"VA": 0}
    assert map_channels(recording(*FILE), {"VC": "#5"}) == {"VC": 4}


@pytest.mark.parametrize(
    ("mapping", "message"),
    [
        ({"VA": "Ux"}, "no channel 'Ux'.*Ua .A, V."),
        ({"VA": "#7"}, "no channel '#7'"),
        ({"VA": "same"}, "2 channels have the name 'same': say #4 or #5"),
        ({"VA": "uA"}, "2 channels have the name"),
        ({"VA": "Ua", "VB": "Ua"}, "Ua is mapped twice"),
        ({"VX": "Ua"}, "VX is not a channel of the meter"),
        ({"VA": "Ia"}, "VA is in V, but channel Ia is in A"),
    ],
)
def test_a_map_that_does_not_fit_is_refused(mapping, message):
    with pytest.raises(InputError, match=message):
        map_channels(recording(*FILE), mapping)


def test_too_few_samples_in_a_cycle_or_in_all_are_refused():
    with pytest.raises(InputError, match="15 samples per cycle of 50 Hz; at least 16"):
        map_channels(recording(("VA", "A", "V"), rate=750.0), frequency=50.0)
    with pytest.raises(InputError, match="63 samples are less than a cycle"):
        map_channels(recording(("VA", "A", "V"), count=63), frequency=50.0)
    assert map_channels(recording(("VA", "A", "V"), rate=800.0), frequency=50.02) == {"VA": 0}


names = st.text(st.characters(exclude_characters=",=", exclude_categories=["Cc", "Cs"]), min_size=1).filter(
    lambda name: name == name.strip()
)


@given(st.dictionaries(st.sampled_from(METER_CHANNELS), names, min_size=1))
def test_a_map_is_read_as_it_was_written(mapping):
    assert parse_map(",".join(f"{key}={name}" for key, name in mapping.items())) == mapping


@given(st.lists(names, min_size=6, max_size=6, unique_by=str.lower), st.permutations(range(6)))
def test_any_map_of_distinct_names_is_followed(files_names, order):
    made = recording(*(Channel(name) for name in files_names))
    mapping = {key: files_names[at] for key, at in zip(METER_CHANNELS, order, strict=True)}
    assert map_channels(made, mapping) == dict(zip(METER_CHANNELS, order, strict=True))


@given(st.text(), st.text())
def test_any_text_as_name_and_phase_gives_a_phase_or_none(name, phase):
    assert phase_of(Channel(name, phase, "V")) in ("A", "B", "C", None)


@pytest.mark.parametrize("text", ["", "VA", "VA=", "=x", "VA=a,VA=b", "VA=a,,IA=b"])
def test_a_map_that_is_no_map_is_refused(text):
    with pytest.raises(InputError, match="--map"):
        parse_map(text)


def test_a_scale_is_a_number_or_one_for_each_channel():
    assert parse_scale("400") == 400.0
    assert parse_scale("VA=400, IA=2e1") == {"VA": 400.0, "IA": 20.0}
    for text in ("", "x", "0", "-5", "nan", "inf", "VA=x"):
        with pytest.raises(InputError, match="--scale"):
            parse_scale(text)


def test_units_become_volts_and_amperes():
    for text, expected in {
        "V": (1, "V"), "kV": (1e3, "V"), "KV": (1e3, "V"), "mV": (1e-3, "V"), "MV": (1e6, "V"),
        "volt": (1, "V"),
        "Volts": (1, "V"), " A ": (1, "A"), "kA": (1e3, "A"), "mA": (1e-3, "A"), "uA": (1e-6, "A"),
        "ampere": (1, "A"),
        "Amps": (1, "A"), "k V": (1e3, "V"), "кВ": (1e3, "V"), "А": (1, "A"), "deg": (1, "deg"), "": (1, ""),
        "VAr": (1, "VAr"), "kW": (1, "kW"), "m": (1, "m"),
    }.items():  # fmt: skip
        assert si_unit(text) == expected
