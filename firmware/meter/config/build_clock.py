"""From validated settings (schema.validate) to the local clock and all that goes by it."""

from meter.config.calendars import holidays, minute_of_day, schedules, season_starts
from meter.registers.schedule import KINDS, Schedule
from meter.registers.tou import DAY_TYPES, RATES, Tou
from meter.zone import Zone


def zone(settings):
    """Return the Zone of the local clock."""
    return Zone(settings["clock.zone"])


def tou(settings, zone):
    """Return the Tou on a Zone's clock."""
    rows, seasons = settings["tou.days"], season_starts(settings["tou.seasons"])
    override = settings["tou.override"]
    return Tou(
        seasons,
        schedules(rows, max(1, len(seasons))) if rows else (),
        holidays(settings["tou.holidays"]),
        zone,
        0 if override == "none" else RATES.index(override) + 1,
    )


def schedule(settings, section, zone):
    """Return the Schedule of a section on a Zone's clock. section: billing.freeze, billing.reset or self_read."""
    kind = settings[section + ".kind"]
    return Schedule(
        kind if kind in KINDS else "none",  # a self-read may follow something else than the clock
        zone,
        minute_of_day(settings[section + ".time"]),
        DAY_TYPES.index(settings[section + ".weekday"]),
        settings[section + ".day"],
    )
