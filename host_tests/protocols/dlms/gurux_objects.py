"""Attributes of our objects, read by the classes of gurux-dlms (GPLv2): a peer in the tests, never in the meter."""

from gurux_dlms import GXByteBuffer, GXDLMSClient
from gurux_dlms.internal._GXCommon import _GXCommon
from gurux_dlms.internal._GXDataInfo import _GXDataInfo
from gurux_dlms.ValueEventArgs import ValueEventArgs

from host_tests.protocols.dlms.objects_life import whole


def value_of(data, settings=None):
    """Return what gurux makes of A-XDR bytes; all of them must be used."""
    buffer = GXByteBuffer(bytearray(data))
    found = _GXCommon.getData(settings or GXDLMSClient().settings, buffer, _GXDataInfo())
    assert buffer.position == buffer.size
    return found


def read_by_gurux(life, theirs, attributes=None):
    """Read attributes of the object of this class and name into gurux's object, and return it."""
    settings = GXDLMSClient().settings
    ours = life.find(int(theirs.objectType), theirs.logicalName)
    known = [number for number, right, _ in ours.attributes if right]
    for number in attributes or known:
        assert number in known
        event = ValueEventArgs(settings, theirs, number)
        event.value = value_of(whole(ours.get(number, life.context)), settings)
        theirs.setValue(settings, event)
        assert not event.error
    return theirs
