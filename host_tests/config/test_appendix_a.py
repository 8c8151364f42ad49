"""The factory's configuration beside the manual's Appendix A, Default Settings, row by row.

Where the page has an entry for something that this meter does not have, docs/configuring.md lists it as not there.
"""

from pathlib import Path

import pytest
from ferraris.config import written
from meter.config.document import document_of, read
from meter.config.schema import defaults
from meter.metrology.connection import Connection
from meter.registers.definition import definitions

from boards.sim.board import nominal_full_scale

DOCS = Path(__file__).parents[2] / "docs" / "configuring.md"

# what the page says, its value there, our setting, its value here
SETTINGS = (
    ("Meter Class Amps", "20", "service.current_class", 20),
    ("Connection Type", "4 Wire Y", "service.connection", "4-wire wye"),
    ("Frequency", "60hz", "service.frequency", 60),
    ("PT:Primary", "1", "service.pt_primary", 1.0),
    ("PT:Secondary", "1", "service.pt_secondary", 1.0),
    ("CT:Primary", "1", "service.ct_primary", 1.0),
    ("CT:Secondary", "1", "service.ct_secondary", 1.0),
    ("Transformer Factor", "1", "service.transformer_factor", 1.0),
    ("Nominal Voltage", "120", "service.nominal_voltage", 120.0),
    ("Nominal Current", "5", "service.nominal_current", 5.0),
    # Load Profile: the unit is kWh and kvarh, so Km 0.001 is 1 Wh and 1 varh, which no Km stands for.
    ("Channel 1 to 4", "Wh del, Wh rec, varh del, varh rec, polyphase", "load_profile.channels",
     ("Wh.del.P", "Wh.rec.P", "VARh.del.P", "VARh.rec.P")),
    ("Primary Km", "0.001", "load_profile.km", ()),
    ("Interval Length", "15 min", "load_profile.interval", 15),
    ("Freeze Markers", "Yes", "load_profile.freeze_markers", True),
    ("Data and Events", "Yes", "load_profile.events", True),
    ("Data in Counts", "Yes", "load_profile.format", "counts"),
    # Demand
    ("Interval Length", "15 min", "demand.interval", 15),
    ("Sub Interval Length", "5 min", "demand.subinterval", 5),
    ("Enable Demand Sync.", "No", "demand.sync", False),
    ("Thermal Demand Time", "15 min", "demand.thermal_time", 15),
    ("Defer Demands for", "0 sec", "demand.deferral", 0),
    ("After Power Outage (secs)", "1", "demand.outage", 1),
    # Time of Use Setup
    ("No Seasons configured", "", "tou.seasons", ()),
    ("No Time of Use schedules", "", "tou.days", ()),
    ("No Override Rate", "", "tou.override", "none"),
    ("No Holidays schedules", "", "tou.holidays", ()),
    # Timekeeping and DST Changes
    ("Auto Register Freeze", "none", "billing.freeze.kind", "none"),
    ("Auto Billing Period Reset", "none", "billing.reset.kind", "none"),
    ("DST", "not enabled", "clock.zone", "UTC0"),
    # Communication Setup, Display Setup, TLC
    ("Optical (Port 1)", "9600 baud", "ports.optical.baud", 9600),
    ("RS-232/485 (Port 3)", "9600 baud", "ports.rs485.baud", 9600),
    ("RS-232/485 (Port 4)", "9600 baud", "ports.rs485_2.baud", 9600),
    ("Ethernet (Port 6)", "Port 2001", "ports.iec62056_21_tcp.port", 2001),
    ("Demand Reset lockout", "5 minutes", "billing.lockout", 5),
    ("Loss Compensation", "disabled", "loss.delivered", (0.0,) * 5),
    ("Loss Compensation", "disabled", "loss.received", (0.0,) * 5),
)  # fmt: skip

# ID, kind, quantity, rate, storage, prefix, digits, decimals, screen; "KiloU" on the page is k, "Units" is none.
_ENERGY = ("consumption", 0, "working")
NORMAL = (
    (0, "status", "meter ID", 0, "working", "", None, None, 1),
    (1, "time", "present time", 0, "working", "", None, None, 2),
    (2, "consumption", "Wh.del.P", 0, "working", "k", 8, 0, 3),
    (3, "consumption", "Wh.rec.P", 0, "working", "k", 8, 0, 4),
    (4, "consumption", "VARh.del.P", 0, "working", "k", 8, 0, 5),
    (5, "consumption", "VARh.rec.P", 0, "working", "k", 8, 0, 6),
)
BPR = "billing period reset"
ALTERNATE = (
    (100, "consumption", "Wh.del.P", 0, BPR, "k", 8, 0, 1),  # hidden on the page by its list's first line
    (101, "consumption", "Wh.rec.P", 0, BPR, "k", 8, 0, 2),
    (102, "consumption", "VARh.del.P", 0, BPR, "k", 8, 0, 3),
    (103, "consumption", "VARh.rec.P", 0, BPR, "k", 8, 0, 4),
    (104, "time", "last billing reset", 0, "working", "", None, None, 5),
    (105, "status", "phasors", 0, "working", "", None, None, 6),
    (106, "status", "communication", 0, "working", "", None, None, 7),
    (107, "status", "system bits", 0, "working", "", None, None, 8),
)
TEST = tuple(
    (200 + k, "consumption", key, 0, "working", "", 6, 2, k + 1)
    for k, key in enumerate(
        (
            "Wh.del.P",
            "Wh.rec.P",
            "VARh.del.P",
            "Wh.del.A",
            "Wh.del.B",
            "Wh.del.C",
            "Wh.rec.A",
            "Wh.rec.B",
            "Wh.rec.C",
        )
    )
)


@pytest.mark.feature("CST-02")
@pytest.mark.parametrize("row, there, path, here", SETTINGS, ids=[f"{row[2]}" for row in SETTINGS])
def test_each_setting_of_the_page_is_the_default(row, there, path, here):
    assert defaults()[path] == here, f"{row}: {there}"


@pytest.mark.feature("CST-02")
@pytest.mark.parametrize("name, rows", [("normal", NORMAL), ("alternate", ALTERNATE), ("test", TEST)])
def test_the_register_lists_are_those_of_the_page(name, rows):
    found, problems = definitions(defaults()["registers." + name], name)
    assert not problems and len(found) == len(rows)
    for one, row in zip(found, rows):
        shown = one.kind == "consumption"
        columns = (one.id, one.kind, one.quantity, one.rate, one.storage, one.prefix)
        assert (*columns, one.digits if shown else None, one.decimals if shown else None, one.screen) == row
        assert one.primary, "Scaling: Primary"


@pytest.mark.feature("CST-02")
def test_form_9_full_scale_and_the_voltage_range():
    found = defaults()
    assert Connection(found["service.connection"]).elements == (0, 1, 2), "form 9"
    assert found["service.nominal_voltage"] * found["service.nominal_current"] * 3 == 1800, "Full Scale Watts"
    volts, amperes = nominal_full_scale(found)
    assert volts >= 277 and amperes >= 20, "69-480 V between the lines, class 20"


def test_the_whole_default_document_is_valid():
    assert read(written(document_of(defaults())).encode()) == read(b'{"version": 2}')


@pytest.mark.feature("CST-02")
@pytest.mark.parametrize(
    "entry",
    ("ID String", "PQ Voltage Measurement", "Flicker Measurement", "Pulse Weight", "Input/Output", "Trigger Setup",
     "Modem", "DHCP", "Modbus", "DNP", "Display Scroll Rate", "Display Language", "Preset mode timeout"),
)  # fmt: skip
def test_what_is_not_there_is_listed(entry):
    assert entry in DOCS.read_text(encoding="utf-8")
