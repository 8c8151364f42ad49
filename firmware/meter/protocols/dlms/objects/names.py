"""Logical names: six bytes A to F, written A.B.C.D.E.F; and those of the association objects."""

from meter.compat import const

ASSOCIATION_CLASS = const(15)
REPLY_TO_HLS = const(1)
CURRENT = b"\x00\x00\x28\x00\x00\xff"  # 0.0.40.0.0.255


def name(text):
    """Return the six bytes of a name such as 0.0.40.0.0.255."""
    return bytes([int(part) for part in text.split(".")])


def text(ln):
    """Return the text of a logical name."""
    return ".".join(["%d" % part for part in ln])


def association(instance):
    """Return the name of an association object. instance: 0 for the current one."""
    return CURRENT[:4] + bytes((instance, 255))


def is_current_association(ln, client):
    """Return True if this is the association object of the client that asks."""
    return ln == CURRENT or ln == association(client.instance)
