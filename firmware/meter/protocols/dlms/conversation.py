"""What is said over one link, APDU by APDU: associations come and go, requests are deciphered, served and ciphered.

One client at a time: an AARQ of another client ends the association of the one before.
"""

from meter.compat import const
from meter.protocols.dlms import acse
from meter.protocols.dlms import apdu as apdus
from meter.protocols.dlms.association import NOT_ASSOCIATED, Association
from meter.protocols.dlms.axdr import BadData
from meter.protocols.dlms.security import DECIPHERING, INVOCATION_COUNTER, SecurityError
from meter.protocols.dlms.services import Services

MANAGEMENT_DEVICE = const(1)  # the logical device: there is one
_PLAIN = (apdus.GET, apdus.SET, apdus.ACTION)


class Conversation:
    """device: Device. visitor: Visitor.

    max_pdu     the longest APDU that is taken, bytes
    peer        address of who is at the other end, as text
    bad_apdus   how many were refused as damaged, unknown or wrongly ciphered
    """

    def __init__(self, device, visitor):
        self.max_pdu = device.max_pdu
        self.bad_apdus = 0
        self._association = Association(visitor, device)
        self._services = Services(self._association, device)
        self._client = None

    @property
    def peer(self):
        """See above."""
        return self._association.peer

    @peer.setter
    def peer(self, peer):
        self._association.peer = peer

    @property
    def is_associated(self):
        """True while a client has an association, or is about to."""
        return self._association.status != NOT_ASSOCIATED

    def serves(self, server):
        """Return True if there is a logical device at this address."""
        return server == MANAGEMENT_DEVICE

    def receive(self, client, server, apdu, now):
        """Answer an APDU. client, server: service access points. now: uptime, ms.

        Return the answer's bytes, b"" if there is none, None if it is still at work: call work().
        """
        try:
            if len(apdu) > self.max_pdu:
                return self._refused(apdus.PDU_TOO_LONG)
            return self._handled(client, bytes(apdu), now)
        except BadData:
            return self._refused(apdus.OTHER_REASON)
        except SecurityError as error:
            self._association.untaken(error)
            return self._refused(*_cause(error))

    def _handled(self, client, apdu, now):
        tag = apdu[0] if apdu else 0
        association = self._association
        if tag == acse.AARQ:
            answer = association.open(client, apdu, now)
            self._services.reset()
            self._client = client
            return answer
        if association.status == NOT_ASSOCIATED or client != self._client:
            return self._refused(apdus.OPERATION_NOT_POSSIBLE)
        if tag == acse.RLRQ:
            return self._released(apdu, now)
        ciphering = association.ciphering
        if ciphering is None:
            if tag not in _PLAIN:
                return self._refused(apdus.SERVICE_NOT_SUPPORTED, apdus.UNKNOWN)
            return self._services.serve(apdu, association.size, now)
        if tag in _PLAIN:
            return self._refused(apdus.OPERATION_NOT_POSSIBLE)
        plain = ciphering.unprotect(apdu)
        # The answer is ciphered as the request was, also if the association has ended with it.
        return _protected(self._services.serve(plain, association.size - ciphering.overhead, now), ciphering)

    def work(self, now):
        """Go on with what receive() has begun. Returns as receive()."""
        return _protected(self._services.work(now), self._association.ciphering)

    def _released(self, apdu, now):
        """Answer an RLRQ. Its user-information, where a ciphered association has some, must be the client's."""
        ciphering, information = self._association.ciphering, acse.release_information(apdu)
        if ciphering and information:
            ciphering.unprotect(information)
        self.release(now)
        return acse.released()

    def release(self, now):
        """The link has gone: the association ends."""
        self._services.reset()
        self._association.release(now)
        self._client = None

    def _refused(self, service, state=apdus.NOT_ALLOWED, counter=None):
        self.bad_apdus += 1
        return apdus.exception(state, service, counter)


def _protected(answer, ciphering):
    return ciphering.protect(answer) if answer and ciphering else answer


def _cause(error):
    """Return (service error, state error, counter) for what was wrongly ciphered."""
    if error.kind == INVOCATION_COUNTER:
        return apdus.INVOCATION_COUNTER, apdus.NOT_ALLOWED, error.counter
    if error.kind == DECIPHERING:
        return apdus.DECIPHERING, apdus.NOT_ALLOWED, None
    return apdus.OPERATION_NOT_POSSIBLE, apdus.NOT_ALLOWED, None
