"""The kinds of arguments of commands: checked before anything else sees them, whatever a peer sent.

kind, function that returns True for a value that is one, what it must be in words
"""

from meter.access.errors import Refused
from meter.access.key_store import KEYS
from meter.access.passwords import LONGEST, LONGEST_NAME, SHORTEST, encoded
from meter.access.rights import NAMES
from meter.access.upgrade import STEPS
from meter.compat import const
from meter.config.document import LARGEST as LARGEST_DOCUMENT
from meter.key_wrap import WRAPPED

LONGEST_BYTES = const(4096)
LARGEST = 999_999_999_999_999_999  # of a preset, either way: in 10**-6 of its unit it is a million MWh
FIRST_YEAR = const(946684800)  # 2000-01-01: the clock's first second
LAST_SECOND = 0xFFFFFFFF


def _is_int(value, low, high):
    return isinstance(value, int) and not isinstance(value, bool) and low <= value <= high


def _is_value(value):
    if isinstance(value, float):
        return -LARGEST <= value <= LARGEST  # neither NaN nor infinite
    return _is_int(value, -LARGEST, LARGEST)


def _is_password(value):
    return isinstance(value, (str, bytes, bytearray))


def _is_new_password(value):
    data = encoded(value, LONGEST)
    return data is not None and len(data) >= SHORTEST


def _is_document(value):
    if not isinstance(value, (str, bytes, bytearray)) or len(value) > LARGEST_DOCUMENT:
        return False
    try:
        return bool(value.encode() if isinstance(value, str) else bytes(value).decode())
    except UnicodeError:
        return False


def _are_rights(value):
    return isinstance(value, (list, tuple)) and len(value) <= len(NAMES) and all([r in NAMES for r in value])


def _are_wrapped_keys(value):
    """(key_id, wrapped key) of one key or more, as KeyStore.transfer() takes them."""
    return (
        isinstance(value, (list, tuple))
        and 0 < len(value) <= len(KEYS)
        and all([isinstance(one, (list, tuple)) and len(one) == 2 and _is_wrapped_key(*one) for one in value])
    )


def _is_wrapped_key(number, data):
    return _is_int(number, 0, len(KEYS) - 1) and isinstance(data, (bytes, bytearray)) and len(data) == WRAPPED


KINDS = (
    ("utc", lambda value: _is_int(value, FIRST_YEAR, LAST_SECOND), "a UTC second from 2000 to 2106"),
    ("register", lambda value: _is_int(value, 0, 999), "the number of a register"),
    ("value", _is_value, "a number within 1e18"),
    ("flag", lambda value: isinstance(value, bool), "true or false"),
    ("yes", lambda value: value is True, "confirmed"),
    (
        "name",
        lambda value: encoded(value, LONGEST_NAME) is not None,
        "a name of 1 to %d bytes" % LONGEST_NAME,
    ),
    ("password", _is_password, "a password"),
    ("new password", _is_new_password, "a password of %d to %d bytes" % (SHORTEST, LONGEST)),
    ("rights", _are_rights, "a list of rights"),
    ("wrapped keys", _are_wrapped_keys, "a list of keys, each its number and %d bytes" % WRAPPED),
    ("document", _is_document, "a configuration of up to %d bytes of UTF-8" % LARGEST_DOCUMENT),
    ("profile", lambda value: _is_int(value, 1, 2), "1 or 2"),
    ("reader", lambda value: encoded(value, 12) is not None, "a reader of 1 to 12 bytes"),
    ("entry", lambda value: _is_int(value, 0, LAST_SECOND), "the number of a record"),
    ("count", lambda value: _is_int(value, 0, LAST_SECOND), "a number of 32 bits"),
    ("upgrade step", lambda value: value in STEPS, "one of %s" % ", ".join(STEPS)),
    ("output", lambda value: _is_int(value, 1, 64), "the number of an output"),
    (
        "bytes",
        lambda value: isinstance(value, (bytes, bytearray)) and len(value) <= LONGEST_BYTES,
        "up to %d bytes" % LONGEST_BYTES,
    ),
)


def check(wanted, given):
    """Refuse arguments that are missing, unknown or of another kind. wanted: as of commands.py; given: a dict."""
    known = [name.strip("[]") for name, _ in wanted]
    for name in given:
        if name not in known:
            raise Refused("unknown argument")
    for name, kind in wanted:
        plain = name.strip("[]")
        if plain in given:
            _check_one(plain, kind, given[plain])
        elif plain == name:
            raise Refused("%s is missing" % name)


def _check_one(name, kind, value):
    for known, is_one, words in KINDS:
        if known == kind:
            if not is_one(value):
                raise Refused("%s must be %s" % (name, words))
            return
    raise KeyError(kind)
