"""Ciphered APDUs of the client: security suite 0, AES-128-GCM (IEC 62056-5-3, 5.3 and 9.2).

    tag  length  30 counter  ciphertext  GMAC           glo-... and general-glo-ciphering
    10 counter  GMAC                                    the proof of high-level security, mechanism 5

The initialisation vector is the sender's system title and its counter; what is authenticated besides is the security
control byte and the authentication key, of a proof the other's challenge too.
"""

import struct

from meter.protocols.dlms import axdr
from meter.protocols.dlms.axdr import BadData, length
from meter.protocols.dlms.gcm import TAG, Gcm

from ferraris.dlms.apdus import AnswerError
from ferraris.dlms.key_file import KeyFile

AUTHENTICATED, CIPHERED = 0x10, 0x30
OVERHEAD = 1 + 5 + 1 + 4 + TAG
GENERAL = 0xDB
# plain tag: ciphered tag of our requests
_REQUESTS = {0x01: 0x21, 0xC0: 0xC8, 0xC1: 0xC9, 0xC3: 0xCB}
_ANSWERS = (0x28, 0xCC, 0xCD, 0xCF)
_PLAIN = (0xD8, 0x0E)  # exception response, service error: they are never ciphered


class Sealing:
    """keys: KeyFile. title: the meter's system title, once it is known.

    Answers whose counter does not go up are refused.
    """

    def __init__(self, keys: KeyFile) -> None:
        self.keys, self.title = keys, b""
        self._cipher = Gcm(keys.encryption_key)
        self._last = -1

    def rekey(self) -> None:
        """The key file has other keys now."""
        self._cipher = Gcm(self.keys.encryption_key)

    def protect(self, apdu: bytes) -> bytes:
        """Return a request, encrypted and authenticated."""
        counter = self.keys.counter()
        head = struct.pack(">BI", CIPHERED, counter)
        vector = self.keys.system_title + head[1:]
        body = self._cipher.cipher(vector, apdu)
        sealed = head + body + self._cipher.tag(vector, self._header(CIPHERED), body)
        return bytes((_REQUESTS[apdu[0]],)) + bytes(length(len(sealed))) + sealed

    def unprotect(self, apdu: bytes) -> bytes:
        """Return the plain answer. AnswerError if it is not the meter's."""
        if apdu[:1] and apdu[0] in _PLAIN:
            return apdu
        try:
            if apdu[:1] == bytes((GENERAL,)):
                size, at = axdr.read_length(apdu, 1)
                title, at = apdu[at : at + size], at + size
                self.title = self.title or title
            elif apdu[:1] and apdu[0] in _ANSWERS:
                at = 1
            else:
                raise AnswerError(f"an answer that is not ciphered: {apdu[:16].hex()}")
            size, at = axdr.read_length(apdu, at)
        except BadData as error:
            raise AnswerError(f"not a ciphered answer: {apdu[:16].hex()}") from error
        sealed = apdu[at:]
        if len(sealed) != size or size < 5 + TAG or sealed[0] != CIPHERED:
            raise AnswerError(f"not a ciphered answer: {apdu[:16].hex()}")
        counter = int.from_bytes(sealed[1:5], "big")
        vector, body, tag = self.title + sealed[1:5], sealed[5:-TAG], sealed[-TAG:]
        if not self._cipher.is_genuine(tag, vector, self._header(CIPHERED), body):
            raise AnswerError("the meter's answer is ciphered with another key, or was changed on its way")
        if counter <= self._last:
            raise AnswerError("an answer was sent twice: somebody replays what the meter has said")
        self._last = counter
        return bytes(self._cipher.cipher(vector, body))

    def gmac(self, challenge: bytes) -> bytes:
        """Return the proof that we have the keys, for the meter's challenge."""
        head = struct.pack(">BI", AUTHENTICATED, self.keys.counter())
        header = self._header(AUTHENTICATED) + challenge
        return head + bytes(self._cipher.tag(self.keys.system_title + head[1:], header))

    def is_gmac(self, proof: bytes, challenge: bytes) -> bool:
        """Return True if the meter has proved that it has the keys. challenge: ours."""
        if not isinstance(proof, bytes) or len(proof) != 5 + TAG or proof[0] != AUTHENTICATED:
            return False
        header = self._header(AUTHENTICATED) + challenge
        return bool(self._cipher.is_genuine(proof[5:], self.title + proof[1:5], header))

    def _header(self, control: int) -> bytes:
        return bytes((control,)) + self.keys.authentication_key
