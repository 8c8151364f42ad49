"""What everyone outside the core may read, and in which form."""

import pytest
from meter import VERSION
from meter.access.access import Access
from meter.calendar import civil
from meter.metrology.frame import GAP
from meter.quantities import INTEGRATED, keys

from host_tests.harness import RATE, START, Bench, frame_of

KEYS = list(keys())


@pytest.fixture
def bench():
    bench = Bench(minutes=1)
    bench.run(130, lag=(40,) * 3)
    return bench


@pytest.fixture
def access(bench):
    return Access(bench.meter, "0815")


def test_identity_names_maker_model_serial_and_version(access):
    assert access.identity == {
        "manufacturer": "FRS",
        "model": "Ferraris",
        "serial": "0815",
        "firmware": VERSION,
    }


@pytest.mark.parametrize("key", KEYS)
def test_every_quantity_can_be_read(access, key):
    value, scaler, unit = access.read(key)
    if key.split(".")[0] in INTEGRATED:
        assert type(value) is int and scaler == -6 and unit in ("Wh", "varh", "VAh")
    else:
        assert type(value) is float and scaler == 0


@pytest.mark.parametrize(
    "key, expected, unit",
    [
        ("V.A", 120.0, "V"),
        ("A.B", 5.0, "A"),
        ("W.del.P", 1378.88, "W"),
        ("W.rec.P", 0.0, "W"),
        ("VAR.q1.P", 1157.02, "var"),
        ("VA.del.C", 600.0, "VA"),
        ("PF.bi.P", 0.766044, "1"),
        ("Wh.del.P", 1378.88 * 130 / 3600, "Wh"),
        ("VARh.net.P", 1157.02 * 130 / 3600, "varh"),
    ],
)
def test_values_are_si_after_scaling(access, key, expected, unit):
    value, scaler, found = access.read(key)
    assert value * 10.0**scaler == pytest.approx(expected, rel=1e-5)
    assert found == unit


def test_integrated_values_are_those_of_the_registers(access, bench):
    assert access.read("Wh.del.P")[0] == bench.total("Wh.del.P")


def test_before_the_first_second_instantaneous_values_are_none_and_totals_zero():
    access = Access(Bench().meter, "1")
    for key in KEYS:
        assert access.read(key)[0] == (0 if key.split(".")[0] in INTEGRATED else None)


def test_after_a_second_without_samples_instantaneous_values_are_none(bench, access):
    assert access.read("V.A")[0] is not None
    bench.meter.step(frame_of(1, seconds=1.0, start=int(140 * RATE), flags=GAP))
    assert access.read("V.A")[0] is None and access.read("Wh.del.P")[0] > 0


@pytest.mark.parametrize("key", ("", "Wh", "Wh.up.P", "V.P.A", "nonsense"))
def test_unknown_keys_are_key_errors(access, key):
    with pytest.raises(KeyError, match="unknown quantity"):
        access.read(key)


def test_the_load_profile_is_that_of_the_meter(access, bench):
    assert access.profile_channels() == ("Wh.del.P", "Wh.rec.P", "VARh.del.P", "VARh.rec.P")
    records = list(access.profile())
    assert [record[1] for record in records] == [START + 60, START + 120]
    assert list(access.profile(records[1][0])) == records[1:]


def test_the_time_is_that_of_the_last_second(access):
    assert access.local_time() == civil(START + 130) == (2023, 11, 14, 22, 17, 10)
