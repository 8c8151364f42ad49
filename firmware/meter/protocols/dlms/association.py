"""One application association: who the client is, how it has authenticated, and what it may do.

    NOT_ASSOCIATED  --AARQ-->  ASSOCIATED                       public client; reader with a right password
                    --AARQ-->  PENDING  --reply to HLS-->  ASSOCIATED    management

In PENDING nothing is served but the reply. A client that fails, releases or goes leaves NOT_ASSOCIATED.
"""

from meter.access.errors import Denied, Refused
from meter.compat import const
from meter.protocols.dlms import acse, clients, initiate
from meter.protocols.dlms.axdr import BadData
from meter.protocols.dlms.objects.base import FREE, KEYED, OTHER_REASON, AccessError, Context
from meter.protocols.dlms.security import Ciphering, SecurityError

NOT_ASSOCIATED = const(0)
PENDING = const(1)
ASSOCIATED = const(2)

CHALLENGE = const(16)  # bytes
_SHORTEST, _LONGEST = const(8), const(64)  # of a client's challenge


class Association:
    """visitor: Visitor. device: Device.

    status      of above
    client      Client, None before an AARQ
    conformance, size   what both sides can do; the client's largest APDU, bytes
    ciphering   Ciphering, or None: APDUs are plain
    context     Context of its requests
    """

    def __init__(self, visitor, device):
        self._visitor, self._device = visitor, device
        self.context = Context(visitor, self, device)
        self.peer = ""
        self._forget()

    def _forget(self):
        self.status, self.client, self.ciphering = NOT_ASSOCIATED, None, None
        self.conformance = self.size = 0
        self.challenge = self._theirs = None

    def release(self, now):
        """The association ends. now: uptime, ms."""
        if self.status != NOT_ASSOCIATED:
            self._visitor.off()
        if self.ciphering:
            self._visitor.keys.settle(now)
        self._forget()

    # Opening.

    def open(self, sap, apdu, now):
        """Answer an AARQ of the client at a service access point. BadData if it is none; then nothing has changed."""
        asked = acse.request(apdu)
        self.release(now)
        client = clients.find(sap)
        diagnostic = _refusal(client, asked)
        if diagnostic:
            return acse.response(asked.context or acse.LN, acse.REJECTED, diagnostic)
        ciphering = Ciphering(self._visitor.keys) if client.context == acse.LN_CIPHERED else None
        try:
            proposal = self._proposal(asked, ciphering)
        except SecurityError as error:
            self.untaken(error)
            return acse.response(asked.context, acse.REJECTED, acse.AUTHENTICATION_FAILURE)
        problem = _problem(proposal)
        if problem:
            information = initiate.error(problem)
            return acse.response(asked.context, acse.REJECTED, acse.NO_REASON, information)
        self._visitor.on(self.peer)
        if client.mechanism == acse.LOW and not self._has_logged_in(asked):
            self._visitor.off()
            return acse.response(asked.context, acse.REJECTED, acse.AUTHENTICATION_FAILURE)
        self.client, self.ciphering = client, ciphering
        self.conformance = proposal.conformance & initiate.OURS
        self.size = min(proposal.size or 0xFFFF, self._device.max_pdu)
        information = initiate.response(self.conformance, self._device.max_pdu)
        if client.mechanism == acse.HIGH_GMAC:
            return self._challenge(asked, information)
        self.status = ASSOCIATED
        return acse.response(asked.context, acse.ACCEPTED, acse.NO_DIAGNOSTIC, information)

    def untaken(self, error):
        """Tell the security log of a frame that was wrongly ciphered. error: SecurityError."""
        self._visitor.refused("DLMS frame: %s" % error.kind)

    def _proposal(self, asked, ciphering):
        """Return the Initiate of an AARQ. A ciphered context wants it ciphered."""
        information = asked.information
        if information is None:
            raise BadData("the AARQ has no user-information")
        if ciphering:
            ciphering.client_title = asked.title
            if information[:1] != bytes((initiate.REQUEST,)):
                information = ciphering.unprotect(information)
        proposal = initiate.request(information)
        if ciphering and proposal.dedicated:
            ciphering.dedicated = proposal.dedicated
        return proposal

    def _has_logged_in(self, asked):
        """Log in with the secret: user:password, or the password of the user whose slot is named."""
        secret = asked.secret or b""
        try:
            if asked.user is not None:
                self._visitor.login_slot(asked.user, secret)
            else:
                user, _, password = secret.partition(b":")
                self._visitor.login(user, password)
        except (Denied, Refused):
            return False
        return True

    def _challenge(self, asked, information):
        self.status = PENDING
        self._theirs, self.challenge = asked.secret, self._device.random_bytes(CHALLENGE)
        return acse.response(
            asked.context,
            acse.ACCEPTED,
            acse.AUTHENTICATION_REQUIRED,
            self.ciphering.protect(information),
            self._visitor.keys.system_title,
            acse.HIGH_GMAC,
            self.challenge,
        )

    def reply(self, given):
        """Take the reply to our challenge, return ours to the client's: bytes. AccessError: the association ends."""
        if self.status != PENDING:
            raise AccessError(OTHER_REASON)
        try:
            self._visitor.login_by_key(self.ciphering.check_gmac(given, self.challenge))
        except (Denied, Refused, SecurityError):
            self.release(self.context.now)
            raise AccessError(OTHER_REASON)
        self.status = ASSOCIATED
        return self.ciphering.gmac(self._theirs)

    # Rights.

    def may(self, right):
        """Return True if the client has a right of objects.base."""
        if right is None or self.status != ASSOCIATED or not clients.is_open_to(self.client, right):
            return False
        if right == FREE or right == KEYED:
            return True
        kind, _, what = right.partition(":")
        if kind == "read":
            return self._visitor.may_read(what)
        return self._visitor.may_command(what) if kind == "command" else self._visitor.may_set(what)


def _refusal(client, asked):
    """Return the diagnostic with which an AARQ is refused, 0 if it is not."""
    if client is None:
        return acse.NO_REASON
    if asked.context != client.context:
        return acse.CONTEXT_NOT_SUPPORTED
    if asked.mechanism is None:
        return acse.MECHANISM_NOT_RECOGNISED
    if asked.mechanism != client.mechanism:
        return acse.MECHANISM_REQUIRED if asked.mechanism == acse.LOWEST else acse.MECHANISM_NOT_RECOGNISED
    if client.mechanism == acse.HIGH_GMAC:
        if asked.title is None or len(asked.title) != 8:
            return acse.TITLE_NOT_RECOGNISED
        if not _SHORTEST <= len(asked.secret or b"") <= _LONGEST:
            return acse.AUTHENTICATION_FAILURE
    return acse.NO_DIAGNOSTIC


def _problem(proposal):
    """Return the reason for which an Initiate is refused, 0 if it is not."""
    if proposal.version < initiate.VERSION:
        return initiate.VERSION_TOO_LOW
    if not proposal.conformance & initiate.GET:
        return initiate.INCOMPATIBLE_CONFORMANCE
    if 0 < proposal.size < initiate.LEAST_PDU:
        return initiate.PDU_SIZE_TOO_SHORT
    return 0
