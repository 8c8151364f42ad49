"""Makes the register engine from the settings: the one place that knows how its parts fit together."""

from meter.config import apply, build_clock
from meter.config.primary import Primary
from meter.config.schema import LEAST_KM
from meter.metrology.connection import Connection
from meter.registers.bank import Bank
from meter.registers.definition import LISTS, definitions
from meter.registers.demand import Demand
from meter.registers.engine import Engine
from meter.registers.load_profile import LoadProfile
from meter.registers.load_profile_channels import unit_of
from meter.registers.load_profile_record import interval_code
from meter.registers.self_read import SelfReads
from meter.registers.status_triggers import Triggers
from meter.registers.status_word import StatusWord, hold_s

SCHEDULES = ("self_read", "billing.freeze", "billing.reset")  # in the order of the engine
PROFILES = ("load_profile", "load_profile_2")


def engine(settings, journal, fifos, logs=None, items=None, who=(0, "", "")):
    """Return the Engine.

    settings    as of config.schema
    fifos       dict: the Fifos "load_profile", "load_profile_2" and "self_reads"; what has none is not kept
    logs        EventLogs, or None
    items       dict (kind, item): function, for time and status registers that the engine knows nothing of
    who         who wrote the configuration: origin of event_kinds, user, peer
    """
    zone = build_clock.zone(settings)
    items = dict(items or ())
    normal, alternate, test = [definitions(settings["registers." + row[0]], row[0])[0] for row in LISTS]
    bank = _bank(settings, normal + alternate, zone, items)
    status = _status(settings)
    sections = [name for name in PROFILES if name in fifos and settings[name + ".channels"]]
    profiles = [_profile(settings, name, fifos[name], bank.energy, zone, status) for name in sections]
    made = Engine(
        journal,
        bank,
        _bank(settings, test, zone, items),
        profiles,
        zone,
        build_clock.tou(settings, zone),
        tuple([build_clock.schedule(settings, section, zone) for section in SCHEDULES]),
        logs,
        _self_reads(settings, fifos, bank),
        settings["billing.lockout"] * 60,
        status,
        apply.prints(settings, who),
    )
    items.update(made.items())
    return made


def _bank(settings, definitions, zone, items):
    interval, subinterval = settings["demand.interval"], settings["demand.subinterval"]

    def demand(energy):
        return Demand(
            energy,
            zone,
            interval,
            interval // subinterval,
            settings["demand.deferral"],
            settings["demand.outage"],
            settings["demand.sync"],
        )

    billing = tuple([settings["billing.reset." + name] for name in ("kind", "time", "weekday", "day")])
    connection = Connection(settings["service.connection"])
    return Bank(definitions, demand, settings["demand.thermal_time"], items, billing, connection)


def _status(settings):
    connection = Connection(settings["service.connection"])
    volts, amperes = settings["service.nominal_voltage"], settings["service.nominal_current"]
    return StatusWord(
        hold_s(interval_code(settings["load_profile.interval"])),
        Triggers(settings["status.triggers"], volts, amperes, connection),
        settings["status.drift"],
    )


def _profile(settings, section, fifo, energy, zone, status):
    return LoadProfile(
        fifo,
        energy,
        settings[section + ".channels"],
        settings[section + ".interval"],
        _secondary_km(settings, section) if settings[section + ".format"] == "counts" else None,
        settings[section + ".events"],
        settings[section + ".freeze_markers"],
        zone,
        status,
    )


def _secondary_km(settings, section):
    """Return what a count is worth in each channel on the meter's side; the setting is on the primary side."""
    primary, channels = Primary(settings), settings[section + ".channels"]
    km = settings[section + ".km"] or (1.0,) * len(channels)
    return [max(LEAST_KM, each / primary.of(1.0, unit_of(key))) for each, key in zip(km, channels)]


def _self_reads(settings, fifos, bank):
    if "self_reads" not in fifos:
        return None
    chosen = [register for register in bank.registers if register.definition.self_read]
    return SelfReads(fifos["self_reads"], settings["self_read.kind"], chosen)
