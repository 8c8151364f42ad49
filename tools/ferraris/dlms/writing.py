"""What a reader changes in a meter: time, configuration, firmware, keys, and what is done by script."""

import os
from collections.abc import Callable
from datetime import datetime

from meter.access.key_store import AUTHENTICATION, UNICAST
from meter.key_wrap import wrap
from meter.protocols.dlms import axdr
from meter.storage.image import ImageError, read_header

from ferraris.dlms.apdus import Attribute
from ferraris.dlms.client import Client
from ferraris.dlms.key_file import KeyFile
from ferraris.dlms.reading import CLOCK, CLOCK_CLASS, DATA
from ferraris.dlms.values import octets_of
from ferraris.errors import ClientError, UsageError

CONFIGURATION = Attribute(DATA, "0.128.96.0.0.255")
SCRIPTS = {"freeze": "0.0.10.0.0.255", "reset": "0.0.10.0.1.255"}
KEYS = {"encryption": (0, UNICAST), "authentication": (2, AUTHENTICATION)}
_SCRIPT_TABLE, _IMAGE, _SECURITY = 9, 18, 64
_IMAGE_LN, _SECURITY_LN = "0.0.44.0.0.255", "0.0.43.0.0.255"
_BLOCK_SIZE, _BLOCKS, _ENABLED = 2, 3, 5
_INITIATE, _SEND, _VERIFY, _ACTIVATE = 1, 2, 3, 4
_TRANSFER = 2
_ZERO = axdr.number(axdr.INTEGER, 0)


def set_time(meter: Client, time: datetime) -> None:
    """Set the clock."""
    meter.set(Attribute(CLOCK_CLASS, CLOCK), axdr.octets(octets_of(time)))


def run_script(meter: Client, name: str) -> None:
    """Run one of SCRIPTS."""
    number = axdr.number(axdr.LONG_UNSIGNED, 1)
    meter.act(Attribute(_SCRIPT_TABLE, SCRIPTS[name], 1), number)


def configuration(meter: Client) -> bytes:
    """Return the configuration in force, a document."""
    return bytes(meter.read(CONFIGURATION).value)


def configure(meter: Client, document: bytes) -> None:
    """Write a document."""
    meter.set(CONFIGURATION, axdr.octets(document))


# Firmware.


def image_version(image: bytes) -> str:
    """Return board and version of a firmware image. UsageError if it is none."""
    try:
        header = read_header(image[:256])
    except ImageError as error:
        raise UsageError(f"not a firmware image: {error}") from error
    return f"{header.version} for {header.board}"


def send_image(meter: Client, name: str, image: bytes, progress: Callable[[int, int], None]) -> None:
    """Transfer an image, send again what is missing after the check, and put it in force.

    progress: called with (blocks sent, all) now and then.
    """
    size = int(meter.read(_image(_BLOCK_SIZE)).value)
    if not meter.read(_image(_ENABLED)).value:
        raise ClientError("the meter takes no firmware now: image transfer is not enabled")
    wanted = axdr.structure(axdr.octets(name.encode()[:64]), _number(len(image)))
    meter.act(_image(_INITIATE), wanted)
    count = -(-len(image) // size)
    _send_blocks(meter, image, size, range(count), progress)
    try:
        meter.act(_image(_VERIFY), _ZERO)
    except ClientError:
        missing = [k for k, bit in enumerate(_bits(meter)) if not bit]
        if not missing:
            raise
        _send_blocks(meter, image, size, missing, progress)
        meter.act(_image(_VERIFY), _ZERO)
    meter.act(_image(_ACTIVATE), _ZERO)


def _send_blocks(
    meter: Client, image: bytes, size: int, numbers: range | list[int], progress: Callable[[int, int], None]
) -> None:
    for done, number in enumerate(numbers, 1):
        block = axdr.octets(image[number * size : number * size + size])
        meter.act(_image(_SEND), axdr.structure(_number(number), block))
        progress(done, len(numbers))


def _bits(meter: Client) -> list[bool]:
    count, data = meter.read(_image(_BLOCKS)).value
    return [bool(data[k // 8] & 0x80 >> k % 8) for k in range(count)]


def _image(number: int) -> Attribute:
    return Attribute(_IMAGE, _IMAGE_LN, number)


def _number(value: int) -> bytes:
    return bytes(axdr.number(axdr.DOUBLE_LONG_UNSIGNED, value))


# Keys.


def new_key(meter: Client, keys: KeyFile, name: str) -> None:
    """Give the meter a new key, of KEYS, and keep it in the key file.

    The new key is on the disk before it is sent: should the answer be lost, NAME.new has it.
    """
    if keys.master_key is None:
        raise UsageError(f"{keys.path}: a new key is sent under the master key: add master_key")
    number, _ = KEYS[name]
    key = os.urandom(len(keys.encryption_key))
    changed = {f"{name}_key": key}
    keys.prepare(**changed)
    wrapped = axdr.octets(wrap(keys.master_key, key))
    meter.act(
        Attribute(_SECURITY, _SECURITY_LN, _TRANSFER),
        axdr.array([axdr.structure(axdr.enum(number), wrapped)]),
    )
    keys.replace(**changed)
    meter.rekey()
