"""The messages of IEC 62056-21, clause 6.3, as bytes.

    request           / ? address ! CR LF                     reader
    identification    / X X X Z identification CR LF          meter; XXX manufacturer, Z baud rate
    option select     ACK V Z Y CR LF                         reader; V procedure, Z baud rate, Y mode
    data              STX line CR LF ... ! CR LF ETX BCC      meter
    command           SOH C D [STX data] ETX BCC              either; B 0 is the break
    repeat request    NAK                                     reader

The block check character BCC (ISO 1155) is the exclusive or of all after the first SOH or STX, up to and with
ETX. Characters have 7 bits.
"""

SOH = 0x01
STX = 0x02
ETX = 0x03
ACK = 0x06
LF = 0x0A
NAK = 0x15
SLASH = 0x2F

# Clause 6.3.14: the place in this tuple is the baud rate character of mode C.
BAUD_RATES = (300, 600, 1200, 2400, 4800, 9600, 19200)

ADDRESS_LIMIT = 32
IDENTIFICATION_LIMIT = 16
_RESERVED = "()*/!\\"


def bcc(data):
    """Return the block check character of data, an int. data: what follows the first SOH or STX, with ETX."""
    check = 0
    for byte in data:
        check ^= byte & 0x7F
    return check


def framed(start, body):
    """Return body between a start character and ETX, with its BCC. start: SOH or STX."""
    checked = bytes(body) + bytes((ETX,))
    return bytes((start,)) + checked + bytes((bcc(checked),))


BREAK = framed(SOH, b"B0")


def parse_request(message):
    """Return the address of a request message, "" for the general one, or None if it is not a request."""
    text = message.rstrip(b"\r\n")
    if len(text) < 3 or text[:2] != b"/?" or text[-1:] != b"!":
        return None
    address = text[2:-1]
    if len(address) > ADDRESS_LIMIT or b"!" in address or not all(0x20 <= byte < 0x7F for byte in address):
        return None
    return address.decode()


def same_address(asked, own):
    """Return True if a request for `asked` is for the meter `own`. Leading zeros do not count."""
    return asked == "" or asked.lstrip("0") == own.lstrip("0")


def parse_option_select(message):
    """Return (V, Z, Y), one character each, or None if the message is malformed."""
    text = message[1:].rstrip(b"\r\n")
    if len(text) != 3 or not all(0x30 <= byte <= 0x39 for byte in text):
        return None
    return tuple(chr(byte) for byte in text)


def baud_rate(character):
    """Return the baud rate of a baud rate character of mode C, or None if it has none."""
    place = ord(character) - 0x30
    return BAUD_RATES[place] if 0 <= place < len(BAUD_RATES) else None


def printable(text, limit):
    """Return text without the characters that would break a message, cut to limit characters."""
    return "".join([c for c in text if " " <= c <= "~" and c not in _RESERVED])[:limit]


def identification(manufacturer, baud_character, model):
    """Return the identification message. manufacturer: three letters; a small third one promises 20 ms."""
    name = printable(model, IDENTIFICATION_LIMIT)
    return ("/" + printable(manufacturer, 3) + baud_character + name + "\r\n").encode()


def is_identification(message):
    """Return True if message is some meter's identification: a slash, three letters and more."""
    return len(message) > 6 and message[1:4].isalpha()


def data_line(obis, value, unit=""):
    """Return one data line without its end, such as 1-0:1.8.0(00001234.567*kWh). All are text."""
    return obis + "(" + value + ("*" + unit if unit else "") + ")"


def data_block(lines):
    """Return the data message of these data lines: bytes from STX to BCC."""
    return framed(STX, ("\r\n".join(lines) + "\r\n!\r\n").encode())
