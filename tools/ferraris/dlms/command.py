"""`ferraris read dlms...`: a meter's values over DLMS, on the terminal, as a file, or drawn."""

import json
from argparse import Namespace

from meter.protocols.dlms import axdr

from ferraris.dlms import names, reading
from ferraris.dlms.apdus import AnswerError, Attribute
from ferraris.dlms.client import Client
from ferraris.dlms.connecting import connected
from ferraris.dlms.reading import CLOCK, DATA, LOGS, PROFILE, PROFILES, Value
from ferraris.errors import UsageError
from ferraris.profile_plot import plot
from ferraris.records import Record, check_window, has_window, put_out, window
from ferraris.tables import print_values

PREFIX = "dlms+"
REGISTERS = "registers"
WHAT = (*PROFILES, *LOGS, REGISTERS, "clock", "objects")
_NAME = Attribute(DATA, "0.0.42.0.0.255")


def command(options: Namespace) -> int:
    """Read, and print or write."""
    options.what = options.what or REGISTERS
    _check(options)
    with connected(options) as meter:
        if options.what == REGISTERS:
            _put_registers(options, meter, reading.registers(meter))
        elif options.what == "clock":
            put_out(reading.clock_records(meter), options)
        elif options.what == "objects":
            put_out(reading.object_records(meter), options)
        elif options.what in PROFILES:
            _put_profile(options, meter)
        elif options.what in LOGS:
            put_out(reading.profile_records(meter, LOGS[options.what], _span(options, meter)), options)
        else:
            _put_object(options, meter)
    return 0


def _check(options: Namespace) -> None:
    """Raise UsageError for what cannot be done, before anything is read."""
    if options.config:
        raise UsageError("--config is for a stopped meter: state:DIR")
    if options.what not in WHAT and not (names.logical_name(options.what) or names.of_quantity(options.what)):
        known = ", ".join(WHAT)
        raise UsageError(f"{options.what}: not an OBIS code, a quantity such as Wh.del.P, or one of {known}")
    check_window(options)
    if options.plot and options.what not in PROFILES:
        raise UsageError(f"--plot draws {' and '.join(PROFILES)} only")
    if has_window(options) and options.what not in (*PROFILES, *LOGS):
        raise UsageError(f"{options.what}: of one moment: no --last-days, --from or --to")


def _span(options: Namespace, meter: Client) -> tuple[int, int] | None:
    """Return (from, to) of the records, UTC seconds, both included; None: all. The meter's clock says what today is."""
    if not has_window(options):
        return None
    now = reading.now_of(meter) if options.last_days is not None else 0
    start, end = window(options, now)
    return start, end - 1 if options.what in LOGS else end


def _put_profile(options: Namespace, meter: Client) -> None:
    """Records are named by their end: one that ends as the window begins is not in it, one that ends with it is."""
    span = _span(options, meter)
    found = reading.profile_records(
        meter, PROFILES[options.what], span and (span[0] + 1 if span[0] else 0, span[1])
    )
    if options.plot:
        plot(options.plot, reading.plot_rows(meter, PROFILES[options.what], found))
    put_out(reading.with_status_text(found), options)


def _put_object(options: Namespace, meter: Client) -> None:
    """One object by its name: a register as the registers are, a profile as its records, all else by attribute."""
    ln = names.logical_name(options.what) or names.of_quantity(options.what)
    assert ln
    entry = reading.find(reading.object_list(meter), ln)
    if entry.class_id in (reading.REGISTER, reading.EXTENDED, reading.DEMAND) and entry.can_read(2):
        _put_registers(options, meter, reading.register_values(meter, [entry]))
    elif entry.class_id == PROFILE and entry.can_read(2):
        put_out(reading.profile_records(meter, ln), options)
    elif ln == CLOCK:
        put_out(reading.clock_records(meter), options)
    else:
        put_out(reading.attribute_records(meter, entry), options)


def _put_registers(options: Namespace, meter: Client, found: list[Value]) -> None:
    records: list[Record] = reading.register_records(found)
    if options.csv or options.parquet:
        put_out(records, options)
        return
    name = _device(meter)
    if options.json:
        print(json.dumps({"meter": {"device": name}, "values": records}, indent=1))
        return
    rows = [(names.short(one.ln), names.quantity(one.ln), one.text, one.unit) for one in found]
    print_values(name, ("OBIS", "Quantity", "Value", "Unit"), rows)


def _device(meter: Client) -> str:
    """Return the name of the logical device, "" if the meter does not tell."""
    try:
        found = meter.read(_NAME)
    except AnswerError:
        return ""
    return found.value.decode("ascii", "replace") if found.tag == axdr.OCTET_STRING else ""
