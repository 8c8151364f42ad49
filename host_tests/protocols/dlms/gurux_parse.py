"""A COSEM object of gurux_dlms, filled from the A-XDR bytes of our attributes: their reading of them, in tests only."""

from gurux_dlms import GXByteBuffer, GXDLMSClient
from gurux_dlms._GXObjectFactory import _GXObjectFactory
from gurux_dlms.enums import DataType, ObjectType
from gurux_dlms.internal._GXCommon import _GXCommon
from gurux_dlms.internal._GXDataInfo import _GXDataInfo


def parsed(client, class_id, obis, attributes, version=0):
    """Return gurux's object with these attributes as our meter has them. client: RawClient."""
    peer = GXDLMSClient(True)
    target = _GXObjectFactory.createObject(ObjectType(class_id))
    target.logicalName, target.version = obis, version
    for number in attributes:
        result, data = client.get(class_id, obis, number)
        assert result == 0, (class_id, obis, number, result)
        value = _GXCommon.getData(peer.settings, GXByteBuffer(data), _GXDataInfo())
        if isinstance(value, (bytes, bytearray)):
            kind = target.getUIDataType(number)
            if kind not in (DataType.NONE, DataType.OCTET_STRING):
                value = peer.changeType(value, kind)
        peer.updateValue(target, number, value)
    return target
