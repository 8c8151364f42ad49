"""WAV, CSV and NPZ recordings: what is written is read back, and what cannot be used is named."""

import struct
import wave

import numpy as np
import pytest
from ferraris.recordings import InputError, estimate_frequency, map_channels, open_recording
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

RATE = 3200
METER = ("VA", "VB", "VC", "IA", "IB", "IC")


def sines(channels=2, count=640):
    t = np.arange(count) / RATE
    return np.stack([0.7 * np.sin(100 * np.pi * t + n) for n in range(channels)])


def chunk(name, body):
    return name + struct.pack("<I", len(body)) + body + b"\0" * (len(body) % 2)


def riff(form, bits, data, channels=2, extra=b"", rate=RATE):
    frame = channels * bits // 8
    fmt = struct.pack("<HHIIHH", form, channels, rate, rate * frame, frame, bits) + extra
    return chunk(b"RIFF", b"WAVE" + chunk(b"fmt ", fmt) + chunk(b"LIST", b"odd") + chunk(b"data", data))


def write_pcm(path, x, width):
    """Write x (channels, count), -1 to 1, with the standard library."""
    words = np.rint(x.T * (2 ** (8 * width - 1) - 1)).astype("<i4")
    if width == 1:
        content = (words + 128).astype("u1").tobytes()
    else:
        content = words.reshape(-1, 1).view("u1")[:, :width].tobytes()
    with wave.open(str(path), "wb") as file:
        file.setnchannels(len(x))
        file.setsampwidth(width)
        file.setframerate(RATE)
        file.writeframes(content)
    return path


@pytest.mark.parametrize("width", [1, 2, 3, 4])
def test_pcm_of_every_width_is_scaled_to_full_scale(tmp_path, width):
    recording = open_recording(write_pcm(tmp_path / "a.wav", sines(), width), scale=400.0)
    np.testing.assert_allclose(recording.data, 400 * sines(), atol=400 * 2.0 ** (2 - 8 * width))
    assert recording.rate == RATE and [c.name for c in recording.channels] == ["ch1", "ch2"]
    np.testing.assert_array_equal(recording.samples.read([1], 10, 5), recording.data[1:, 10:15])
    assert recording.samples.read([0, 1], 639, 5).shape == (2, 1)


@pytest.mark.parametrize(("bits", "kind"), [(32, "<f4"), (64, "<f8")])
def test_floats_are_read_also_in_the_extensible_form(tmp_path, bits, kind):
    data = np.ascontiguousarray(sines().T).astype(kind).tobytes()
    (tmp_path / "a.wav").write_bytes(riff(3, bits, data))
    subformat = struct.pack("<HHIH", 22, bits, 3, 3) + bytes(14)
    (tmp_path / "b.WAV").write_bytes(riff(0xFFFE, bits, data, extra=subformat))
    for name in ("a.wav", "b.WAV"):
        recording = open_recording(tmp_path / name)
        np.testing.assert_allclose(recording.data, sines(), atol=1e-7)
        assert "full scale" in recording.notes[0]


def test_wav_channels_are_mapped_and_scaled_by_name(tmp_path):
    path = write_pcm(tmp_path / "a.wav", sines(), 2)
    mapping = {"VA": "ch2", "IA": "CH1"}
    recording = open_recording(path, mapping=mapping, scale={"VA": 400.0, "ch1": 20.0})
    assert map_channels(recording, mapping, 50.0) == {"VA": 1, "IA": 0}
    np.testing.assert_allclose(recording.data, sines() * [[20], [400]], atol=0.02)
    with pytest.raises(InputError, match="--map"):
        map_channels(recording)
    with pytest.raises(InputError, match="the scale names IB"):
        open_recording(path, mapping=mapping, scale={"IB": 1.0})


def test_bad_wav_files_are_input_errors(tmp_path):
    path = tmp_path / "a.wav"
    good = riff(1, 16, bytes(4 * 100))
    bad = {
        "truncated: the header says 100 samples, the file holds 90": good[:-40],
        "not a WAV": b"RIFX" + good[4:],
        "no samples": riff(1, 16, b""),
        "no format": chunk(b"RIFF", b"WAVE"),
        "before its format": chunk(b"RIFF", b"WAVE" + chunk(b"data", bytes(8))),
        "not supported": riff(2, 4, bytes(100)),
        "empty": b"",
        "format 1 with 16 bits, 0 channels": riff(1, 16, bytes(8), channels=0),
    }
    for text, content in bad.items():
        path.write_bytes(content)
        with pytest.raises(InputError, match=text):
            open_recording(path)
    for length in range(1, len(good) - 1):
        path.write_bytes(good[:length])
        with pytest.raises(InputError):
            open_recording(path)


def test_a_float_wav_with_a_value_that_is_no_number_is_refused(tmp_path):
    x = sines().T.astype("<f4").copy()
    x[5, 0] = np.nan
    (tmp_path / "a.wav").write_bytes(riff(3, 32, x.tobytes()))
    with pytest.raises(InputError, match="ch1 has no value at sample 6"):
        map_channels(open_recording(tmp_path / "a.wav"), {"VA": "ch1"})


def csv(path, text, encoding="utf-8"):
    path.write_bytes(text.encode(encoding))
    return path


def csv_text(columns, names, separator=",", end="\n"):
    rows = [separator.join(map(repr, map(float, row))) for row in zip(*columns, strict=True)]
    return end.join([separator.join(names), *rows]) + end


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    names=st.lists(st.sampled_from(METER), min_size=1, unique=True),
    separator=st.sampled_from(",;\t"),
    end=st.sampled_from(["\n", "\r\n"]),
    prefix=st.sampled_from(["", "\ufeff", "\n"]),
    suffix=st.sampled_from(["", "\n\n", "  \r\n"]),
    stranger=st.booleans(),
    numbers=st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=6, max_size=60),
)
def test_csv_round_trip(tmp_path, names, separator, end, prefix, suffix, stranger, numbers):
    count = max(2, len(numbers) // len(names))
    data = np.resize(np.array(numbers), (len(names), count))
    columns, header = [*data], list(names)
    if stranger:
        columns, header = [np.arange(count), *columns], ["remark", *header]
    path = csv(tmp_path / "a.csv", prefix + csv_text(columns, header, separator, end) + suffix)
    recording = open_recording(path, rate=1000.0)
    order = [name for name in METER if name in names]
    assert [c.name for c in recording.channels] == order
    np.testing.assert_array_equal(recording.data, data[[names.index(name) for name in order]])


@pytest.mark.parametrize("decimals", [5, 6, 9])
def test_csv_time_gives_the_rate_in_spite_of_rounding(tmp_path, decimals):
    t = np.arange(2000) / RATE + 12
    lines = [f"{a:.{decimals}f},{b:.4f}" for a, b in zip(t, 325 * np.sin(100 * np.pi * t), strict=True)]
    path = csv(tmp_path / "a.csv", "t,va\n" + "\n".join(lines))
    recording = open_recording(path)
    assert recording.rate == pytest.approx(RATE, rel=1e-6)
    assert map_channels(recording, frequency=50.0) == {"VA": 0}
    assert estimate_frequency(recording.data[0], recording.rate, 50.0) == pytest.approx(50.0, abs=1e-3)


def test_csv_with_decimal_commas_needs_semicolons(tmp_path):
    path = csv(tmp_path / "a.csv", "t;VA;IA\n0,000;1,5;-2\n0,001;2,5;3\n0,002;1;4\n")
    recording = open_recording(path)
    assert recording.data.tolist() == [[1.5, 2.5, 1.0], [-2.0, 3.0, 4.0]]
    assert recording.rate == pytest.approx(1000)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("VA,IA\n1,2\n3,x\n5,6\n", "line 3, column IA: the value is 'x'"),
        ("VA,IA\n1,2\nnan,4\n5,6\n", "line 3, column VA: the value is 'nan'"),
        ("VA,IA\n1,2\n3,inf\n", "line 3, column IA"),
        ("VA,IA\n1,2\n3,\n", "line 3, column IA: the value is missing"),
        ("VA,IA\n1,2\n3\n", "line 3, column IA: the value is missing"),
        ("\nVA,IA\n1,2\n3,4\n\n5,6\n", "line 5 is blank"),
        ("a,b\n1,2\n3,4\n", "names none of VA"),
        ("VA,VA\n1,2\n3,4\n", "names VA twice"),
        ("1,2\n3,4\n5,6\n", "names none of VA"),
        ("VA\n", "0 lines"),
        ("VA\n1\n", "too few"),
        ("\n\n", "only blank lines"),
        ("", "empty"),
    ],
)
def test_a_bad_csv_is_an_input_error_that_says_where(tmp_path, text, message):
    with pytest.raises(InputError, match=message):
        open_recording(csv(tmp_path / "a.csv", text), rate=1000.0)


@pytest.mark.parametrize(
    ("times", "message"),
    [
        ("0 1 2 3 5 6 7", "line 6: t is irregular"),
        ("0 1 2 2 3 4 5", "line 5: t is irregular"),
        ("0 1 2 1 3 4 5", "line 5: t is irregular"),
        ("5 4 3 2 1 0", "does not increase"),
        ("0 1 2 3.02 4 5 6", "line 5: t is irregular"),
        ("0 1 2 x 4", "line 5, column t"),
    ],
)
def test_irregular_times_are_refused_with_their_line(tmp_path, times, message):
    rows = "".join(f"{t},1.0\n" for t in times.split())
    with pytest.raises(InputError, match=message):
        open_recording(csv(tmp_path / "a.csv", "t,VA\n" + rows))


def test_csv_needs_exactly_one_source_of_its_rate(tmp_path):
    with pytest.raises(InputError, match="column t .seconds. or a rate"):
        open_recording(csv(tmp_path / "a.csv", "VA\n1\n2\n"))
    with pytest.raises(InputError, match="not both"):
        open_recording(csv(tmp_path / "a.csv", "t,VA\n0,1\n1,2\n"), rate=5.0)


def test_npz_round_trip(tmp_path):
    data = sines(6)
    arrays = dict(zip(METER, data, strict=True))
    path = tmp_path / "a.npz"
    for start, expected in (
        ({}, None),
        ({"start": 1.7e9 + 0.25}, 1.7e9 + 0.25),
        ({"start": "2023-11-14T22:13:20.5Z"}, 1.7e9 + 0.5),
        ({"start": "2023-11-14T22:13:20"}, 1.7e9),
        ({"start": np.datetime64("2023-11-14T22:13:20")}, 1.7e9),
        ({"start": "2023-11-15T00:13:20+02:00"}, 1.7e9),
    ):
        np.savez_compressed(path, rate=np.float32(RATE), comment=np.array(["x", "y"]), **arrays, **start)
        recording = open_recording(path)
        np.testing.assert_array_equal(recording.data, data)
        assert recording.start == expected and recording.rate == RATE
        assert list(map_channels(recording, frequency=50.0)) == list(METER)


x = np.arange(100.0)


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        (dict(VA=x), "no array rate"),
        (dict(rate=100.0), "none of the arrays"),
        (dict(VA=x, rate=0), "not above zero"),
        (dict(VA=x, rate=[1, 2]), "rate is not one"),
        (dict(VA=x, rate="fast"), "rate is not one"),
        (dict(VA=x, rate=np.nan), "rate is not one"),
        (dict(VA=x, IA=x[1:], rate=100.0), "VA has 100 samples|IA has 99 samples"),
        (dict(VA=x.reshape(2, 50), rate=100.0), "shape"),
        (dict(VA=5.0, rate=100.0), "shape"),
        (dict(VA=x * 1j, rate=100.0), "not real numbers"),
        (dict(VA=x > 5, rate=100.0), "not real numbers"),
        (dict(VA=np.array([1, None]), rate=100.0), "VA cannot be read"),
        (dict(VA=np.where(x == 7, np.nan, x), rate=100.0), "VA is nan at sample 8"),
        (dict(VA=np.where(x == 7, np.inf, x), rate=100.0), "VA is inf at sample 8"),
        (dict(VA=x, rate=100.0, start="yesterday"), "not ISO 8601"),
    ],
)
def test_a_bad_npz_is_an_input_error_that_names_the_array(tmp_path, arrays, message):
    np.savez(tmp_path / "a.npz", **arrays)
    with pytest.raises(InputError, match=message):
        open_recording(tmp_path / "a.npz")


def test_damaged_npz_files_are_input_errors(tmp_path):
    path = tmp_path / "a.npz"
    np.savez_compressed(path, VA=np.random.default_rng(1).normal(size=500), rate=1000.0)
    good = path.read_bytes()
    for length in (0, 1, 10, 100, len(good) // 2, len(good) - 1):
        path.write_bytes(good[:length])
        with pytest.raises(InputError):
            open_recording(path)
    for at in range(0, 2000, 97):  # a flipped byte: an error of one line, or no harm to the samples
        path.write_bytes(good[:at] + bytes([good[at] ^ 0x55]) + good[at + 1 :])
        try:
            open_recording(path)
        except InputError as error:
            assert "a.npz" in str(error)
    np.save(tmp_path / "b.npy", np.arange(5.0))
    (tmp_path / "b.npy").rename(path)
    with pytest.raises(InputError, match="not an .npz"):
        open_recording(path)


def test_options_that_do_not_fit_the_format_are_input_errors(tmp_path):
    path = csv(tmp_path / "a.csv", "VA\n1\n2\n")
    for options in ({"scale": 5.0}, {"rate": -1.0}, {"rate": float("nan")}):
        with pytest.raises(InputError):
            open_recording(path, **options)
    with pytest.raises(InputError, match="rate"):
        open_recording(write_pcm(tmp_path / "a.wav", sines(), 2), rate=5.0)
    with pytest.raises(InputError, match="not a recording"):
        open_recording(tmp_path / "a.mp3")
    for name in ("x.wav", "x.csv", "x.npz"):
        with pytest.raises(InputError, match="no such file"):
            open_recording(tmp_path / name)
