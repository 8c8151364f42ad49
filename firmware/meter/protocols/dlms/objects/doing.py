"""What the meter says no to, as a client of DLMS is told."""

from meter.access.errors import Denied, Refused
from meter.protocols.dlms.objects import base


def done(call, *arguments, **named):
    """Return what a call of the Visitor returns. AccessError: it is denied, refused, or there is no such thing."""
    try:
        return call(*arguments, **named)
    except Denied:
        raise base.AccessError(base.READ_WRITE_DENIED)
    except Refused:
        raise base.AccessError(base.OTHER_REASON)
    except KeyError:
        raise base.AccessError(base.OBJECT_UNAVAILABLE)


def command(context, name, **arguments):
    """Do a command. AccessError."""
    done(context.access.command, name, **arguments)


def change(context, settings):
    """Change settings: a dict from path to value. AccessError."""
    done(context.access.change, settings)


def text(data):
    """Return the text of an octet-string, visible-string or utf8-string."""
    if not isinstance(data.value, bytes) or data.tag not in base.TEXTS:
        raise base.AccessError(base.TYPE_UNMATCHED)
    try:
        return data.value.decode()
    except UnicodeError:
        raise base.AccessError(base.OTHER_REASON)
