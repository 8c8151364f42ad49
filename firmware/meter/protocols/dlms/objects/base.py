"""What every COSEM object is to an association: attributes that are read and set, methods that are invoked.

Objects hold nothing of their own: they are made when they are asked for, and read the meter through `context.access`.
An attribute has a row (number, right to read, right to set), a method a row (number, right). Rights are texts, of
which the object list and every request are checked by the same function (Association.may):

    FREE                    anybody with an association
    KEYED                   who has authenticated with the keys (management)
    "read:registers"        who may read this: a name of access.commands.READS
    "command:set time"      who may do this command
    "set:ports.rs485.baud"  who may change this setting
    None                    nobody
"""

from meter.compat import const
from meter.protocols.dlms import axdr

FREE = "free"
KEYED = "keyed"

# Data-Access-Result and Action-Result, IEC 62056-5-3.
SUCCESS = const(0)
HARDWARE_FAULT = const(1)
TEMPORARY_FAILURE = const(2)
READ_WRITE_DENIED = const(3)
OBJECT_UNDEFINED = const(4)
OBJECT_CLASS_INCONSISTENT = const(9)
OBJECT_UNAVAILABLE = const(11)
TYPE_UNMATCHED = const(12)
SCOPE_OF_ACCESS_VIOLATED = const(13)
DATA_BLOCK_UNAVAILABLE = const(14)
LONG_GET_ABORTED = const(15)
NO_LONG_GET_IN_PROGRESS = const(16)
LONG_SET_ABORTED = const(17)
NO_LONG_SET_IN_PROGRESS = const(18)
DATA_BLOCK_NUMBER_INVALID = const(19)
OTHER_REASON = const(250)

TEXTS = (axdr.OCTET_STRING, axdr.VISIBLE_STRING, axdr.UTF8_STRING)

GET, SET, INVOKE = const(1), const(2), const(3)


class AccessError(Exception):
    """It is not done. result: a Data-Access-Result."""

    def __init__(self, result):
        super().__init__(result)
        self.result = result


class CosemObject:
    """Base of all objects.

    ln          logical name, six bytes
    class_id, version   of the interface class
    attributes  (number, right to read, right to set) from attribute 2 on, in order; 1 is the logical name
    methods     (number, right)

    A right may depend on the object: then attributes or methods is a property.
    """

    class_id = 0
    version = 0
    attributes = ()
    methods = ()

    def __init__(self, ln):
        self.ln = ln

    def get(self, attribute, context):
        """Return an attribute: bytes of A-XDR, or for a long one an iterator of pieces of it.

        An iterator that has worked for a while without a piece yields None: then others have their turn. attribute:
        a number of `attributes`. context: Context. AccessError.
        """
        raise AccessError(READ_WRITE_DENIED)

    def select(self, attribute, selector, parameters, context):
        """As get(), with selective access. selector: int. parameters: axdr.Data."""
        raise AccessError(SCOPE_OF_ACCESS_VIOLATED)

    def set(self, attribute, data, context):
        """Set an attribute. data: axdr.Data. AccessError, and nothing is changed."""
        raise AccessError(READ_WRITE_DENIED)

    def invoke(self, method, data, context):
        """Invoke a method. data: axdr.Data, null-data without parameters. Return A-XDR bytes, or None. AccessError."""
        raise AccessError(READ_WRITE_DENIED)


class Context:
    """For whom something is done. Made by the association for each request.

    access      the Visitor: the meter as this client may see it
    association the Association: its client, mechanism, and may(right)
    device      Device: what all associations of this meter share
    now         uptime, ms
    """

    def __init__(self, access, association, device):
        self.access, self.association, self.device = access, association, device
        self.now = 0

    def may(self, right):
        """Return True if the client has this right."""
        return self.association.may(right)


# What a client sent, checked: each returns the value or raises AccessError.


def integer(data, low, high):
    """Return a whole number of any type within bounds."""
    if not isinstance(data.value, int) or data.tag == axdr.BOOLEAN:
        raise AccessError(TYPE_UNMATCHED)
    if not low <= data.value <= high:
        raise AccessError(OTHER_REASON)
    return data.value


def flag(data):
    """Return a boolean."""
    if data.tag != axdr.BOOLEAN:
        raise AccessError(TYPE_UNMATCHED)
    return bool(data.value)


def octets(data, *sizes):
    """Return the bytes of an octet-string, of one of these sizes if any are given."""
    if data.tag != axdr.OCTET_STRING or sizes and len(data.value) not in sizes:
        raise AccessError(TYPE_UNMATCHED)
    return data.value


def parts(data, tag, count=None):
    """Return the list of the parts of an array or structure (tag), of this many if a count is given."""
    if data.tag != tag or count is not None and len(data.value) != count:
        raise AccessError(TYPE_UNMATCHED)
    return data.value


def structure(data, count):
    """Return the list of the parts of a structure of this many."""
    return parts(data, axdr.STRUCTURE, count)


def array(data, most):
    """Return the list of the elements of an array of up to `most`."""
    found = parts(data, axdr.ARRAY)
    if len(found) > most:
        raise AccessError(OTHER_REASON)
    return found
