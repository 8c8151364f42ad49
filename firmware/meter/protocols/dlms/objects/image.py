"""Image transfer, class 18: 0.0.44.0.0.255, firmware that arrives in blocks of 256 bytes.

    2 block size            double-long-unsigned        6 status                enum 0 to 7
    3 blocks that are there bit-string                  7 image to activate     array of structure: size double-long-
    4 first missing block   double-long-unsigned          unsigned, name octet-string, signature octet-string
    5 transfer enabled      boolean

    image_transfer_initiate(1)  structure: name octet-string, size double-long-unsigned
    image_block_transfer(2)     structure: number double-long-unsigned, value octet-string
    image_verify(3), image_activate(4)  integer 0

Verifying answers at once. When it fails, blocks that are damaged are missing again and can be sent.
"""

from meter.compat import const
from meter.protocols.dlms import axdr
from meter.protocols.dlms.objects import base
from meter.protocols.dlms.objects.base import KEYED, CosemObject
from meter.protocols.dlms.objects.doing import command, done
from meter.protocols.dlms.objects.names import name

LN = name("0.0.44.0.0.255")
_SIZE, _BLOCKS, _MISSING, _ENABLED, _STATUS = 2, 3, 4, 5, 6
_INITIATE, _BLOCK, _VERIFY = const(1), const(2), const(3)
_LARGEST = 0xFFFFFFFF


class ImageTransfer(CosemObject):
    """context.device.state.upgrade."""

    class_id = 18
    attributes = (
        (2, KEYED, None), (3, KEYED, None), (4, KEYED, None), (5, KEYED, KEYED), (6, KEYED, None), (7, KEYED, None),
    )  # fmt: skip
    methods = tuple([(number, KEYED) for number in range(1, 5)])

    def get(self, attribute, context):
        """Return an attribute."""
        upgrade = context.device.state.upgrade
        if attribute == _BLOCKS:
            blocks = upgrade.blocks
            return bytes((axdr.BIT_STRING,)) + axdr.length(blocks.count) + bytes(blocks.bits)
        if attribute == _ENABLED:
            return axdr.boolean(upgrade.is_enabled)
        if attribute == _STATUS:
            return axdr.enum(upgrade.status)
        if attribute == _SIZE or attribute == _MISSING:
            value = upgrade.block_size if attribute == _SIZE else upgrade.blocks.first_missing
            return _number(value)
        found = upgrade.to_activate
        if found is None:
            return axdr.array([])
        size, title, signature = found
        return axdr.array([axdr.structure(_number(size), axdr.octets(title), axdr.octets(signature))])

    def set(self, attribute, data, context):
        """Allow transfers or not, until the next start."""
        done(context.device.state.upgrade.enable, base.flag(data))

    def invoke(self, method, data, context):
        """Do a step of the upgrade."""
        if method == _INITIATE:
            title, size = base.structure(data, 2)
            given = {"step": "begin", "image": base.octets(title), "size": base.integer(size, 0, _LARGEST)}
        elif method == _BLOCK:
            number, value = base.structure(data, 2)
            given = {"step": "block", "number": base.integer(number, 0, _LARGEST), "data": base.octets(value)}
        else:
            base.integer(data, 0, 0)
            given = {"step": "verify" if method == _VERIFY else "activate"}
        command(context, "upgrade firmware", **given)


def _number(value):
    return axdr.number(axdr.DOUBLE_LONG_UNSIGNED, value)
