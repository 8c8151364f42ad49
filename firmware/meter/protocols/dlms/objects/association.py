"""Interface class 15, Association LN, version 2 (IEC 62056-6-2, 4.4.4): who may do what with which object.

The object list is made from the rights that every request is checked by, so it cannot say anything else. It streams:
a meter has some 300 objects, and their list some 40 KB.
"""

import struct

from meter.protocols.dlms import axdr, clients, initiate
from meter.protocols.dlms.objects.base import FREE, KEYED, CosemObject, octets
from meter.protocols.dlms.objects.names import ASSOCIATION_CLASS, CURRENT, REPLY_TO_HLS, association, name

SECURITY_SETUP = name("0.0.43.0.0.255")
SERVER = 1  # service access point of the logical device
USERS = "read:users"
SLICE = 4  # objects between two turns of others: 2.7 million instructions on a board
_READ, _WRITE = 1, 2


class AssociationObject(CosemObject):
    """client: Client whose association this describes; None: the one that asks."""

    class_id = ASSOCIATION_CLASS
    version = 2
    attributes = (
        (2, FREE, None),  # object_list
        (3, FREE, None),  # associated_partners_id
        (4, FREE, None),  # application_context_name
        (5, FREE, None),  # xDLMS_context_info
        (6, FREE, None),  # authentication_mechanism_name
        (7, None, None),  # secret: set by the commands for users and keys
        (8, FREE, None),  # association_status
        (9, FREE, None),  # security_setup_reference
        (10, USERS, None),  # user_list
        (11, FREE, None),  # current_user
    )
    methods = ((REPLY_TO_HLS, KEYED),)  # served before the association stands, and refused after that

    def __init__(self, ln, client=None):
        self.ln = ln
        self._client = client

    def get(self, attribute, context):
        """See CosemObject."""
        return _GETTERS[attribute](self._client or context.association.client, context)

    def invoke(self, method, data, context):
        """The reply to the challenge of high-level security."""
        return axdr.octets(context.association.reply(octets(data)))


def _object_list(client, context):
    catalogue = context.device.catalogue
    count = 0
    for _ in catalogue.all(context):
        count += 1
        if count % SLICE == 0:
            yield None
    yield bytes((axdr.ARRAY,)) + axdr.length(count)
    for number, one in enumerate(catalogue.all(context)):
        yield _entry(one, context)
        if number % SLICE == 0:
            yield None


def _entry(one, context):
    """Return the structure of an object in the list: class, version, name, rights."""
    attributes = [_attribute_access(1, _READ)]
    for number, read, write in one.attributes:
        mode = (_READ if context.may(read) else 0) | (_WRITE if context.may(write) else 0)
        attributes.append(_attribute_access(number, mode))
    methods = [
        b"\x02\x02\x0f" + bytes((number,)) + axdr.enum(1 if context.may(right) else 0)
        for number, right in one.methods
    ]
    head = b"\x02\x04" + struct.pack(">BHBBBB6s", axdr.LONG_UNSIGNED, one.class_id, axdr.UNSIGNED, one.version,
                                     axdr.OCTET_STRING, 6, one.ln)  # fmt: skip
    return head + b"\x02\x02" + axdr.array(attributes) + axdr.array(methods)


def _attribute_access(number, mode):
    return struct.pack(">BBBbBBB", axdr.STRUCTURE, 3, axdr.INTEGER, number, axdr.ENUM, mode, axdr.NULL)


def _partners(client, context):
    return axdr.structure(axdr.number(axdr.INTEGER, client.sap), axdr.number(axdr.LONG_UNSIGNED, SERVER))


def _oid(family, last):
    """Return joint-iso-ccitt(2) country(16) 756 identified-organisation(5) DLMS-UA(8) family last."""
    arcs = [axdr.number(axdr.UNSIGNED, arc) for arc in (2, 16, 5, 8, family, last)]
    return axdr.structure(*(arcs[:2] + [axdr.number(axdr.LONG_UNSIGNED, 756)] + arcs[2:]))


def _context_info(client, context):
    ours = context.association
    is_ours = ours.client == client
    largest = context.device.max_pdu
    return axdr.structure(
        axdr.bits(24, ours.conformance if is_ours else initiate.OURS),
        axdr.number(axdr.LONG_UNSIGNED, largest),
        axdr.number(axdr.LONG_UNSIGNED, ours.size if is_ours else largest),
        axdr.number(axdr.UNSIGNED, initiate.VERSION),
        axdr.number(axdr.INTEGER, 0),
        axdr.octets(b""),
    )


def _status(client, context):
    is_ours = context.association.client == client
    return axdr.enum(context.association.status if is_ours else 0)


def _users(client, context):
    return axdr.array([_user(slot, user) for slot, user in context.access.users()])


def _user(slot, user):
    return axdr.structure(axdr.number(axdr.UNSIGNED, slot), axdr.visible(user))


def _current_user(client, context):
    access = context.access
    return _user(access.slot, access.user) if context.association.client == client else _user(0, "")


_GETTERS = {
    2: _object_list,
    3: _partners,
    4: lambda client, context: _oid(1, client.context),
    5: _context_info,
    6: lambda client, context: _oid(2, client.mechanism),
    8: _status,
    9: lambda client, context: axdr.octets(SECURITY_SETUP),
    10: _users,
    11: _current_user,
}


class Associations:
    """The family of the association objects: the current one, and one for each client."""

    def find(self, class_id, ln, context):
        """See Catalogue."""
        if class_id != ASSOCIATION_CLASS:
            return None
        for one in self.all(context):
            if one.ln == ln:
                return one
        return None

    def all(self, context):
        """See Catalogue. The public client sees its own only."""
        yield AssociationObject(CURRENT)
        for client in clients.CLIENTS:
            if client == context.association.client or context.may(KEYED):
                yield AssociationObject(association(client.instance), client)
