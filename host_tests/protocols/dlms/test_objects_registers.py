"""Registers: values in thousandths by hand and by another program, rates, demands, channels, the own lists."""

import struct

import pytest
from gurux_dlms.objects import GXDLMSDemandRegister, GXDLMSExtendedRegister, GXDLMSRegister
from hypothesis import given
from hypothesis import strategies as st
from meter.protocols.dlms import axdr
from meter.protocols.dlms.objects import base, units

from host_tests.protocols.dlms.gurux_objects import read_by_gurux
from host_tests.protocols.dlms.objects_life import Life, plain
from host_tests.test_app import NO_PORTS

RATED = {
    "registers": {
        "normal": [
            {"id": 2, "kind": "consumption", "quantity": "Wh.del.P", "rate": "A"},
            {"id": 3, "kind": "peak demand", "quantity": "W.del.P"},
            {"id": 4, "kind": "time of peak demand", "quantity": "W.del.P"},
            {"id": 5, "kind": "present demand", "quantity": "W.del.P"},
            {"id": 6, "kind": "past demand", "quantity": "W.del.P"},
            {"id": 7, "kind": "peak demand", "quantity": "VAR.del.P", "rate": "B"},
            {"id": 8, "kind": "consumption", "quantity": "Wh.del.P"},
            {"id": 9, "kind": "minimum", "quantity": "V.A"},
            {"id": 10, "kind": "past demand", "quantity": "A.P"},
            {"id": 11, "kind": "status", "quantity": "meter ID"},
            {"id": 12, "kind": "time", "quantity": "last billing reset"},
            {"id": 13, "kind": "status", "quantity": "system bits"},
        ],
        "alternate": [],
        "test": [{"id": 200, "kind": "consumption", "quantity": "Wh.del.P"}],
    },
    "tou": {"days": [["all", "all", "00:00 A, 23:00 B"]]},
    "meter": {"id": "feeder 7"},
}
HOURS = 5


@pytest.fixture(scope="module")
def life():
    return Life(RATED, HOURS)


def micro(life, key):
    return life.access.read(key)[0]


@pytest.mark.feature("DLM-05")
def test_an_energy_is_in_thousandths_by_hand(life):
    value = micro(life, "Wh.del.P")
    assert value > 1_000_000_000  # more than 1,000 Wh
    assert life.bytes(3, "1.0.1.8.0.255", 2) == b"\x06" + struct.pack(">I", value // 1000)
    assert life.bytes(3, "1.0.1.8.0.255", 3).hex(" ") == "02 02 0f fd 16 1e"  # -3, Wh


@pytest.mark.feature("DLM-05")
@pytest.mark.parametrize(
    "obis, key, unit",
    [
        ("1.0.1.7.0.255", "W.del.P", 27),
        ("1.0.3.7.0.255", "VAR.del.P", 29),
        ("1.0.9.7.0.255", "VA.del.P", 28),
        ("1.0.32.7.0.255", "V.A", 35),
        ("1.0.12.4.0.255", "V.avg", 35),
        ("1.0.90.4.0.255", "A.avg", 33),
        ("1.0.13.7.0.255", "PF.bi.P", 255),
        ("1.0.34.7.0.255", "Hz.A", 44),
        ("1.0.81.7.1.255", "ANGV.B", 8),
        ("1.128.1.7.0.255", "W.bi.P", 27),
        ("1.0.188.7.0.255", "UNBV.P", 56),
    ],
)
def test_an_instantaneous_value_is_in_thousandths(life, obis, key, unit):
    value = micro(life, key)
    wanted = value % 360 if key.startswith("ANG") else value
    assert life.get(3, obis) == pytest.approx(wanted * 1000, abs=0.51)
    assert life.get(3, obis, 3) == [-3, unit]


def test_another_program_scales_them(life):
    found = read_by_gurux(life, GXDLMSRegister("1.0.1.8.0.255"), [3, 2])
    assert found.scaler == pytest.approx(0.001)
    assert found.value == pytest.approx(micro(life, "Wh.del.P") * 1e-6, abs=1e-3)
    assert found.unit == 30


@pytest.mark.feature("DLM-05")
def test_for_head_ends_made_for_the_manual_the_scaler_is_zero():
    life = Life(RATED, 1, manual_scaler=True)
    assert life.get(3, "1.0.1.8.0.255", 3) == [0, 30]
    assert life.get(3, "1.0.1.8.0.255") == micro(life, "Wh.del.P") // 1000
    assert life.get(4, "1.0.1.6.0.255", 3) == [0, 27]


def test_values_are_primary_where_the_device_says_so():
    service = {"service": {"ct_primary": 400.0, "ct_secondary": 5.0}}
    secondary, primary = Life({**RATED, **service}, 1), Life({**RATED, **service}, 1, primary=True)
    for obis in ("1.0.1.7.0.255", "1.0.31.7.0.255"):
        assert primary.get(3, obis) == pytest.approx(80 * secondary.get(3, obis), abs=41)
    energy = secondary.access.read("Wh.del.P")[0] * 80 // 1000
    assert primary.get(3, "1.0.1.8.0.255") == energy % 2**32


def test_a_value_that_is_not_there_yet_is_null():
    life = Life()
    assert life.bytes(3, "1.0.32.7.0.255") == b"\x00"
    assert life.bytes(3, "1.0.1.8.0.255").hex(" ") == "06 00 00 00 00"


@given(st.integers(-(10**18), 10**18))
def test_totals_roll_over_as_registers_do(value):
    milli = value // 1000 if value >= 0 else -(-value // 1000)
    unsigned = axdr.read_whole(units.total(abs(value), "Wh.del.P"))
    assert unsigned == axdr.Data(axdr.DOUBLE_LONG_UNSIGNED, abs(milli) % 2**32)
    signed = axdr.read_whole(units.total(value, "Wh.net.P"))
    assert signed.tag == axdr.DOUBLE_LONG and (signed.value - milli) % 2**32 == 0


@given(st.one_of(st.none(), st.floats(), st.integers(-(10**18), 10**18)))
def test_any_measured_value_is_a_number_or_null(value):
    for key in ("W.del.P", "W.bi.P", "PF.bi.P", "ANGV.A"):
        scaler = -6 if isinstance(value, int) else 0
        found = axdr.read_whole(units.measured(value, scaler, key))
        if found.tag == axdr.NULL:
            assert value is None or not abs(value * 10.0**scaler) < 2_147_483
        elif key.startswith("ANG"):
            assert 0 <= found.value < 360_000


def test_an_angle_is_never_negative():
    assert plain(axdr.read_whole(units.measured(-30.0, 0, "ANGA.A"))) == 330_000
    assert plain(axdr.read_whole(units.measured(-0.0001, 0, "ANGA.A"))) == 0


@pytest.mark.feature("TOU-01")
def test_rates_add_up_to_the_total(life):
    rates = [life.get(3, f"1.0.1.8.{rate}.255") for rate in range(1, 9)]
    assert rates[0] > 0 or rates[1] > 0
    assert abs(sum(rates) - life.get(3, "1.0.1.8.0.255")) <= 2
    assert life.get(3, "1.0.1.8.1.255", 3) == [-3, 30]


def test_a_rate_that_is_not_kept_has_no_object(life):
    assert life.find(3, "1.0.2.8.1.255") is None
    assert life.find(3, "1.0.1.8.9.255") is None


@pytest.mark.feature("DEM-01")
def test_a_demand_is_what_the_registers_show(life):
    value = {one.number: one for one in life.access.registers("normal")}
    obis = "1.0.1.4.0.255"
    assert life.get(5, obis, 2) == round(value[5].value / 1000)
    assert life.get(5, obis, 3) == round(value[6].value / 1000)
    assert life.get(5, obis, 4) == [-3, 27]
    assert life.get(5, obis, 8) == 300 and life.get(5, obis, 9) == 3
    found = read_by_gurux(life, GXDLMSDemandRegister(obis), [2, 3, 4, 6, 7, 8, 9])
    ended = found.captureTime.value.timestamp()
    assert ended == found.startTimeCurrent.value.timestamp() and ended % 300 == 0
    assert (found.period, found.numberOfPeriods) == (300, 3)


@pytest.mark.feature("DEM-03")
def test_a_peak_is_what_the_registers_show_with_its_time(life):
    value = {one.number: one for one in life.access.registers("normal")}
    found = read_by_gurux(life, GXDLMSExtendedRegister("1.0.1.6.0.255"), [3, 2, 5])
    assert found.value == pytest.approx(value[3].value * 1e-6, abs=1e-3)
    assert found.captureTime.value.timestamp() == value[4].time
    # of a rate, without a register of its time
    assert life.get(4, "1.0.3.6.2.255") == round(value[7].value / 1000)
    assert life.get(4, "1.0.3.6.2.255", 5) == b"\xff" * 9 + b"\x80\x00\xff"


def test_a_demand_that_no_register_shows_has_no_object(life):
    assert life.find(4, "1.0.2.6.0.255") is None
    assert life.find(5, "1.0.2.4.0.255") is None
    assert Life().find(5, "1.0.1.4.0.255") is None
    # the demand of the current has no code: the manual has given it to the average current
    assert life.find(3, "1.0.90.4.0.255").class_id == 3


def test_the_running_period_is_ended_by_method(life):
    synced = Life({**RATED, "demand": {"sync": True}}, 0.4)
    before = synced.get(5, "1.0.1.4.0.255", 7)
    synced.find(5, "1.0.1.4.0.255").invoke(2, axdr.Data(axdr.INTEGER, 0), synced.context)
    assert synced.get(5, "1.0.1.4.0.255", 7) > before
    with pytest.raises(base.AccessError):  # pulses are not configured
        life.find(5, "1.0.1.4.0.255").invoke(2, axdr.Data(axdr.INTEGER, 0), life.context)


CHANNELS = ["Wh.del.P", "V.A", "status.system", "Wch.net.P", "Wh.del.P/override", "Wh.rec.P"]


@pytest.mark.feature("DLM-06")
@pytest.mark.parametrize("form", ["values", "counts"])
def test_each_channel_has_an_object_with_its_last_value(form):
    km = {"km": [0.5, 0.1, 1.0, 0.5, 0.5, 0.5]} if form == "counts" else {}
    life = Life(
        {
            "load_profile": {"channels": CHANNELS, "format": form, **km},
            "load_profile_2": {"channels": ["Wh.del.P", "A.A", "Wch.rec.P"], "interval": 5},
        },
        1.3,
    )
    names = [column[1] for column in life.get(7, "1.0.99.1.0.255", 3)[2:]]
    last = life.get(7, "1.0.99.1.0.255", 2)[-1][2:]
    units_ = [30, 35, 255, 30, 30, 30]
    for ln, value, unit in zip(names, last, units_):
        obis = ".".join(str(part) for part in ln)
        assert life.get(3, obis) == pytest.approx(value)
        assert life.get(3, obis, 3) == [0, unit]
    assert names[3] == bytes((1, 131, 1, 0, 4, 255)) and names[4] == bytes((1, 131, 1, 0, 5, 255))
    # what only the second one has, and what both have
    assert life.get(3, "1.131.2.0.3.255", 3) == [0, 30]
    assert life.get(3, "1.0.31.27.0.255") > 0
    assert life.find(3, "1.131.2.0.1.255") is None
    with pytest.raises(KeyError):
        life.access.channels(3)


def test_a_channel_that_is_not_configured_has_no_object(life):
    assert life.find(3, "1.0.5.29.0.255") is None
    assert life.find(3, "1.1.144.128.0.255") is None


def test_every_register_of_the_lists_has_an_object(life):
    value = {one.number: one for one in life.access.registers("normal")}
    assert life.get(3, "1.130.1.0.8.255") == value[8].value
    assert life.get(3, "1.130.1.0.8.255", 3) == [-6, 30]
    assert life.get(3, "1.130.1.0.9.255") == pytest.approx(value[9].value)
    assert life.get(3, "1.130.1.0.9.255", 3) == [0, 35]
    assert life.get(1, "1.130.1.0.11.255") == "feeder 7"
    assert life.get(1, "1.130.1.0.12.255") == b"\xff" * 9 + b"\x80\x00\xff"
    assert life.get(1, "1.130.1.0.13.255") == 0
    assert len(life.get(1, "1.130.1.0.4.255")) == 12
    assert life.get(3, "1.130.3.0.200.255") == 0
    for obis in (
        "1.130.2.0.8.255",
        "1.130.1.0.200.255",
        "1.130.0.0.8.255",
        "1.130.1.1.8.255",
        "1.130.1.0.40.255",
    ):
        assert life.find(3, obis) is None


@pytest.mark.feature("REG-10")
def test_a_register_of_a_list_is_preset_and_reset():
    life = Life(RATED, 1)
    one = life.find(3, "1.130.1.0.8.255")
    one.set(2, axdr.Data(axdr.LONG64, 5_000_000), life.context)
    assert life.access.register(8).value == 5_000_000
    one.set(2, axdr.Data(axdr.FLOAT64, 7.5), life.context)
    assert life.access.register(8).value == 7_500_000
    life.find(3, "1.130.1.0.9.255").set(2, axdr.Data(axdr.UNSIGNED, 100), life.context)
    assert life.access.register(9).value == 100.0
    one.invoke(1, axdr.Data(axdr.INTEGER, 0), life.context)
    assert life.access.register(8).value == 0


@pytest.mark.parametrize(
    "obis, data",
    [
        ("1.130.1.0.8.255", axdr.Data(axdr.OCTET_STRING, b"5")),
        ("1.130.1.0.8.255", axdr.Data(axdr.FLOAT64, float("nan"))),
        ("1.130.1.0.8.255", axdr.Data(axdr.FLOAT32, float("inf"))),
        ("1.130.1.0.8.255", axdr.Data(axdr.LONG64, 10**18 + 1)),
        ("1.130.1.0.5.255", axdr.Data(axdr.LONG64, 1)),  # a present demand cannot be set
        ("1.130.1.0.8.255", axdr.Data(axdr.BOOLEAN, 1)),
    ],
)
def test_what_cannot_be_preset_is_refused(life, obis, data):
    before = life.access.register(int(obis.split(".")[4])).value
    with pytest.raises(base.AccessError):
        life.find(3, obis).set(2, data, life.context)
    assert life.access.register(int(obis.split(".")[4])).value == before


def test_who_may_not_preset_is_denied():
    life = Life(RATED, user="user2")
    with pytest.raises(base.AccessError) as error:
        life.find(3, "1.130.1.0.8.255").set(2, axdr.Data(axdr.LONG64, 5), life.context)
    assert error.value.result == base.READ_WRITE_DENIED


def test_a_public_client_may_read_them():
    life = Life({**NO_PORTS, **RATED}, 1, user=None)
    assert life.get(3, "1.0.1.8.0.255") > 0
    with pytest.raises(base.AccessError) as error:  # but no load profile
        life.get(3, "1.0.1.29.0.255")
    assert error.value.result == base.READ_WRITE_DENIED
