"""An association with a meter: get, set and action, long values in blocks, ciphered where there are keys.

with Client(link, secret=b"reader:reader") as meter:
    meter.read(Attribute(3, "1.0.1.8.0.255"))
"""

import os
from typing import Any, Protocol, Self

from meter.protocols.dlms import acse, axdr
from meter.protocols.dlms.axdr import BadData, Data
from meter.protocols.dlms.objects.names import ASSOCIATION_CLASS, REPLY_TO_HLS

from ferraris.dlms import apdus
from ferraris.dlms.apdus import AnswerError, Attribute
from ferraris.dlms.key_file import KeyFile
from ferraris.dlms.sealing import OVERHEAD, Sealing
from ferraris.errors import ClientError

CURRENT = "0.0.40.0.0.255"
LIST = 16  # attributes in a get with list
CHALLENGE = 16
_BLOCK = 40  # bytes of a request with a block, besides it
_LARGEST = 64 << 20  # bytes of a value: more than any meter has


class Link(Protocol):
    """What carries APDUs (links.py)."""

    def open(self) -> None:
        """Make the connection, up to where an association can begin."""

    def exchange(self, apdu: bytes) -> bytes:
        """Send a request and return the answer. ClientError."""

    def close(self) -> None:
        """End it."""


class Client:
    """link: Link. secret: of low-level security, or None. keys: KeyFile of the management client, or None.

    largest: the longest APDU that the meter takes.
    """

    def __init__(self, link: Link, secret: bytes | None = None, keys: KeyFile | None = None) -> None:
        self.link, self._secret = link, secret
        self._sealing = Sealing(keys) if keys else None
        self._is_ciphered = False
        self.largest = 0

    def __enter__(self) -> Self:
        self.link.open()
        try:
            self.associate()
        except BaseException:
            self.link.close()
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        try:
            if kind is None:
                self.release()
        finally:
            self.link.close()

    # The association.

    def associate(self) -> None:
        """Open the association. AnswerError if the meter refuses."""
        self._is_ciphered = False
        wanted = apdus.initiate_request()
        if self._sealing:
            self._associate_with_keys(wanted)
        elif self._secret is None:
            self._take(self.link.exchange(apdus.aarq(wanted)))
        else:
            self._take(self.link.exchange(apdus.aarq(wanted, mechanism=acse.LOW, secret=self._secret)))

    def _take(self, answer: bytes) -> apdus.Accepted:
        accepted = apdus.accepted(answer)
        information = accepted.information
        if self._sealing:
            self._sealing.title = accepted.title
            information = self._sealing.unprotect(information)
        self.largest = apdus.largest_apdu(information) or apdus.SIZE
        return accepted

    def _associate_with_keys(self, wanted: bytes) -> None:
        """High-level security with GMAC: each proves that it has the keys, by the other's challenge."""
        sealing, ours = self._sealing, os.urandom(CHALLENGE)
        assert sealing
        request = apdus.aarq(
            sealing.protect(wanted), acse.LN_CIPHERED, acse.HIGH_GMAC, ours, sealing.keys.system_title
        )
        accepted = self._take(self.link.exchange(request))
        self._is_ciphered = True
        reply = Attribute(ASSOCIATION_CLASS, CURRENT, REPLY_TO_HLS)
        try:
            returned = self.act(reply, axdr.octets(sealing.gmac(accepted.challenge)))
        except AnswerError as error:
            raise AnswerError(f"the meter refuses our keys: {error}", error.result) from error
        if returned is None or not sealing.is_gmac(returned.value, ours):
            raise AnswerError("whoever answers does not have the meter's keys")

    def release(self) -> None:
        """End the association. What the meter says to that does not matter."""
        try:
            sealed = self._sealing.protect(apdus.initiate_request()) if self._sealing else b""
            self.link.exchange(apdus.rlrq(sealed))
        except ClientError:
            pass
        self._is_ciphered = False

    @property
    def keys(self) -> KeyFile | None:
        """The keys of the management client, None for others."""
        return self._sealing.keys if self._sealing else None

    def rekey(self) -> None:
        """The keys have changed: what follows is ciphered with the new ones."""
        if self._sealing:
            self._sealing.rekey()

    def ask(self, request: bytes) -> bytes:
        """Send a request, ciphered if the association is, and return the plain answer."""
        if not (self._sealing and self._is_ciphered):
            return self.link.exchange(request)
        return self._sealing.unprotect(self.link.exchange(self._sealing.protect(request)))

    @property
    def _room(self) -> int:
        """Bytes of a plain request."""
        return self.largest - (OVERHEAD if self._is_ciphered else 0)

    # Get.

    def get(self, attribute: Attribute) -> bytes:
        """Return an attribute as A-XDR. AnswerError."""
        return self._whole(self.ask(apdus.get(attribute)))

    def read(self, attribute: Attribute) -> Data:
        """Return an attribute. AnswerError."""
        return _data(self.get(attribute))

    def read_list(self, attributes: list[Attribute]) -> list[Data | AnswerError]:
        """Return attributes, or why one cannot be read, in as few requests as is polite."""
        found: list[Data | AnswerError] = []
        for first in range(0, len(attributes), LIST):
            some = attributes[first : first + LIST]
            found += apdus.results(self._whole(self.ask(apdus.get_list(some))), len(some))
        return found

    def _whole(self, answer: bytes) -> bytes:
        """Fetch the blocks that follow a first answer, and return all together."""
        part, data, number = apdus.got(answer), bytearray(), 0
        while True:
            data += part.data
            if len(data) > _LARGEST:
                raise AnswerError(f"the meter sends more than {_LARGEST} bytes")
            if part.number and part.number != number + 1:
                raise AnswerError(f"block {part.number} came, {number + 1} is due")
            if part.last:
                return bytes(data)
            number = part.number
            part = apdus.got(self.ask(apdus.get_next(number)))

    # Set and action.

    def set(self, attribute: Attribute, data: bytes) -> None:
        """Set an attribute. data: A-XDR. AnswerError."""
        request = apdus.set_to(attribute, data)
        if len(request) <= self._room:
            apdus.check_set(self.ask(request))
            return
        for number, last, block in self._blocks(data):
            first = apdus.set_first(attribute, last, block)
            apdus.check_set(self.ask(first if number == 1 else apdus.set_block(last, number, block)))

    def act(self, method: Attribute, data: bytes | None = None) -> Data | None:
        """Invoke a method and return what it returns. data: A-XDR. AnswerError."""
        request = apdus.action(method, data)
        if len(request) <= self._room or data is None:
            return apdus.acted(self.ask(request))
        returned = None
        for number, last, block in self._blocks(data):
            first = apdus.action_first(method, last, block)
            returned = apdus.acted(
                self.ask(first if number == 1 else apdus.action_block(last, number, block))
            )
        return returned

    def _blocks(self, data: bytes) -> list[tuple[int, bool, bytes]]:
        """Return (number, is it the last, bytes) of the blocks of a value."""
        size = max(1, self._room - _BLOCK)
        pieces = [data[at : at + size] for at in range(0, len(data), size)]
        return [(number, number == len(pieces), piece) for number, piece in enumerate(pieces, 1)]


def _data(encoded: bytes) -> Any:
    try:
        return axdr.read_whole(encoded)
    except BadData as error:
        raise AnswerError(f"the meter's data is no A-XDR: {error}") from error
