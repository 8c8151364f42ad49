"""Programming mode, clause 6.4.3.4: what each command is answered with. The times are the session's.

    reader                          meter
                              <--   SOH P 0 STX (serial number) ETX BCC
    SOH P 1 STX (user:password) -->
                              <--   ACK, or an error message
    SOH R 1 STX address() ...   -->
                              <--   STX address(value) ETX BCC         R 3: in blocks
    SOH W 1 STX address(value)  -->
                              <--   ACK, or an error message           W 3: in blocks, each acknowledged
    SOH E 2 STX name(...) ...   -->
                              <--   ACK, or an error message

Types 1 and 5 (national use, formatted by OBIS) are the same here, and so are 3 and 6, with partial blocks. What an
unknown reader may read and do is what the access object says: a reader that has not logged in is nobody in
particular. Whatever a reader sends, nothing is raised: KeyError, ValueError, Denied and Refused become errors.
"""

from meter.access.errors import Denied, Refused
from meter.compat import const
from meter.protocols.iec62056_21 import addresses, codec
from meter.protocols.iec62056_21.blocks import Blocks
from meter.protocols.iec62056_21.commands import COMMANDS, arguments

ACKNOWLEDGE = bytes((codec.ACK,))
REFUSE = bytes((codec.NAK,))
LONGEST_ADDRESS = const(64)
LONGEST_WRITTEN = const(16384)  # characters of a value that comes in blocks

# code, what it means
UNKNOWN_COMMAND = ("ER01", "no such command")
UNKNOWN_ADDRESS = ("ER02", "no such address")
BAD_VALUE = ("ER03", "bad value")
TOO_LONG = ("ER04", "too long")
DENIED = "ER05"
REFUSED = "ER06"
EMPTY = ("ER08", "no data")


class Programming:
    """access: as of session.py, and besides what the commands need: see docs/optical.md.

    answer() returns bytes, or Blocks for what is read.
    """

    def __init__(self, access):
        self._access = access
        self._written = None  # (address so far and value, bytearray) of a write in blocks

    def operand(self):
        """Return the message that begins programming mode: its operand is the serial number."""
        serial = codec.printable(self._access.identity["serial"], codec.ADDRESS_LIMIT)
        return codec.framed(codec.SOH, b"P0\x02(" + serial.encode() + b")")

    def answer(self, message):
        """Return the answer to a command, from SOH to BCC."""
        command = codec.parse_command(message)
        if command is None:
            return codec.error(*UNKNOWN_COMMAND)
        letter, kind, data, is_last = command
        for row in _COMMANDS:
            if letter == row[0] and kind in row[1]:
                try:
                    return row[2](self, kind, data or b"", is_last)
                except Denied as error:
                    return codec.error(DENIED, str(error))
                except Refused as error:
                    return codec.error(REFUSED, str(error))
                except KeyError:
                    return codec.error(*UNKNOWN_ADDRESS)
                except ValueError as error:
                    return codec.error(BAD_VALUE[0], str(error) or BAD_VALUE[1])
        return codec.error(*UNKNOWN_COMMAND)

    def _login(self, kind, data, is_last):
        """P1: log in. A bare password has no user, and is counted as a wrong login."""
        self._written = None
        found = codec.parse_data_set(data)
        text = found[1] if found and found[0] == "" and found[1] is not None else ""
        user, colon, password = text.partition(":")
        self._access.login(user if colon else "", password if colon else text)
        return ACKNOWLEDGE

    def _read(self, kind, data, is_last):
        self._written = None
        address, value = _data_set(data, is_last)
        blocks = Blocks(iter(addresses.read(self._access, address, value)), kind in "36")
        return codec.error(*EMPTY) if blocks.is_empty else blocks

    def _write(self, kind, data, is_last):
        self._written = None
        address, value = _data_set(data, is_last)
        return self._wrote(address, value)

    def _write_block(self, kind, data, is_last):
        """W3: collect the blocks of a value; the last one ends with ETX."""
        so_far = self._written or bytearray()
        if len(so_far) + len(data) > LONGEST_WRITTEN:
            self._written = None
            return codec.error(*TOO_LONG)
        so_far.extend(data)
        self._written = so_far
        if not is_last:
            return ACKNOWLEDGE
        self._written = None
        address, value = _data_set(so_far, True)
        return self._wrote(address, value)

    def _wrote(self, address, value):
        if value is None:
            raise ValueError(BAD_VALUE[1])
        addresses.write(self._access, address, value)
        return ACKNOWLEDGE

    def _execute(self, kind, data, is_last):
        self._written = None
        name, value = _data_set(data, is_last)
        for known, command, wanted in COMMANDS:
            if known == name:
                self._access.command(command, **arguments(wanted, value or ""))
                return ACKNOWLEDGE
        return codec.error(*UNKNOWN_COMMAND)


def _data_set(data, is_last):
    """Return (address, value) of a data set. ValueError."""
    found = codec.parse_data_set(data) if is_last else None
    if found is None:
        raise ValueError("no data set")
    if len(found[0]) > LONGEST_ADDRESS:
        raise KeyError(found[0])
    return found


# command, its types, what it does
_COMMANDS = (
    ("P", "1", Programming._login),
    ("R", "1356", Programming._read),
    ("W", "15", Programming._write),
    ("W", "3", Programming._write_block),
    ("E", "2", Programming._execute),
)
