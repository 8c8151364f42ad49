"""Data objects: the manual's, by hand, and the meter's own."""

import json
import tracemalloc

import pytest
from gurux_dlms.objects import GXDLMSData
from meter import VERSION
from meter.config.document import pieces
from meter.config.document import text as document_text
from meter.metrology.calibration import Calibration, stored
from meter.protocols.dlms import axdr
from meter.protocols.dlms.objects import base

from host_tests.protocols.dlms.gurux_objects import read_by_gurux
from host_tests.protocols.dlms.objects_life import Life, whole

SETTINGS = {
    "meter": {
        "id": "feeder 7",
        "serial": "12345678",
        "administrator": "operator",
        "location": "substation 3",
        "configuration_id": "K-12",
        "account": "0815",
    },
    "service": {"ct_primary": 400.0, "ct_secondary": 5.0, "pt_primary": 20000.0, "pt_secondary": 100.0},
    "load_profile": {"interval": 5, "format": "counts", "km": [100.0, 200.0, 300.0, 400.0]},
    "load_profile_2": {"channels": ["V.A"], "interval": "daily"},
}


@pytest.fixture(scope="module")
def life():
    return Life(SETTINGS, 1, signature=bytes(32))


@pytest.mark.feature("DLM-04")
@pytest.mark.parametrize(
    "obis, data",
    [
        ("0.0.0.2.1.255", b"\x0a" + bytes((len(VERSION),)) + VERSION.encode()),
        ("0.1.0.2.1.255", b"\x0a" + bytes((len(VERSION),)) + VERSION.encode()),
        ("0.0.0.2.8.255", b"\x09\x20" + bytes(32)),
        ("0.4.0.2.1.255", b"\x0a\x00"),  # there is no FPGA
        ("0.4.0.2.8.255", b"\x09\x00"),
        ("0.7.0.2.1.255", b"\x0a\x00"),
        ("0.0.96.11.0.255", b"\x0a\x0812345678"),
        ("0.0.96.11.1.255", b"\x0a\x08feeder 7"),
        ("0.0.96.11.2.255", b"\x0a\x08operator"),
        ("0.0.96.11.3.255", b"\x0a\x0csubstation 3"),
        ("0.0.96.11.4.255", b"\x0a\x04K-12"),
        ("0.0.96.11.5.255", b"\x0a\x040815"),
        ("1.0.0.4.2.255", b"\x06\x00\x00\x01\x90"),
        ("1.0.0.4.3.255", b"\x06\x00\x00\x4e\x20"),
        ("1.0.0.4.5.255", b"\x06\x00\x00\x00\x05"),
        ("1.0.0.4.6.255", b"\x06\x00\x00\x00\x64"),
        ("1.0.0.8.4.255", b"\x06\x00\x00\x00\x04"),  # 5 minutes
        ("1.0.0.8.5.255", b"\x06\x00\x00\x00\x0c"),  # daily
        ("1.128.100.0.0.255", b"\x01\x00"),
        ("1.128.101.0.0.255", b"\x01\x00"),
        ("0.0.42.0.0.255", b"\x09\x0bFRS12345678"),
        ("0.0.96.1.0.255", b"\x0a\x0812345678"),
        ("0.0.43.1.0.255", b"\x06\x00\x00\x00\x00"),  # nothing was received yet
        ("0.0.97.97.0.255", b"\x06\x00\x00\x00\x00"),
        ("0.0.96.6.1.255", b"\x0a\x05green"),
        ("0.0.96.14.0.255", b"\x09\x00"),
        ("1.0.0.1.2.255", b"\x09\x0c" + b"\xff" * 9 + b"\x80\x00\xff"),
        ("0.0.96.10.1.255", b"\x06\x00\x00\x00\x01"),
    ],
)
def test_a_value_by_hand(life, obis, data):
    assert life.bytes(1, obis) == data
    read_by_gurux(life, GXDLMSData(obis))


@pytest.mark.feature("DLM-04", "LP-01")
def test_every_interval_has_its_number_of_the_manual():
    intervals = (1, 2, 3, 4, 5, 6, 10, 12, 15, 20, 30, 60, "daily", "weekly", "monthly")
    for number, interval in enumerate(intervals):
        assert Life({"load_profile": {"interval": interval}}).get(1, "1.0.0.8.4.255") == number


@pytest.mark.feature("DLM-04")
def test_km_are_what_a_count_is_worth_on_the_side_of_the_values(life):
    secondary = life.get(1, "1.128.103.0.0.255")
    assert secondary == pytest.approx([k / (80 * 200) for k in (100, 200, 300, 400)], rel=1e-4)
    primary = Life(SETTINGS, primary=True)
    # as in the manual's page: the settings
    assert primary.get(1, "1.128.103.0.0.255") == pytest.approx([100, 200, 300, 400], rel=1e-4)
    assert life.bytes(1, "1.128.104.0.0.255").hex(" ") == "01 01 17 3f 80 00 00"  # values: 1


def test_a_ratio_that_is_not_whole_is_in_thousandths_on_both_sides():
    life = Life({"service": {"pt_primary": 120.0, "pt_secondary": 69.3, "ct_primary": 5.0}})
    assert (life.get(1, "1.0.0.4.3.255"), life.get(1, "1.0.0.4.6.255")) == (120_000, 69_300)
    assert (life.get(1, "1.0.0.4.2.255"), life.get(1, "1.0.0.4.5.255")) == (5, 1)


def test_objects_of_the_second_load_profile_are_there_only_with_it():
    life = Life()
    for obis in ("1.0.0.8.5.255", "1.128.104.0.0.255", "0.0.96.10.2.255"):
        assert life.find(1, obis) is None
    assert life.find(7, "1.0.98.1.0.255") is None


def test_the_words_of_the_status_are_the_alarms_and_the_operating_status(life):
    status = life.access.status()
    assert status["trigger"]
    assert life.get(1, "0.0.97.98.0.255") == status["trigger"]
    assert life.get(1, "0.0.96.5.0.255") == status["system"]


def test_times_of_reset_and_freeze_and_the_battery():
    life = Life(SETTINGS)
    life.visitor.command("billing period reset")
    life.visitor.command("freeze")
    now = life.get(8, "0.0.1.0.0.255", 2)
    assert life.get(1, "1.0.0.1.2.255") == now == life.get(1, "0.128.96.2.0.255")
    assert life.bytes(3, "0.0.96.6.0.255", 3).hex(" ") == "02 02 0f 00 16 07"
    life.app.engine.battery.outage(3600)
    assert life.get(3, "0.0.96.6.0.255") == 3600
    life.find(3, "0.0.96.6.0.255").invoke(1, axdr.Data(axdr.INTEGER, 0), life.context)
    assert life.get(3, "0.0.96.6.0.255") == 0


@pytest.mark.feature("CFG-01")
def test_the_configuration_is_read_and_written_as_a_document(life):
    document = json.loads(life.get(1, "0.128.96.0.0.255"))
    assert document == json.loads(life.access.configuration())
    other = Life()
    document["meter"].pop("serial")
    other.find(1, "0.128.96.0.0.255").set(
        2, axdr.Data(axdr.OCTET_STRING, json.dumps(document).encode()), other.context
    )
    assert other.get(1, "0.0.96.11.3.255") == "substation 3"


def test_the_pieces_of_a_document_are_the_document(life):
    assert b"".join(pieces(life.app.settings)) == document_text(life.app.settings)
    found = [piece for piece in life.find(1, "0.128.96.0.0.255").get(2, life.context) if piece]
    assert all(len(piece) <= 2048 for piece in found) and len(found) > 3


@pytest.mark.parametrize(
    "data", [b"", b"{", b"\xff\xfe", b'{"colour": 1}', b'{"meter": {"serial": "1"}}', b"[" * 9000]
)
def test_a_document_that_cannot_be_used_is_refused(life, data):
    before = life.access.configuration()
    with pytest.raises(base.AccessError):
        life.find(1, "0.128.96.0.0.255").set(2, axdr.Data(axdr.OCTET_STRING, data), life.context)
    assert life.access.configuration() == before


def pair(path, value):
    return axdr.Data(
        axdr.STRUCTURE, [axdr.Data(axdr.VISIBLE_STRING, path), axdr.Data(axdr.UTF8_STRING, value)]
    )


@pytest.mark.feature("CFG-01")
def test_one_setting_is_changed():
    life = Life()
    one = life.find(1, "0.128.96.1.0.255")
    one.set(2, pair(b"meter.location", b'"roof"'), life.context)
    assert life.get(1, "0.0.96.11.3.255") == "roof"
    one.set(2, pair(b"load_profile.interval", b"60"), life.context)
    assert life.get(1, "1.0.0.8.4.255") == 11
    with pytest.raises(base.AccessError):
        one.get(2, life.context)


@pytest.mark.parametrize(
    "data",
    [
        pair(b"meter.location", b"roof"),
        pair(b"meter.location", b"5"),
        pair(b"meter.serial", b'"5"'),
        pair(b"no.such.thing", b"5"),
        pair(b"meter.location\xff", b'"x"'),
        pair(b"meter.location", b"[" * 9000),
        pair(b"meter.location", b'"' + b"x" * 20000 + b'"'),
        axdr.Data(axdr.STRUCTURE, []),
        axdr.Data(axdr.VISIBLE_STRING, b"meter.location"),
        axdr.Data(axdr.STRUCTURE, [axdr.Data(axdr.UNSIGNED, 1), axdr.Data(axdr.UNSIGNED, 1)]),
    ],
)
def test_a_setting_that_cannot_be_changed_is_refused(life, data):
    before = life.access.configuration()
    with pytest.raises(base.AccessError):
        life.find(1, "0.128.96.1.0.255").set(2, data, life.context)
    assert life.access.configuration() == before


@pytest.mark.feature("EVT-02")
def test_constants_are_read_as_they_are_written_and_are_in_force_at_once():
    life = Life()
    new = Calibration((1.01,) * 6, (-300.0,) * 6, (0.5, -0.25, 0.125)).pack()
    one = life.find(1, "0.128.96.3.0.255")
    assert life.get(1, "0.128.96.3.0.255") == Calibration().pack()
    one.set(2, axdr.Data(axdr.OCTET_STRING, new), life.context)
    assert life.get(1, "0.128.96.3.0.255") == new == life.app.calibration.pack()
    assert stored(life.app._calibrations)[0].pack() == new
    (event,) = [one for one in life.app.logs.log("events").records() if one.name == "calibration"]
    assert (event.user, event.peer) == ("admin", "10.0.0.7:4000")
    assert one.attributes == ((2, "read:calibration", "command:calibrate"),)


def packed(**constants):
    return axdr.Data(axdr.OCTET_STRING, Calibration(**constants).pack())


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (
            packed(gains=(1.0, 1.0, 0.49, 1.0, 1.0, 1.0)),
            "calibrate: gain 0.49 of a calibration: from 0.5 to 2",
        ),
        (packed(gains=(1.0,) * 5 + (2.1,)), "calibrate: gain 2.1"),
        (packed(gains=(float("nan"),) * 6), "calibrate: gain nan"),
        (packed(offsets=(0.0,) * 5 + (float("inf"),)), "calibrate: offset inf"),
        (packed(offsets=(-1.1e6,) * 6), "calibrate: offset -1.1e+06"),
        (packed(angles=(0.0, 21.0, 0.0)), "calibrate: angle 21 of a calibration: from -20 to 20"),
        (axdr.Data(axdr.OCTET_STRING, b""), "calibrate: stored calibration of another version"),
        (axdr.Data(axdr.OCTET_STRING, Calibration().pack() + b"x"), "another version"),
        (axdr.Data(axdr.OCTET_STRING, b"\x02" + Calibration().pack()[1:]), "another version"),
        (axdr.Data(axdr.OCTET_STRING, bytes(5000)), "up to 4096 bytes"),
        (axdr.Data(axdr.VISIBLE_STRING, Calibration().pack()), None),
        (axdr.Data(axdr.STRUCTURE, []), None),
    ],
)
def test_constants_that_cannot_be_are_refused_and_the_security_log_says_why(data, why):
    life = Life()
    with pytest.raises(base.AccessError):
        life.find(1, "0.128.96.3.0.255").set(2, data, life.context)
    assert life.app.calibration.pack() == Calibration().pack()
    assert life.app._calibrations.load() is None
    refusals = [
        one.fields[0] for one in life.app.logs.log("security").records() if one.name == "access denied"
    ]
    assert refusals == [] if why is None else why in refusals[-1]


def test_a_meter_without_waveforms_measures_nothing_to_calibrate_by(life):
    assert life.bytes(1, "0.128.96.4.0.255") == b"\0"


def test_a_public_client_sees_who_the_meter_is_but_not_its_configuration():
    life = Life(SETTINGS, user=None)
    assert life.get(1, "0.0.42.0.0.255") == b"FRS12345678"
    with pytest.raises(base.AccessError) as error:
        whole(life.find(1, "0.128.96.0.0.255").get(2, life.context))
    assert error.value.result == base.READ_WRITE_DENIED


def test_the_document_is_never_in_memory_as_a_whole():
    registers = [
        {"id": k, "kind": "consumption", "quantity": "Wh.del.P", "label": f"label {k:02d}" * 3}
        for k in range(50)
    ]
    life = Life({"registers": {"normal": registers}})
    size = len(life.access.configuration())
    tracemalloc.start()
    for _ in life.find(1, "0.128.96.0.0.255").get(2, life.context):
        pass
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert size > 10_000 and peak < 40_000
