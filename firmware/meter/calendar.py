"""Civil time from UTC seconds: the proleptic Gregorian calendar, in integers."""


def civil(utc):
    """Return (year, month, day, hour, minute, second) of a UTC second since 1970-01-01.

    The day count is cut into 400-year eras with March as the first month, so that the leap day is the last of a year.
    """
    days, rest = utc // 86400, utc % 86400
    days += 719468
    era = days // 146097
    day_of_era = days - era * 146097
    year_of_era = (day_of_era - day_of_era // 1460 + day_of_era // 36524 - day_of_era // 146096) // 365
    day_of_year = day_of_era - (365 * year_of_era + year_of_era // 4 - year_of_era // 100)
    month = (5 * day_of_year + 2) // 153
    day = day_of_year - (153 * month + 2) // 5 + 1
    month = month + 3 if month < 10 else month - 9
    year = year_of_era + era * 400 + (1 if month <= 2 else 0)
    return year, month, day, rest // 3600, rest // 60 % 60, rest % 60
