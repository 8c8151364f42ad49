"""Security suite 0: APDUs protected by AES-GCM-128, and HLS mechanism 5 (IEC 62056-5-3, 5.3 and 5.7).

    service-specific    tag | length | SC | IC | contents | authentication tag
    general             tag | length | system title | length | SC | IC | contents | authentication tag

    SC      0x10 authenticated, 0x20 enciphered, both; 0x40 broadcast key, 0x80 compressed; low bits: the suite
    IC      invocation counter, uint32: grows with each frame under a key
    initialisation vector   system title of the sender | IC
    authenticated besides   SC | authentication key, and the contents where they are not enciphered
    authentication tag      12 bytes, where authenticated

The contents are the whole plain APDU, its own tag first. An answer has the form, key and SC of its request.
"""

from struct import pack, unpack_from

from meter.access.errors import Refused
from meter.compat import const
from meter.protocols.dlms import axdr
from meter.protocols.dlms.gcm import TAG, Gcm

# What a SecurityError is about.
DECIPHERING = "deciphering"
INVOCATION_COUNTER = "invocation counter"
NOT_ALLOWED = "not allowed"

# Names of keys in the KeyStore.
UNICAST = "global unicast encryption"
AUTHENTICATION = "authentication"

AUTHENTICATED = const(0x10)
ENCIPHERED = const(0x20)
BOTH = const(0x30)
_HEAD = const(5)  # SC and IC
TITLE = const(8)
KEY = const(16)
GMAC = const(17)  # SC, IC and authentication tag

GLOBAL, DEDICATED = const(0), const(1)
# tag of the plain APDU, tag under the global key, tag under the dedicated key (0: there is none)
_SERVICES = (
    (0x01, 0x21, 0),  # initiate-request: with it the dedicated key comes first
    (0x08, 0x28, 0),
    (0x0E, 0x2E, 0x4E),  # confirmed-service-error
    (0xC0, 0xC8, 0xD0),  # get-request
    (0xC1, 0xC9, 0xD1),  # set-request
    (0xC3, 0xCB, 0xD3),  # action-request
    (0xC4, 0xCC, 0xD4),
    (0xC5, 0xCD, 0xD5),
    (0xC7, 0xCF, 0xD7),
)
_GENERAL = (0xDB, 0xDC)  # under the global key, under the dedicated key


class SecurityError(Exception):
    """A frame is not taken, or cannot be answered. kind: one of the three above. counter: the lowest that is taken."""

    def __init__(self, kind, counter=None):
        super().__init__(kind)
        self.kind, self.counter = kind, counter


def is_ciphered(apdu):
    """Return True if the APDU is one of those that Ciphering.unprotect() knows."""
    return bool(apdu) and (apdu[0] in _GENERAL or _request(apdu[0]) is not None)


class Ciphering:
    """The protection of one association.

    keys        KeyStore: key(), system_title, and the numbers of frames

    client_title    system title of the client, 8 bytes, or None while it is not known
    dedicated       the key of this association only, 16 bytes, or None
    minimum         bits that SC must have
    """

    def __init__(self, keys, minimum=BOTH):
        self._keys = keys
        self.minimum = minimum
        self._title = self._dedicated = None
        self._lowest = [
            0,
            0,
        ]  # numbers that only this association counts: unauthenticated ones; of the dedicated key
        self._ciphers = [None, None]  # (key, Gcm) that was used last: GLOBAL, DEDICATED
        self._answer = None

    @property
    def client_title(self):
        """Get or set: SecurityError for a title that is none, or ours, under which we number frames ourselves."""
        return self._title

    @client_title.setter
    def client_title(self, title):
        if title is not None and (len(title) != TITLE or bytes(title) == self._keys.system_title):
            raise SecurityError(NOT_ALLOWED)
        self._title = None if title is None else bytes(title)

    @property
    def dedicated(self):
        """Get or set. It must have come enciphered under the global key: SecurityError, as for another length."""
        return self._dedicated

    @dedicated.setter
    def dedicated(self, key):
        how = self._answer
        is_secret = how and how.which == GLOBAL and how.control & ENCIPHERED
        if key is not None and (len(key) != KEY or not is_secret):
            raise SecurityError(NOT_ALLOWED)
        self._dedicated = None if key is None else bytes(key)
        self._lowest[DEDICATED] = 0

    @property
    def overhead(self):
        """How many bytes protect() adds at most to an answer of up to 64 KB, now."""
        if self._answer is None:
            return 0
        return 4 + _HEAD + TAG + (1 + TITLE if self._answer.is_general else 0)

    # Requests

    def unprotect(self, apdu):
        """Return the plain APDU of a request and remember how to answer it. SecurityError: it is not taken.

        A request that is not ciphered is only taken, and answered so, if nothing is the minimum.
        """
        self._answer = None
        if not is_ciphered(apdu):
            if self.minimum:
                raise SecurityError(NOT_ALLOWED)
            return bytes(apdu)
        is_general = apdu[0] in _GENERAL
        which, title, contents = self._general(apdu) if is_general else self._specific(apdu)
        control, counter = unpack_from(">BI", contents)
        if control & ~BOTH or not control or control & self.minimum != self.minimum:
            raise SecurityError(NOT_ALLOWED)
        self._check_counter(which, control, counter)
        try:
            gcm = self._gcm(which)
            plain = self._opened(gcm, title, contents)
            self._check_plain(apdu[0], is_general, plain)
            self._accept_counter(which, control, counter)
            self.client_title = title
            header = self._header(control)
            self._answer = _Answer(which, is_general, control, gcm, header, self._keys.next_counter())
        except Refused:
            raise SecurityError(NOT_ALLOWED)
        return plain

    def _general(self, apdu):
        """Return (which key, the client's title, SC and all that follows it) of a general APDU."""
        title, at = _string(apdu, 1)
        contents, at = _string(apdu, at)
        if at != len(apdu):
            raise SecurityError(DECIPHERING)
        if title and self._title and title != self._title:
            raise SecurityError(NOT_ALLOWED)
        return _GENERAL.index(apdu[0]), self._known(title or self._title), _long_enough(contents)

    def _specific(self, apdu):
        """Return the same of a service-specific APDU."""
        contents, at = _string(apdu, 1)
        if at != len(apdu):
            raise SecurityError(DECIPHERING)
        return _request(apdu[0])[1], self._known(self._title), _long_enough(contents)

    def _known(self, title):
        if title is None or len(title) != TITLE or title == self._keys.system_title:
            raise SecurityError(NOT_ALLOWED)
        return title

    def _check_counter(self, which, control, counter):
        """Refuse a number that has been used. One that is not authenticated may lie: it moves none that is kept."""
        if which == GLOBAL and not self._keys.check_counter(counter):
            raise SecurityError(INVOCATION_COUNTER, self._keys.expected)
        if self._is_counted_here(which, control) and not self._lowest[which] <= counter < 0xFFFFFFFF:
            raise SecurityError(INVOCATION_COUNTER, self._lowest[which])

    def _accept_counter(self, which, control, counter):
        if self._is_counted_here(which, control):
            self._lowest[which] = counter + 1
        else:
            self._keys.accept_counter(counter)

    def _is_counted_here(self, which, control):
        return which == DEDICATED or not control & AUTHENTICATED

    def _opened(self, gcm, title, contents):
        """Return the plain APDU in the contents."""
        iv = title + contents[1:_HEAD]
        control, body = contents[0], contents[_HEAD:]
        if control & AUTHENTICATED:
            if len(body) < TAG:
                raise SecurityError(DECIPHERING)
            body, tag = body[:-TAG], body[-TAG:]
            header = self._header(control)
            is_genuine = (
                gcm.is_genuine(tag, iv, header, body)
                if control & ENCIPHERED
                else gcm.is_genuine(tag, iv, header + body)
            )
            if not is_genuine:
                raise SecurityError(DECIPHERING)
        return gcm.cipher(iv, body) if control & ENCIPHERED else bytes(body)

    def _header(self, control):
        return bytes((control,)) + self._keys.key(AUTHENTICATION)

    def _check_plain(self, tag, is_general, plain):
        """Refuse contents that are not what the tag says, or are ciphered once more."""
        if not plain or is_ciphered(plain) or not is_general and _request(tag)[0] != plain[0]:
            raise SecurityError(DECIPHERING)

    def _gcm(self, which):
        key = self._dedicated if which == DEDICATED else self._keys.key(UNICAST)
        if key is None:
            raise SecurityError(NOT_ALLOWED)
        if self._ciphers[which] is None or self._ciphers[which][0] != key:
            self._ciphers[which] = (key, Gcm(key))
        return self._ciphers[which][1]

    # Answers

    def protect(self, plain):
        """Return an answer ciphered as the last request was. SecurityError if there is no number left for it.

        What has no ciphered form, an exception-response to a service-specific request, stays as it is.
        """
        how = self._answer
        if how is None:
            return bytes(plain)
        tag = _GENERAL[how.which] if how.is_general else _answer_tag(plain[0], how.which)
        if not tag:
            return bytes(plain)
        try:
            contents = self._closed(how, plain)
        except Refused:
            raise SecurityError(NOT_ALLOWED)
        title = axdr.length(TITLE) + self._keys.system_title if how.is_general else b""
        return bytes((tag,)) + title + axdr.length(len(contents)) + contents

    def _closed(self, how, plain):
        number = how.number if how.number is not None else self._keys.next_counter()
        how.number = None
        head = pack(">BI", how.control, number)
        iv = self._keys.system_title + head[1:]
        body, tag = bytes(plain), b""
        if how.control & ENCIPHERED:
            body = how.gcm.cipher(iv, body)
        if how.control & AUTHENTICATED:
            tag = (
                how.gcm.tag(iv, how.header, body)
                if how.control & ENCIPHERED
                else how.gcm.tag(iv, how.header + body)
            )
        return head + body + tag

    # HLS mechanism 5

    def gmac(self, challenge):
        """Return what proves to the client that we have the keys: SC | IC | tag. SecurityError if we have not."""
        try:
            head = pack(">BI", AUTHENTICATED, self._keys.next_counter())
            iv = self._keys.system_title + head[1:]
            return head + self._gcm(GLOBAL).tag(iv, self._header(AUTHENTICATED) + bytes(challenge))
        except Refused:
            raise SecurityError(NOT_ALLOWED)

    def check_gmac(self, reply, challenge):
        """Return True if a client has answered our challenge with the keys.

        Its number is not compared with those of frames: clients take it again for the frame around it, or the one
        before. What makes the answer new is the challenge: no two are the same.
        """
        if self._title is None or len(reply) != GMAC or reply[0] != AUTHENTICATED:
            return False
        try:
            iv = self._title + bytes(reply[1:_HEAD])
            header = self._header(AUTHENTICATED) + bytes(challenge)
            return self._gcm(GLOBAL).is_genuine(reply[_HEAD:], iv, header)
        except Refused:
            return False


class _Answer:
    """How a request was ciphered, by keys that it may replace, and the number that is kept for its answer: taken before
    anything is done.
    """

    def __init__(self, which, is_general, control, gcm, header, number):
        self.which, self.is_general, self.control = which, is_general, control
        self.gcm, self.header, self.number = gcm, header, number


def _request(tag):
    """Return (plain tag, which key) of a service-specific tag, or None."""
    for plain, under_global, under_dedicated in _SERVICES:
        if tag == under_global:
            return plain, GLOBAL
        if tag == under_dedicated:
            return plain, DEDICATED
    return None


def _answer_tag(plain, which):
    """Return the service-specific tag of a plain one, or 0."""
    for row in _SERVICES:
        if row[0] == plain:
            return row[1 + which]
    return 0


def _string(apdu, at):
    """Return (bytes, where they end) of a length and as many bytes. SecurityError if they are cut off."""
    try:
        size, at = axdr.read_length(apdu, at)
    except axdr.BadData:
        raise SecurityError(DECIPHERING)
    if at + size > len(apdu):
        raise SecurityError(DECIPHERING)
    return bytes(apdu[at : at + size]), at + size


def _long_enough(contents):
    if len(contents) < _HEAD:
        raise SecurityError(DECIPHERING)
    return contents
