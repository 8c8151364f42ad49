"""Load tables: what is read, as the meter's inputs see it; and what is refused, all at once, by line."""

import gzip
from datetime import datetime
from math import sqrt

import numpy as np
import pytest
from ferraris.loads.load_csv import is_load, read_load
from ferraris.recordings import InputError
from meter.config.schema import defaults
from meter.hal.sim.load_model import HERTZ, VARS, VOLTS, WATTS

BERLIN = "CET-1CEST,M3.5.0,M10.5.0/3"
UTC_2026 = int(datetime.fromisoformat("2026-01-01T00:00:00Z").timestamp())


@pytest.fixture
def load(tmp_path):
    """Return a function from a table's text, settings and options to its steps."""

    def read(text, options=(), name="load.csv", **settings):
        path = tmp_path / name
        path.write_bytes(gzip.compress(text.encode()) if name.endswith(".gz") else text.encode())
        return read_load(path, {**defaults(), **settings}, **dict(options))

    return read


def problems(call, *arguments, **options):
    """Return the lines of an InputError, without the file's name."""
    with pytest.raises(InputError) as error:
        call(*arguments, **options)
    return [line.split("load.csv: ")[1] for line in str(error.value).splitlines()]


def table(*rows, header="time,kW_A,kvar_A"):
    return "\n".join([header, *rows]) + "\n"


QUARTERS = [f"2026-01-01T00:{minute:02d}:00Z" for minute in (0, 15, 30, 45)]


def test_rows_are_steps_that_last_until_the_next_and_the_last_as_long_as_the_others(load):
    steps = load(table(f"{QUARTERS[0]},0.1,0.05", f"{QUARTERS[1]},-0.2,0"))
    assert (steps.begin, steps.end) == (UTC_2026, UTC_2026 + 1800)
    values = steps.read(0, 2)
    assert values[WATTS].tolist() == [100, -200] and values[VARS].tolist() == [50, 0]
    assert values[VOLTS : VOLTS + 3].tolist() == [[120, 120]] * 3
    assert values[WATTS + 1].tolist() == [0, 0] and values[HERTZ].tolist() == [60, 60]


def test_polyphase_power_is_split_evenly(load):
    steps = load(table(f"{QUARTERS[0]},0.3,0.15", f"{QUARTERS[1]},0.6,-0.3", header="time,kW,kvar"))
    assert steps.read(0, 2)[WATTS : WATTS + 6].tolist() == [[100, 200]] * 3 + [[50, -100]] * 3


def test_phases_add_to_what_is_split(load):
    steps = load(table(f"{QUARTERS[0]},0.3,0.1", f"{QUARTERS[1]},0.3,0.1", header="time,kvar,kW_B"))
    assert steps.read(0, 1)[WATTS : WATTS + 6, 0].tolist() == [0, 100, 0, 100, 100, 100]


def test_primary_values_are_divided_by_the_transformers_ratios(load):
    ratios = {
        "service.pt_primary": 14400.0,
        "service.pt_secondary": 120.0,
        "service.ct_primary": 600.0,
        "service.ct_secondary": 5.0,
    }
    steps = load(table(f"{QUARTERS[0]},1440,14400", f"{QUARTERS[1]},0,14400", header="time,kW_A,V"), **ratios)
    assert steps.read(0, 1)[WATTS, 0] == pytest.approx(1_440_000 / 120 / 120)
    assert steps.read(0, 1)[VOLTS : VOLTS + 3, 0].tolist() == [120, 120, 120]


def test_three_wires_have_two_elements_that_see_a_balanced_load(load):
    # 1 kW at a power factor of 0.5, lagging: the element on AB turns backwards no more, it stands still.
    steps = load(
        table(f"{QUARTERS[0]},1,0.5", f"{QUARTERS[1]},1,1", header="time,kW,PF"),
        **{"service.connection": "3-wire delta"},
    )
    values = steps.read(0, 2)
    assert values[WATTS : WATTS + 3, 0] == pytest.approx([0, 0, 1000], abs=1e-9)
    assert values[WATTS : WATTS + 3, 1] == pytest.approx([500, 0, 500])
    assert values[VARS : VARS + 3, 0].sum() == pytest.approx(1000 * sqrt(3))
    assert values[VARS : VARS + 3, 1] == pytest.approx([1000 / sqrt(12), 0, -1000 / sqrt(12)])


def test_network_splits_over_its_two_elements(load):
    rows = table(f"{QUARTERS[0]},0.3,0", f"{QUARTERS[1]},0.3,0", header="time,kW,kvar")
    steps = load(rows, **{"service.connection": "network"})
    assert steps.read(0, 1)[WATTS : WATTS + 3, 0].tolist() == [150, 0, 150]


def test_power_factor_lags_if_positive_and_leads_if_negative(load):
    steps = load(table(f"{QUARTERS[0]},0.3,0.6", f"{QUARTERS[1]},0.3,-0.6", header="time,kW_A,PF_A"))
    assert steps.read(0, 2)[VARS] == pytest.approx([400, -400])


def test_semicolons_decimal_commas_german_times_and_compression(load):
    text = "Zeit;kW;Hz;Notiz\r\n01.01.2026 01:00;0,3;59,98;x\r\n01.01.2026 01:15;0,6;60,02;\r\n\r\n"
    steps = load(text.replace("Zeit", "time"), name="load.csv.gz", **{"clock.zone": BERLIN})
    assert steps.begin == UTC_2026
    assert steps.read(0, 2)[WATTS] == pytest.approx([100, 200])
    assert steps.read(0, 2)[HERTZ].tolist() == [59.98, 60.02]


def test_columns_are_chosen_and_scaled(load):
    text = table(f"{QUARTERS[0]},7,0.5,0.1", f"{QUARTERS[1]},7,0.25,0.1", header="when,time,H0_p,H0_q")
    mapping = {"time": "#1", "kW": "h0_p", "kvar": "#4"}
    steps = load(text, {"mapping": mapping, "scale": 3.0}.items())
    assert steps.read(0, 2)[WATTS] == pytest.approx([500, 250])
    steps = load(text, {"mapping": mapping, "scale": {"kvar": 6.0}}.items())
    assert steps.read(0, 1)[[WATTS, VARS], 0] == pytest.approx([500 / 3, 200])


def test_local_times_follow_the_clock_over_both_changes_of_daylight_saving(load):
    spring = ["29.03.2026 01:00", "29.03.2026 01:30", "29.03.2026 03:00", "29.03.2026 03:30"]
    steps = load(table(*[f"{time},0.1,0" for time in spring]), **{"clock.zone": BERLIN})
    assert steps.end - steps.begin == 4 * 1800
    autumn = [f"25.10.2026 {time}" for time in ("01:30", "02:00", "02:30", "02:00", "02:30", "03:00")]
    steps = load(table(*[f"{time},0.1,0" for time in autumn]), **{"clock.zone": BERLIN})
    assert steps.end - steps.begin == 6 * 1800


@pytest.mark.parametrize(
    "rows, told",
    [
        ([f"{QUARTERS[0]},0.1,0", f"{QUARTERS[1]},x,0", f"{QUARTERS[2]},,0", f"{QUARTERS[3]},nan,1_0"],
         ["line 3: kW_A: 'x' is not a number", "line 4: kW_A: the value is missing",
          "line 5: kW_A: 'nan' is not a number", "line 5: kvar_A: '1_0' is not a number"]),
        ([f"{QUARTERS[0]},1,0", f"{QUARTERS[1]},1,0", f"{QUARTERS[3]},1,0"],
         ["line 4: time: 1800 s after the line before, usually 1350 s: a gap",
          "line 3: time: 900 s after the line before, usually 1350 s"][::-1]),
        ([f"{time},0.1,0" for time in (*QUARTERS[:3], QUARTERS[2])], ["line 5: time: the same time as before"]),
        ([f"{time},0.1,0" for time in (*QUARTERS[:3], QUARTERS[0])],
         ["line 5: time: 1800 s earlier than the line before: lines must be in the order of time"]),
        ([f"{QUARTERS[0]},9,0", f"{QUARTERS[1]},0.1"],
         ["line 3: kvar_A: the value is missing"]),
        ([f"{QUARTERS[0]},9,0", f"{QUARTERS[1]},0.1,0"],
         ["line 2: 75 A at input A: a class 20 meter takes 30 A; are the instrument transformers' ratios configured?"]),
        (["noon,0.1,0", f"{QUARTERS[1]},0.1,0", ",0.1,0"],
         ["line 2: time: 'noon' is not a time such as 2026-01-31T12:00:00Z or 31.01.2026 12:00",
          "line 4: time: is missing"]),
        (["1969-12-31,1,1", "2026-01-01T00:00:00.5Z,1,1"],
         ["line 2: time: 1969-12-31: must be from 1970 to 2105",
          "line 3: time: 2026-01-01T00:00:00.5Z: has a fraction of a second"]),
        ([f"{QUARTERS[0]},1,0"], ["1 lines of values after the header are too few"]),
    ],
)  # fmt: skip
def test_all_that_is_wrong_is_told_by_line(load, rows, told):
    assert problems(load, table(*rows)) == told


@pytest.mark.parametrize(
    "header, connection, told",
    [
        ("time,kvar,V", "4-wire wye", ["line 1: there is no active power: kW, or kW_A, kW_B, kW_C"]),
        ("time,kW,kW_A", "4-wire wye", ["line 1: both kW and kW_A are given"]),
        ("kW,kvar,x", "4-wire wye", ["line 1: the header names no column 'time': kw, kvar, x"]),
        ("time,kW,kw", "4-wire wye", ["line 1: the header names 'kW' 2 times: time, kw, kw"]),
        ("time,kW_A,V_A", "3-wire wye",
         ["line 1: kW_A: a 3-wire wye has no phase powers or voltages; give kW",
          "line 1: V_A: a 3-wire wye has no phase powers or voltages; give V"]),
        ("time,kW_A,kW_B", "network", ["line 1: kW_B: a network has no element B"]),
        ("time,kW,PF,kvar", "4-wire wye", ["line 1: both PF and kvar are given"]),
    ],
)  # fmt: skip
def test_columns_that_do_not_fit_together_are_refused(load, header, connection, told):
    rows = [",".join([time] + ["1"] * header.count(",")) for time in QUARTERS]
    text = table(*rows, header=header)
    assert problems(load, text, **{"service.connection": connection}) == told


@pytest.mark.parametrize(
    "header, row, word",
    [
        ("time,kW_A,V_A", "1,-5", "-5 V at input A: it takes 0 to 300 V"),
        ("time,kW_A,V", "1,301", "301 V at input A"),
        ("time,kW_A,V", "1,0", "power on A without a voltage"),
        ("time,kW_A,PF_A", "1,1.01", "PF_A is 1.01: it must be from -1 to 1, and not 0"),
        ("time,kW,PF", "1,0", "PF is 0: it must be"),
        ("time,kW,Hz", "1,40", "40 Hz is too far from the nominal 60 Hz"),
    ],
)
def test_values_that_cannot_be_are_refused(load, header, row, word):
    told = problems(load, table(*[f"{time},{row}" for time in QUARTERS[:2]], header=header))
    assert {line.partition(": ")[0] for line in told} == {"line 2", "line 3"}
    assert word in told[0]


def test_a_long_list_of_problems_is_cut(load):
    told = problems(load, table(*[f"{time},x,y" for time in QUARTERS * 6]))
    assert len(told) == 21 and told[-1].startswith("and ")


def test_wrong_options_are_refused(load):
    text = table(f"{QUARTERS[0]},1,0", f"{QUARTERS[1]},1,0")
    assert problems(load, text, {"mapping": {"VA": "x", "kW": "y"}}.items()) == [
        "--map: VA is no column of a load (time kW kW_A kW_B kW_C kvar kvar_A kvar_B kvar_C PF PF_A PF_B PF_C "
        "V V_A V_B V_C Hz)",
        "line 1: the header names no column 'y': time, kw_a, kvar_a",
    ]
    told = problems(load, text, {"scale": {"kW": 2.0}}.items())
    assert told == ["--scale: kW is no column that is used (kW_A kvar_A time)"]


def test_time_passed_over_by_the_local_clock_is_refused(load):
    rows = [f"2026-03-29 0{hour}:00,1,0" for hour in (1, 2, 3)]
    assert problems(load, table(*rows), **{"clock.zone": BERLIN})[0] == (
        f"line 3: time: 2026-03-29 02:00: is passed over by the local clock ({BERLIN})"
    )


@pytest.mark.parametrize("content", [b"", b"\n \n", b"\x1f\x8b broken", b'a,"b\n'])
def test_what_is_no_table_is_refused(tmp_path, content):
    path = tmp_path / ("load.csv.gz" if content[:1] == b"\x1f" else "load.csv")
    path.write_bytes(content)
    with pytest.raises(InputError, match="load.csv"):
        read_load(path, defaults())


def test_a_load_is_told_from_a_recording_by_its_columns(tmp_path):
    path = tmp_path / "x.csv"
    path.write_text("t,VA,IA\n0,1,1\n")
    assert not is_load(str(path), None) and not is_load(str(path), {"VA": "x"})
    assert is_load(str(path), {"kW": "IA"})
    assert not is_load("x.wav", {"kW": "IA"})
    path.write_text("time,KW_b\n")
    assert is_load(str(path), None)


def test_a_year_of_quarter_hours_in_local_time(shared_data):
    simbench = shared_data / "load" / "simbench_loadprofiles_15min_2016.csv.gz"
    settings = {**defaults(), "clock.zone": BERLIN}
    steps = read_load(simbench, settings, {"kW": "H0-A_pload", "kvar": "H0-A_qload"}, 5.0)
    assert steps.begin == int(datetime.fromisoformat("2016-01-01T00:00:00+01:00").timestamp())
    assert (steps.end - steps.begin) / 900 == 366 * 96
    assert float(np.sum(steps.read(0, 1)[WATTS : WATTS + 3])) == pytest.approx(5 * 276.685)
