"""What everyone outside the core may read, and in which form."""

import pytest
from meter import VERSION
from meter.access.access import Access
from meter.access.errors import Denied
from meter.calendar import civil
from meter.config.primary import Primary
from meter.config.schema import validate
from meter.metrology.diagnostics import MISSING
from meter.metrology.frame import CLIPPED, GAP
from meter.quantities import INTEGRATED, keys

from host_tests.access.door_life import Life
from host_tests.harness import RATE, START, Bench, frame_of
from host_tests.test_app import NO_PORTS

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
        assert type(value) is int and scaler == -6 and unit in ("Wh", "varh", "VAh", "Ah", "V2h", "A2h")
    else:
        assert type(value) is float and scaler == 0 and not unit.endswith("h")


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
        ("VLL.B", 120 * 3**0.5, "V"),
        ("A.avg", 5.0, "A"),
        ("Q.del.P", 1800 * 0.9396926, "var"),
        ("Wc.del.P", 1378.88, "W"),
        ("Wch.del.P", 1378.88 * 130 / 3600, "Wh"),
        ("VARf.q1.P", 1157.02, "var"),
        ("Ah.P", 15.0 * 130 / 3600, "Ah"),
        ("V2h.avg", 14400.0 * 130 / 3600, "V2h"),
        ("A2h.C", 25.0 * 130 / 3600, "A2h"),
        ("ANGA.A", -40.0, "deg"),
    ],
)
def test_values_are_si_after_scaling(access, key, expected, unit):
    value, scaler, found = access.read(key)
    assert value * 10.0**scaler == pytest.approx(expected, rel=1e-5)
    assert found == unit


def test_integrated_values_are_those_of_the_registers(access, bench):
    assert access.read("Wh.del.P")[0] == bench.total("Wh.del.P")


def test_before_the_first_values_instantaneous_values_are_none_and_totals_zero():
    access = Access(Bench().meter, "1")
    for key in KEYS:
        assert access.read(key)[0] == (0 if key.split(".")[0] in INTEGRATED else None)


def test_after_a_second_and_a_half_without_samples_instantaneous_values_are_none(bench, access):
    assert access.read("V.A")[0] is not None
    bench.meter.step(frame_of(1, seconds=1.0, start=int(140 * RATE), flags=GAP))
    assert access.read("V.A")[0] is None and access.read("Wh.del.P")[0] > 0


def test_the_error_code_is_the_diagnostic_state(bench, access):
    assert access.read("error_code") == (bench.meter.diagnostics.state, 0, "")
    bench.run(3, each=1 / 120)
    assert access.read("error_code") == (0, 0, "")
    bench.run(3, each=1 / 120, volts=(120, 120, 0), flags=CLIPPED)
    assert access.read("error_code") == (MISSING | CLIPPED, 0, "")


RATIOS = {
    "service.pt_primary": 7200.0,
    "service.pt_secondary": 120.0,
    "service.ct_primary": 200.0,
    "service.ct_secondary": 5.0,
    "service.transformer_factor": 1.5,
}


@pytest.mark.parametrize(
    "key, ratio",
    [("V.A", 60), ("A.N", 40), ("A.B", 40), ("V2.C", 3600), ("A2.A", 1600), ("W.del.P", 3600), ("VAR.q1.A", 3600),
     ("VA.del.P", 3600), ("Wh.del.P", 3600), ("VARh.net.P", 3600), ("Ah.P", 40), ("V2h.A", 3600), ("A2h.A", 1600),
     ("PF.bi.P", 1), ("Hz.A", 1), ("ANGA.A", 1), ("THDV.A", 1), ("VARfh.q1.B", 3600), ("Wch.del.P", 3600)],
)  # fmt: skip
def test_primary_values_are_those_before_the_transformers(bench, key, ratio):
    access = Access(bench.meter, "0815", Primary(RATIOS))
    secondary, primary = access.read(key), access.read(key, primary=True)
    assert access.read(key) == secondary == access.read(key, False)
    assert primary[1:] == secondary[1:] and type(primary[0]) is type(secondary[0])
    if type(primary[0]) is int:
        assert primary[0] == secondary[0] * ratio
    else:
        assert primary[0] == pytest.approx(secondary[0] * ratio, rel=1e-12)


def test_without_transformers_primary_values_are_the_secondary_ones(access):
    for key in KEYS:
        assert access.read(key, primary=True) == access.read(key)


def test_there_are_no_primary_values_before_the_first_ones():
    access = Access(Bench().meter, "1", Primary(RATIOS))
    for key in KEYS:
        assert access.read(key, True)[0] == (0 if key.split(".")[0] in INTEGRATED else None)


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


def test_the_local_clock_and_utc_are_both_told():
    life = Life(settings=validate({**NO_PORTS, "clock": {"zone": "CET-1CEST,M3.5.0,M10.5.0/3"}}))
    access, visitor = life.access, life.visitor()
    assert access.second() == visitor.second() == START
    assert access.local_time() == visitor.local_time() == civil(START + 3600)
    assert access.zone is visitor.zone and visitor.zone.name(START) == "CET"


def test_load_profiles_are_read_from_a_time_to_a_time():
    profile = {"interval": 1, "format": "values", "channels": ["V.A"]}
    life = Life(settings=validate({**NO_PORTS, "load_profile_2": profile}))
    life.pass_time(1800)
    ends = [record.end for record in life.access.profile_between(START + 60, START + 180, 2)]
    assert ends == [START + 60, START + 120, START + 180]
    assert [record.end for record in life.access.profile_between(0, START + 1000)] == [START + 900]
    for number in (0, 3, -1):
        with pytest.raises(KeyError):
            life.access.profile_between(0, START, number)
    visitor = life.visitor()
    with pytest.raises(Denied):
        visitor.profile_between(0, START)
    visitor.login("admin", "admin")
    assert len(list(visitor.profile_between(0, START + 1800, 2))) == 30
