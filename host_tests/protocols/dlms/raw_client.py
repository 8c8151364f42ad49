"""A client by the standard's bytes, for the tests: nothing of ours in it but the reading of values.

Ciphering is done by the package `cryptography` (IEC 62056-5-3, 5.3: AES-GCM-128, 12-byte tags; nonce: system title and
invocation counter; additional data: security control and authentication key).
"""

import struct

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from meter.protocols.dlms import axdr

TITLE = b"TST\x00\x00\x00\x00\x01"
UNICAST = bytes(range(16))
AUTHENTICATION = bytes.fromhex("D0D1D2D3D4D5D6D7D8D9DADBDCDDDEDF")
CHALLENGE = bytes(range(16, 32))
_INITIATE = bytes.fromhex("01000000065F1F0400FFFFFF")


class Refused(Exception):
    """The association was refused: the AARE, bytes."""


class RawClient:
    """receive(client, apdu): hands an APDU to the meter and returns its answer. size: the largest APDU it takes."""

    def __init__(self, receive, sap, size=0, counter=1, keys=(UNICAST, AUTHENTICATION), title=TITLE):
        self._receive = receive
        self.sap, self.size = sap, size
        self.counter = counter
        self.unicast, self.authentication = keys
        self.title, self.meter_title = title, None
        self.is_ciphered = False

    # Associations

    def open(self, secret=None, user=None):
        """Associate without security, or with low-level security."""
        body = bytes.fromhex("A109060760857405080101")
        if user is not None:
            body += b"\xa9\x03\x02\x01" + bytes((user,))
        if secret is not None:
            body += bytes.fromhex("8A0207808B0760857405080201") + _field(0xAC, _field(0x80, secret))
        self._associated(self.send(_field(0x60, body + self._information(_INITIATE))), 0)
        return self

    def open_with_keys(self, dedicated=None):
        """Associate with high-level security, mechanism 5, and ciphered APDUs."""
        wanted = _INITIATE if dedicated is None else b"\x01\x01\x10" + dedicated + _INITIATE[2:]
        body = bytes.fromhex("A109060760857405080103") + _field(0xA6, _field(0x04, self.title))
        body += bytes.fromhex("8A0207808B0760857405080205") + _field(0xAC, _field(0x80, CHALLENGE))
        ciphered = self.cipher(0x21, wanted + struct.pack(">H", self.size))
        answer = self.send(_field(0x60, body + _field(0xBE, _field(0x04, ciphered))))
        found = self._associated(answer, 14)
        self.meter_title, challenge = found[0xA4][2:], found[0xAA][2:]
        self.is_ciphered = True
        head = b"\x10" + struct.pack(">I", self._next())
        reply = head + self._gmac(self.title, head, challenge)
        returned = self.act(15, "0.0.40.0.0.255", 1, axdr.octets(reply))
        assert returned[0] == 0, returned
        theirs = axdr.read_whole(returned[1]).value
        assert theirs[5:] == self._gmac(self.meter_title, theirs[:5], CHALLENGE), "the meter's reply is wrong"
        return self

    def _information(self, wanted):
        return _field(0xBE, _field(0x04, wanted + struct.pack(">H", self.size)))

    def _associated(self, answer, diagnostic):
        found, at = {}, 2 if answer[1] < 0x80 else 3
        while at < len(answer):
            size = answer[at + 1]
            found[answer[at]] = answer[at + 2 : at + 2 + size]
            at += 2 + size
        if answer[0] != 0x61 or found[0xA2][-1] or found[0xA3][-1] != diagnostic:
            raise Refused(answer)
        return found

    # Services

    def get(self, class_id, obis, attribute, selection=b"\x00"):
        """Return (0, A-XDR bytes) or (result, None). Blocks are asked for."""
        answer = self.ask(b"\xc0\x01\xc1" + target(class_id, obis, attribute) + selection)
        if answer[:2] == b"\xc4\x01":
            return (answer[4], None) if answer[3] else (0, answer[4:])
        data, number = b"", 1
        while True:
            assert answer[:2] == b"\xc4\x02" and answer[4:8] == struct.pack(">I", number), answer[:20].hex()
            if answer[8]:
                return answer[9], None
            data += answer[axdr.read_length(answer, 9)[1] :]
            if answer[3]:
                return 0, data
            answer = self.ask(b"\xc0\x02\xc1" + struct.pack(">I", number))
            number += 1

    def value(self, class_id, obis, attribute=2, selection=b"\x00"):
        """Return an attribute as axdr.Data."""
        result, data = self.get(class_id, obis, attribute, selection)
        assert result == 0, f"{class_id} {obis} {attribute}: result {result}"
        return axdr.read_whole(data)

    def set(self, class_id, obis, attribute, data):
        """Return the result."""
        answer = self.ask(b"\xc1\x01\xc1" + target(class_id, obis, attribute) + b"\x00" + data)
        assert answer[:3] == b"\xc5\x01\xc1" and len(answer) == 4, answer.hex()
        return answer[3]

    def act(self, class_id, obis, method, data=None):
        """Return (result, A-XDR bytes or None)."""
        tail = b"\x00" if data is None else b"\x01" + data
        answer = self.ask(b"\xc3\x01\xc1" + target(class_id, obis, method) + tail)
        assert answer[:3] == b"\xc7\x01\xc1", answer.hex()
        return answer[3], answer[6:] if answer[4] else None

    # Carrying

    def ask(self, apdu):
        """Send a plain request, ciphered where the association is, and return the plain answer."""
        if not self.is_ciphered:
            return self.send(apdu)
        answer = self.send(self.cipher(apdu[0] + 8, apdu))
        return answer if answer[0] == 0xD8 else self.decipher(answer)

    def send(self, apdu):
        """Send bytes as they are."""
        return self._receive(self.sap, apdu)

    def _next(self):
        self.counter += 1
        return self.counter - 1

    def cipher(self, tag, plain, control=0x30, counter=None):
        """Return a ciphered APDU, authenticated and encrypted."""
        head = bytes((control,)) + struct.pack(">I", self._next() if counter is None else counter)
        coder = self._gcm(self.title, head[1:]).encryptor()
        coder.authenticate_additional_data(head[:1] + self.authentication)
        text = coder.update(plain) + coder.finalize()
        return _field(tag, head + text + coder.tag[:12])

    def decipher(self, apdu):
        """Return the plain APDU of a ciphered one of the meter."""
        _, at = axdr.read_length(apdu, 1)
        head, text, tag = apdu[at : at + 5], apdu[at + 5 : -12], apdu[-12:]
        coder = self._gcm(self.meter_title, head[1:], tag).decryptor()
        coder.authenticate_additional_data(head[:1] + self.authentication)
        return coder.update(text) + coder.finalize()

    def _gmac(self, title, head, challenge):
        coder = self._gcm(title, head[1:]).encryptor()
        coder.authenticate_additional_data(head[:1] + self.authentication + challenge)
        coder.finalize()
        return coder.tag[:12]

    def _gcm(self, title, counter, tag=None):
        return Cipher(algorithms.AES(self.unicast), modes.GCM(title + counter, tag, min_tag_length=12))


def target(class_id, obis, number):
    """Return the descriptor of an attribute or method."""
    return struct.pack(">H6sb", class_id, bytes(int(part) for part in obis.split(".")), number)


def _field(tag, contents):
    return bytes((tag,)) + axdr.length(len(contents)) + contents
