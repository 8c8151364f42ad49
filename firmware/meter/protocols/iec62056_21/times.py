"""Times in data sets: z YY MM DD hh mm ss, local; z is 0 in standard time, 1 in daylight saving, 2 for UTC.

These are the time stamps (ZSTs) of the German load profile meters (VDEW, DIN 43863-3), which readers know. What comes
in may leave out the z, the seconds, or both.
"""

from meter.calendar import civil, days_of_month, utc

_HOUR_S = 3600
UTC = "2"


def stamp(second, zone):
    """Return zYYMMDDhhmmss of a UTC second."""
    year, month, day, hour, minute, part = civil(zone.local(second))
    daylight = "1" if zone.is_dst(second) else "0"
    return daylight + "%02d%02d%02d%02d%02d%02d" % (year % 100, month, day, hour, minute, part)


def second_of(text, zone):
    """Return the UTC second of a time stamp: [z]YYMMDDhhmm[ss]. ValueError."""
    if len(text) not in (10, 11, 12, 13) or not is_digits(text):
        raise ValueError("a time is zYYMMDDhhmmss")
    season, digits = (text[0], text[1:]) if len(text) % 2 else ("", text)
    pairs = [int(digits[k : k + 2]) for k in range(0, len(digits), 2)]
    return local_second(pairs[:3], pairs[3:], season, zone)


def local_second(date, time, season, zone):
    """Return the UTC second of (YY, MM, DD) and (hh, mm) or (hh, mm, ss). season: z, or "" if not given. ValueError.

    Without a z an hour that is there twice is its first, that of daylight saving.
    """
    year, month, day = 2000 + date[0], date[1], date[2]
    hour, minute, part = (tuple(time) + (0,))[:3]
    if season not in ("", "0", "1", UTC):
        raise ValueError("z is 0, 1 or 2")
    is_time = hour <= 23 and minute <= 59 and part <= 59
    if not (is_time and 1 <= month <= 12 and 1 <= day <= days_of_month(year, month)):
        raise ValueError("no such time")
    local = utc(year, month, day, hour, minute, part)
    if season == UTC:
        return local
    found = zone.utc(local)
    is_twice = zone.is_dst(found) and zone.local(found + _HOUR_S) == local
    return found + _HOUR_S if season == "0" and is_twice else found


def is_digits(text):
    """Return True if text is ASCII digits, at least one."""
    return len(text) > 0 and all(["0" <= c <= "9" for c in text])
