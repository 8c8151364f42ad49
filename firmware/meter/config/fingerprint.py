"""A number that tells whether two configurations are the same: for the event log, not for security."""

from meter.crc import crc32

# The simulated supply is not the meter's: another load is no other configuration.
OUTSIDE = "simulator."


def fingerprint(settings):
    """Return 32 bits that follow from the values of the settings (as of schema.validate), however written."""
    return print_of([(path, settings[path]) for path in sorted(settings) if not path.startswith(OUTSIDE)])


def print_of(pairs):
    """Return 32 bits that follow from pairs of (path, value). Numbers count with six digits: a Pico has no more."""
    crc = 0
    for path, value in pairs:
        crc = crc32(("%s=%s\n" % (path, _plain(value))).encode(), crc)
    return crc


def _plain(value):
    if isinstance(value, dict):
        return _plain([(name, value[name]) for name in sorted(value)])
    if isinstance(value, (tuple, list)):
        return "(%s)" % ",".join([_plain(item) for item in value])
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return "%.6g" % value
    return str(value)
