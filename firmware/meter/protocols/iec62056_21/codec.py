"""The messages of IEC 62056-21, clause 6.3, as bytes.

    request           / ? address ! CR LF                     reader
    identification    / X X X Z [\\ W] identification CR LF    meter; XXX manufacturer, Z baud rate, W what else it can
    option select     ACK V Z Y CR LF                         reader; V procedure, Z baud rate, Y mode
    data              STX line CR LF ... ! CR LF ETX BCC      meter
    command           SOH C D [STX data] ETX BCC              either; B 0 is the break
    answer            STX data ETX BCC                        meter, in programming mode; an error is data, too
    partial block     the last two with EOT for ETX           more follows
    acknowledgement   ACK                                     either
    repeat request    NAK                                     either

The block check character BCC (ISO 1155) is the exclusive or of all after the first SOH or STX, up to and with
ETX or EOT. Characters have 7 bits.
"""

SOH = 0x01
STX = 0x02
ETX = 0x03
EOT = 0x04
ACK = 0x06
LF = 0x0A
NAK = 0x15
SLASH = 0x2F

# Clause 6.3.14, 13): the place in this tuple is the baud rate character of modes C and E; mode B has A for 600.
BAUD_RATES = (300, 600, 1200, 2400, 4800, 9600, 19200)
_MODE_B = "?ABCDEF"
_MODE_A = "Z"  # any character that neither mode B nor mode C uses
# 24): \\2 says that binary mode is there, HDLC. It counts as part of the identification, as old readers take it.
HDLC_ESCAPE = "\\2"

INITIAL_BAUD = 300
ADDRESS_LIMIT = 32
IDENTIFICATION_LIMIT = 16
ERROR_LIMIT = 32
COMMAND_LIMIT = 400  # of a command message: the standard's 128 characters of a value, and more for settings
RESERVED = "()*/!"
_RESERVED = RESERVED + "\\"


def bcc(data):
    """Return the block check character of data, an int. data: what follows the first SOH or STX, with ETX."""
    check = 0
    for byte in data:
        check ^= byte & 0x7F
    return check


def framed(start, body, end=ETX):
    """Return body between a start character and ETX, with its BCC. start: SOH or STX. end: EOT if more follows."""
    checked = bytes(body) + bytes((end,))
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


def baud_character(rate, mode):
    """Return the baud rate character by which a protocol mode ("A", "B", "C", "E") offers a rate. ValueError."""
    if mode == "A":
        return _MODE_A
    if rate not in BAUD_RATES or mode == "B" and rate == INITIAL_BAUD:
        raise ValueError("mode %s offers no %s baud" % (mode, rate))
    place = BAUD_RATES.index(rate)
    return _MODE_B[place] if mode == "B" else chr(0x30 + place)


def offered(character):
    """Return (protocol mode, rate) that the baud rate character of an identification offers: "C" is also said by E."""
    if character in _MODE_B[1:]:
        return "B", BAUD_RATES[_MODE_B.index(character)]
    rate = baud_rate(character)
    return ("C", rate) if rate is not None else ("A", INITIAL_BAUD)


def baud_rate(character):
    """Return the baud rate of a baud rate character of mode C, or None if it has none."""
    place = ord(character) - 0x30
    return BAUD_RATES[place] if 0 <= place < len(BAUD_RATES) else None


def printable(text, limit):
    """Return text without the characters that would break a message, cut to limit characters."""
    return "".join([c for c in text if " " <= c <= "~" and c not in _RESERVED])[:limit]


def identification(manufacturer, baud_character, model, escape=""):
    """Return the identification message. manufacturer: three letters; a small third one promises 20 ms.

    escape: HDLC_ESCAPE, or nothing.
    """
    name = escape + printable(model, IDENTIFICATION_LIMIT - len(escape))
    return ("/" + printable(manufacturer, 3) + baud_character + name + "\r\n").encode()


def is_identification(message):
    """Return True if message is some meter's identification: a slash, three letters and more."""
    return len(message) > 6 and message[1:4].isalpha()


def option_select(procedure, baud, mode):
    """Return an option select message: a meter confirms mode E with one. All are characters."""
    return bytes((ACK,)) + (procedure + baud + mode + "\r\n").encode()


def parse_command(message):
    """Return (command, type, data, is last) of a command from SOH to BCC, or None if it is malformed.

    command: "R" and the like. type: a digit. data: bytes of the data set, or None if there is none.
    """
    head, body = bytes(message[1:3]), bytes(message[3:-2])
    if len(message) < 5 or not (0x41 <= head[0] <= 0x5A and 0x30 <= head[1] <= 0x39):
        return None
    if body and body[0] != STX:
        return None
    return chr(head[0]), chr(head[1]), body[1:] if body else None, message[-2] == ETX


def parse_data_set(data):
    """Return (address, value) of a data set, or None if it is none. value: text between the outer brackets, or None.

    data: bytes. Clause 6.3.14, 20): the address may be missing, which is "", and in a read command so may the value.
    """
    if not all([0x20 <= byte < 0x7F for byte in data]):
        return None
    text = bytes(data).decode()
    at = text.find("(")
    if at < 0:
        return (text, None) if text and ")" not in text else None
    return (text[:at], text[at + 1 : -1]) if text[-1] == ")" else None


def data_line(obis, value, unit=""):
    """Return one data line without its end, such as 1-0:1.8.0(00001234.567*kWh). All are text."""
    return obis + "(" + value + ("*" + unit if unit else "") + ")"


def data_block(lines):
    """Return the data message of these data lines: bytes from STX to BCC."""
    return framed(STX, ("\r\n".join(lines) + "\r\n!\r\n").encode())


def error(code, text=""):
    """Return an error message of programming mode, such as (ER02 no such address): bytes from STX to BCC."""
    words = printable((code + " " + text) if text else code, ERROR_LIMIT)
    return framed(STX, ("(" + words.rstrip() + ")").encode())
