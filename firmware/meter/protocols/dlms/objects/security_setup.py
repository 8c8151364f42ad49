"""Security setup, class 64 version 0: 0.0.43.0.0.255, the keys and the policy of ciphered associations.

    2 security policy   enum: 3, all APDUs are authenticated and enciphered
    3 security suite    enum: 0, AES-GCM-128
    4, 5                system titles of client and server, octet-strings of 8
    security_activate(1)        enum: only a policy that is not weaker, so 3
    global_key_transfer(2)      array of structure: key id enum (0 unicast, 1 broadcast, 2 authentication), the key
                                wrapped under the master key (RFC 3394) octet-string of 24

The keys count from the answer on; what was ciphered with the old ones is refused.
"""

from meter.compat import const
from meter.protocols.dlms import axdr
from meter.protocols.dlms.objects import base
from meter.protocols.dlms.objects.base import FREE, KEYED, CosemObject
from meter.protocols.dlms.objects.doing import done
from meter.protocols.dlms.objects.names import name

LN = name("0.0.43.0.0.255")
BOTH = const(3)
SUITE = const(0)
_POLICY, _SUITE, _CLIENT = 2, 3, 4
_ACTIVATE = const(1)
_KEYS = const(3)
_WRAPPED = const(24)


class SecuritySetup(CosemObject):
    """context.access.keys, a KeyStore."""

    class_id = 64
    attributes = ((2, FREE, None), (3, FREE, None), (4, FREE, None), (5, FREE, None))
    methods = ((1, KEYED), (2, KEYED))

    def get(self, attribute, context):
        """Return an attribute."""
        if attribute == _POLICY:
            return axdr.enum(BOTH)
        if attribute == _SUITE:
            return axdr.enum(SUITE)
        if attribute == _CLIENT:
            ciphering = getattr(context.association, "ciphering", None)
            return axdr.octets((ciphering and ciphering.client_title) or b"")
        return axdr.octets(context.access.keys.system_title)

    def invoke(self, method, data, context):
        """Strengthen the policy, or replace keys."""
        if method == _ACTIVATE:
            if data.tag != axdr.ENUM:
                raise base.AccessError(base.TYPE_UNMATCHED)
            base.integer(data, BOTH, BOTH)
            return
        wrapped = []
        for one in base.array(data, _KEYS):
            number, key = base.structure(one, 2)
            wrapped.append((base.integer(number, 0, _KEYS - 1), base.octets(key, _WRAPPED)))
        if not wrapped:
            raise base.AccessError(base.OTHER_REASON)
        done(context.access.keys.transfer, wrapped)
