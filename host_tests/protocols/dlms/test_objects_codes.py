"""The OBIS codes, laid beside the table that was taken from the manual, and no code twice."""

import csv
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from meter.protocols.dlms.objects import codes
from meter.protocols.dlms.objects.codes import Code
from meter.quantities import index

from host_tests.protocols.dlms.objects_life import name

PLACE = Path("shared") / "data" / "tables" / "dlms_objects.csv"  # beside the repository
TABLES = [folder / PLACE for folder in Path(__file__).parents if (folder / PLACE).exists()]
KINDS = (codes.NOW, codes.TOTAL, codes.DEMAND, codes.PEAK, codes.CONSUMPTION, codes.AVERAGE)
# what the table calls kinds and keys
TABLE_KINDS = {
    "register": codes.NOW,
    "consumption": codes.CONSUMPTION,
    "pulses": codes.CONSUMPTION,
    "instantaneous": codes.AVERAGE,
    "status": codes.AVERAGE,
}
TABLE_KEYS = {"status_input": "contact", "pulse_counter": "pulse", "status_word": "status"}
# Of the manual's Appendix D by hand, some of each part.
BY_HAND = (
    ("1.0.21.7.0.255", codes.NOW, "W.del.A"),
    ("1.0.12.4.0.255", codes.NOW, "V.avg"),
    ("1.0.90.4.0.255", codes.NOW, "A.avg"),
    ("1.0.81.7.5.255", codes.NOW, "ANGA.B"),
    ("1.0.1.8.0.255", codes.TOTAL, "Wh.del.P"),
    ("1.0.16.29.0.255", codes.CONSUMPTION, "Wh.net.P"),
    ("1.128.3.29.0.255", codes.CONSUMPTION, "VARh.net.P"),
    ("1.128.9.29.0.255", codes.CONSUMPTION, "VAh.net.P"),
    ("1.128.9.27.0.255", codes.AVERAGE, "VA.abs.P"),
    ("1.0.190.29.0.255", codes.CONSUMPTION, "VAvh.abs.P"),
    ("1.0.143.29.0.255", codes.CONSUMPTION, "Qh.del.A"),
    ("1.0.32.27.0.255", codes.AVERAGE, "VLL.A"),
    ("1.0.162.27.0.255", codes.AVERAGE, "V.avg"),
    ("1.129.88.29.0.255", codes.CONSUMPTION, "A2h.B"),
    ("1.0.32.24.124.255", codes.AVERAGE, "THDV.A"),
    ("1.6.144.128.0.255", codes.AVERAGE, "contact.6"),
    ("1.0.192.27.0.255", codes.AVERAGE, "status.system"),
)
# Codes of the table whose quantity this meter does not measure.
UNMEASURED = ("A2.N",)


def every():
    """Yield every Code that the tables have, of all rates."""
    for kind in KINDS:
        for code in codes.codes(kind):
            rates = 9 if kind in (codes.TOTAL, codes.DEMAND, codes.PEAK) else 1
            for rate in range(rates):
                yield Code(kind, code.key, rate)


@pytest.mark.parametrize("obis, kind, key", BY_HAND)
def test_a_code_of_the_manual_is_its_quantity_and_back(obis, kind, key):
    assert codes.of_name(name(obis)) == Code(kind, key, 0)
    assert codes.name_of(Code(kind, key, 0)) == name(obis)


@pytest.mark.feature("DLM-05", "DLM-06")
def test_every_row_of_the_manuals_tables_is_its_quantity_and_back():
    if not TABLES:
        pytest.skip("the table dlms_objects.csv is not here")
    rows = list(csv.DictReader(TABLES[0].open(encoding="utf-8")))
    assert len(rows) == 335
    for row in rows:
        ln = name(row["obis"])
        kind = codes.TOTAL if row["table"] == "ic3" and ln[3] == 8 else TABLE_KINDS[row["kind"]]
        head, _, rest = row["quantity"].partition(".")
        code = Code(kind, f"{TABLE_KEYS.get(head, head)}.{rest}", 0)
        assert codes.of_name(ln) == code, row
        assert codes.name_of(code) == ln, row


def test_no_code_stands_for_two_quantities():
    known = {}
    for code in every():
        ln = codes.name_of(code)
        if ln is None:
            assert code.kind == codes.DEMAND and code.key in ("A.P", "V.avg"), code
            continue
        assert ln not in known, (code, known[ln])
        known[ln] = code
        assert codes.of_name(ln) == code
    assert len(known) > 1500


def test_every_key_is_one_of_the_catalogue():
    for code in every():
        if code.key.split(".")[0] not in ("contact", "pulse", "status") and code.key not in UNMEASURED:
            index(code.key)


@given(st.binary(min_size=6, max_size=6))
def test_any_name_is_a_code_or_none(ln):
    code = codes.of_name(ln)
    assert code is None or codes.name_of(code) == ln


@pytest.mark.parametrize(
    "obis",
    [
        "1.0.1.7.0.254",
        "0.0.1.7.0.255",
        "1.0.0.8.0.255",
        "1.0.1.8.9.255",
        "1.0.1.29.1.255",
        "1.9.144.128.0.255",
    ],
)
def test_what_is_beside_the_tables_is_none(obis):
    assert codes.of_name(name(obis)) is None
