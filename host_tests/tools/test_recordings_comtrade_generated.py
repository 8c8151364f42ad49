"""COMTRADE files of every revision and data format, written here byte by byte, and their bad twins.

Layout: IEEE C37.111-1991, -1999, -2013 (IEC 60255-24).
"""

import struct
from datetime import UTC, datetime

import numpy as np
import pytest
from ferraris.recordings import InputError, map_channels, open_recording

GAIN, OFFSET = {"V": 0.02, "A": 0.001}, {"V": 0.5, "A": -0.25}
COUNT, RATE = 200, 1600.0
FORMATS = ("ASCII", "BINARY", "BINARY32", "FLOAT32")
START = {"1991": "02/29/96,23:59:58.500000", "1999": "29/02/1996,23:59:58.500000"}


def words():
    """Return raw words (COUNT, 2): VA in kV and IA."""
    t = np.arange(COUNT) / RATE
    return np.stack(
        [np.rint(15000 * np.sin(100 * np.pi * t)), np.rint(9000 * np.cos(100 * np.pi * t))], axis=1
    )


def cfg_text(
    rev, form, *, rates=((RATE, COUNT),), nrates=None, stamp=None, tail=None, status=3, limits=(-32767, 32767)
):
    low, high = limits
    tail_1999 = ",1000,1,S" if rev != "1991" else ""
    lines = [
        "station,device" + ("" if rev == "1991" else f",{rev}"),
        f"{2 + status},2A,{status}D",
        f"1,Ua,A,,kV,{GAIN['V'] / 1000!r},{OFFSET['V'] / 1000!r},0,{low},{high}{tail_1999}",
        f"2,Ia,A,,A,{GAIN['A']!r},{OFFSET['A']!r},,{low},{high}{tail_1999}",
        *(f"{n},trip{n}," + ("0" if rev == "1991" else ",,0") for n in range(1, status + 1)),
        "50",
        str(len(rates) if nrates is None else nrates),
        *(f"{rate},{end}" for rate, end in rates),
        stamp or START.get(rev, START["1999"]),
        stamp or START.get(rev, START["1999"]),
        form,
    ]
    lines += {"1991": [], "1999": ["1"], "2013": ["1", "+5h30,+5h30", "B,3"]}[rev] if tail is None else tail
    return "\r\n".join(lines) + "\r\n"


def dat_bytes(form, raw, stamps=None, numbers=None):
    stamps = np.arange(len(raw)) * 625 if stamps is None else stamps
    numbers = range(1, len(raw) + 1) if numbers is None else numbers
    rows = zip(numbers, stamps, raw, strict=True)
    if form == "ASCII":
        return "".join(f"{n},{s},{int(v)},{int(i)},0,1,0\r\n" for n, s, (v, i) in rows).encode() + b"\x1a"
    code = {"BINARY": "<IIhhH", "BINARY32": "<IIiiH", "FLOAT32": "<IIffH"}[form]
    kind = float if form == "FLOAT32" else int
    return b"".join(struct.pack(code, n, int(s), kind(v), kind(i), 2) for n, s, (v, i) in rows)


def write(folder, form="BINARY", rev="1999", raw=None, dat=None, name="case", **options):
    raw = words() if raw is None else raw
    (folder / f"{name}.cfg").write_bytes(cfg_text(rev, form, **options).encode())
    (folder / f"{name}.dat").write_bytes(dat_bytes(form, raw) if dat is None else dat)
    return folder / f"{name}.cfg"


def volts_and_amperes(raw):
    return (raw * [GAIN["V"], GAIN["A"]] + [OFFSET["V"], OFFSET["A"]]).T


@pytest.mark.parametrize("rev", ["1991", "1999", "2013"])
@pytest.mark.parametrize("form", FORMATS)
def test_every_revision_and_format_gives_the_same_volts_and_amperes(tmp_path, rev, form):
    recording = open_recording(write(tmp_path, form, rev))
    np.testing.assert_allclose(recording.data, volts_and_amperes(words()), rtol=1e-12, atol=1e-12)
    assert recording.data.dtype == np.float64
    assert recording.rate == RATE and recording.length == COUNT and recording.duration == COUNT / RATE
    assert [c.unit for c in recording.channels] == ["V", "A"]
    assert recording.frequency == 50.0 and recording.notes == ()
    assert map_channels(recording) == {"VA": 0, "IA": 1}


@pytest.mark.parametrize("form", FORMATS)
def test_a_cff_holds_the_same_as_the_pair(tmp_path, form):
    data = dat_bytes(form, words())
    said = "" if form == "ASCII" else f": {len(data)}"
    content = (
        b"--- file type: CFG ---\r\n" + cfg_text("2013", form).encode()
        + b"--- file type: INF ---\r\n\r\n--- file type: HDR ---\r\nfree text\r\n"
        + f"--- file type: DAT {form}{said} ---\r\n".encode() + data
    )  # fmt: skip
    path = tmp_path / "case.CFF"
    path.write_bytes(content)
    np.testing.assert_allclose(open_recording(path).data, volts_and_amperes(words()), rtol=1e-12, atol=1e-12)
    path.write_bytes(content[:-12])
    with pytest.raises(InputError, match="truncated"):
        open_recording(path)
    path.write_bytes(content[: content.index(b"--- file type: DAT")])
    with pytest.raises(InputError, match="DAT"):
        open_recording(path)


@pytest.mark.parametrize(
    ("rev", "expected"),
    [
        ("1991", datetime(1996, 2, 29, 23, 59, 58, 500000, UTC)),
        ("1999", datetime(1996, 2, 29, 23, 59, 58, 500000, UTC)),
        ("2013", datetime(1996, 2, 29, 18, 29, 58, 500000, UTC)),
    ],
)
def test_the_start_is_utc_with_two_digit_years_and_the_time_code(tmp_path, rev, expected):
    assert open_recording(write(tmp_path, rev=rev)).start == expected.timestamp()


@pytest.mark.parametrize("stamp", ["00/00/0000,00:00:00.000000", "31/31/1999,10:00:00.0", "01/02/1999,late"])
def test_a_date_that_is_none_leaves_the_start_unknown(tmp_path, stamp):
    recording = open_recording(write(tmp_path, stamp=stamp))
    assert recording.start is None
    assert recording.length == COUNT


def test_either_file_of_the_pair_may_be_named_in_any_letter_case(tmp_path):
    write(tmp_path)
    (tmp_path / "case.cfg").rename(tmp_path / "Case.CFG")
    for name in ("Case.CFG", "case.dat"):
        assert open_recording(tmp_path / name).length == COUNT


def test_cyrillic_text_is_read(tmp_path):
    path = write(tmp_path)
    text = path.read_text("ascii").replace("1,Ua,A,,kV", "1,Ua_ВЛ,А,,кВ")
    path.write_bytes(text.encode("cp1251"))
    recording = open_recording(path)
    assert recording.channels[0].name == "Ua_ВЛ" and recording.channels[0].unit == "V"
    assert map_channels(recording) == {"VA": 0, "IA": 1}


def test_time_stamps_give_the_rate_when_there_is_no_other(tmp_path):
    recording = open_recording(write(tmp_path, rates=((0, COUNT),), nrates=0))
    assert recording.rate == pytest.approx(RATE, rel=1e-9)
    np.testing.assert_allclose(recording.data, volts_and_amperes(words()), rtol=1e-12, atol=1e-12)


def test_wandering_time_stamps_are_made_uniform(tmp_path):
    t = np.arange(COUNT) / RATE + 3e-4 * np.sin(np.arange(COUNT) / 40)
    raw = np.rint(np.stack([15000 * np.sin(100 * np.pi * t), 9000 * np.cos(100 * np.pi * t)], axis=1))
    stamps = np.rint(t * 1e6).astype(int) + 7
    recording = open_recording(
        write(tmp_path, raw=raw, dat=dat_bytes("BINARY", raw, stamps), rates=((0, COUNT),), nrates=0)
    )
    grid = np.arange(recording.length) / recording.rate
    volts = 0.5 + 300 * np.sin(100 * np.pi * grid)
    assert "interpolated" in recording.notes[0]
    assert np.abs(recording.data[0] - volts).max() < 0.1  # half a microsecond is 0.05 V


def test_several_rates_become_the_fastest_one(tmp_path):
    t = np.concatenate([np.arange(1, 101) / 1600, 100 / 1600 + np.arange(1, 401) / 6400])
    t -= t[0]
    raw = np.rint(np.stack([15000 * np.sin(100 * np.pi * t), 9000 * np.cos(100 * np.pi * t)], axis=1))
    path = write(tmp_path, raw=raw, rates=((1600, 100), (6400, 500)))
    recording = open_recording(path)
    assert recording.rate == pytest.approx(6400) and recording.lowest_rate == pytest.approx(1600)
    assert recording.duration == pytest.approx(t[-1] + 1 / 6400)
    grid = np.arange(recording.length) / recording.rate
    assert np.abs(recording.data[0] - 0.5 - 300 * np.sin(100 * np.pi * grid)).max() < 0.05


def test_segments_of_one_rate_are_not_touched(tmp_path):
    recording = open_recording(write(tmp_path, rates=((RATE, 50), (RATE, COUNT))))
    assert recording.rate == RATE
    np.testing.assert_allclose(recording.data, volts_and_amperes(words()), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize(
    ("form", "rev", "marker"),
    [
        ("ASCII", "1999", 99999),
        ("BINARY", "1999", -32768),
        ("BINARY32", "2013", -(2**31)),
        ("FLOAT32", "2013", float(np.finfo(np.float32).min)),
        ("FLOAT32", "2013", float("nan")),
    ],
)
def test_a_missing_value_is_refused_in_a_channel_that_is_used_and_only_there(tmp_path, form, rev, marker):
    raw = words()
    raw[7, 1] = marker
    dat = dat_bytes(form, raw)
    recording = open_recording(write(tmp_path, form, rev, dat=dat))
    assert np.flatnonzero(np.isnan(recording.data[1])).tolist() == [7]
    with pytest.raises(InputError, match="Ia has no value at sample 8"):
        map_channels(recording)
    assert map_channels(recording, {"VA": "Ua"}) == {"VA": 0}


def test_ffff_of_1991_is_a_value_unless_the_channel_is_above_zero(tmp_path):
    raw = words()
    raw[7] = -1
    signed = open_recording(write(tmp_path, rev="1991", raw=raw))
    assert np.isfinite(signed.data).all()
    unsigned = open_recording(
        write(tmp_path, rev="1991", raw=np.abs(raw) * [1, 0] - (raw == -1), limits=(0, 4095))
    )
    assert np.isnan(unsigned.data[1, 7])


def test_a_blank_value_in_ascii_is_missing(tmp_path):
    lines = dat_bytes("ASCII", words()).decode().split("\r\n")
    lines[7] = "8,4375,,12,0,1,0"
    recording = open_recording(write(tmp_path, "ASCII", "1991", dat="\r\n".join(lines).encode()))
    assert np.argwhere(np.isnan(recording.data)).tolist() == [[0, 7]]


@pytest.mark.parametrize("form", ["BINARY", "BINARY32", "FLOAT32"])
def test_every_cut_of_binary_data_is_found(tmp_path, form):
    whole = dat_bytes(form, words())
    size = len(whole) // COUNT
    for length in (len(whole) - 1, len(whole) - size, len(whole) - size - 1, size, 3):
        path = write(tmp_path, form, dat=whole[:length])
        with pytest.raises(InputError, match=f"says {COUNT} samples, the file holds {length // size}"):
            open_recording(path)


def test_cut_ascii_data_is_found(tmp_path):
    whole = dat_bytes("ASCII", words()).rstrip(b"\x1a")
    with pytest.raises(InputError, match=f"says {COUNT} samples, the file holds 190"):
        open_recording(write(tmp_path, "ASCII", dat=b"".join(whole.splitlines(True)[:190])))
    with pytest.raises(InputError, match=f"sample {COUNT} has"):
        open_recording(write(tmp_path, "ASCII", dat=whole[:-8]))


def test_more_samples_than_said_are_left_out_with_a_note(tmp_path):
    recording = open_recording(write(tmp_path, raw=np.vstack([words(), [[1, 1]] * 3])))
    assert recording.length == COUNT
    assert "3 samples more" in recording.notes[0]


BAD = {
    "a lost sample": dict(dat=dat_bytes("BINARY", words(), numbers=[*range(1, 100), *range(101, COUNT + 2)])),
    "data of another layout": dict(dat=dat_bytes("BINARY32", words())),
    "noise as data": dict(dat=np.random.default_rng(1).bytes(14 * COUNT)),
    "empty data": dict(dat=b""),
    "an unknown format": dict(form="BINARY64", dat=b"1234"),
    "no samples": dict(rates=((RATE, 0),)),
    "a negative rate": dict(rates=((-RATE, COUNT),)),
    "last samples that go back": dict(rates=((RATE, COUNT), (RATE, 10))),
    "neither rate nor stamps": dict(
        rates=((0, COUNT),), nrates=0, dat=dat_bytes("BINARY", words(), stamps=[0xFFFFFFFF] * COUNT)
    ),
    "stamps that stand still": dict(
        rates=((0, COUNT),), nrates=0, dat=dat_bytes("BINARY", words(), stamps=[5] * COUNT)
    ),
    "a word in the numbers": dict(
        form="ASCII", dat=dat_bytes("ASCII", words()).replace(b"9,5000,", b"9,5000,x")
    ),
}


@pytest.mark.parametrize("what", BAD)
def test_bad_data_is_an_input_error_that_names_the_file(tmp_path, what):
    options = dict(BAD[what])
    with pytest.raises(InputError, match="case") as caught:
        open_recording(write(tmp_path, **options))
    assert "\n" not in str(caught.value)


def test_a_bad_configuration_is_an_input_error_that_names_the_line(tmp_path):
    good = cfg_text("1999", "BINARY").splitlines()
    for number in range(len(good) - 1):
        for twin in ([*good[:number]], [*good[:number], "\x07 nonsense", *good[number + 1 :]]):
            path = write(tmp_path)
            path.write_text("\n".join(twin))
            try:
                open_recording(path)
            except InputError as error:
                assert "case.cfg" in str(error)
            else:  # only names and dates may be anything
                assert "trip" in good[number] or "/" in good[number]


def test_missing_empty_and_garbage_files_are_input_errors(tmp_path):
    path = write(tmp_path)
    (tmp_path / "case.dat").unlink()
    with pytest.raises(InputError, match=r"no \.dat file"):
        open_recording(path)
    write(tmp_path)
    path.unlink()
    with pytest.raises(InputError, match=r"no \.cfg file"):
        open_recording(tmp_path / "case.dat")
    for name in ("none.cfg", "none.cff", "none.dat"):
        with pytest.raises(InputError, match="no such file"):
            open_recording(tmp_path / name)
    for content in (b"", b"\x00" * 100, np.random.default_rng(2).bytes(3000), b"a,b,1999\n"):
        for name in ("case.cfg", "case.cff"):
            write(tmp_path)
            (tmp_path / name).write_bytes(content)
            with pytest.raises(InputError, match="case"):
                open_recording(tmp_path / name)
    path.write_text(cfg_text("1999", "BINARY").replace("2A", "999999999999A"))
    with pytest.raises(InputError, match="line 2"):
        open_recording(path)
    (tmp_path / "folder.cfg").mkdir()
    with pytest.raises(InputError, match="folder"):
        open_recording(tmp_path / "folder.cfg")
