"""What all associations of one meter share."""

from meter.compat import const

LARGEST_SET = const(66560)  # bytes of a value that is set in blocks: the largest configuration, 65,536, fits


class Device:
    """catalogue: Catalogue, the objects.

    max_pdu         the longest APDU, bytes: 12 to 65535
    random_bytes    function: so many bytes that nobody can guess
    largest_set     bytes of a value that comes in blocks
    manual_scaler   True: registers have the scaler 0 that the reference manual prints, though values are times 1000
    state           what the objects keep over a power cut, see access.dlms_state; or None
    push            the Push of this meter, or None
    """

    def __init__(
        self,
        catalogue,
        max_pdu,
        random_bytes,
        largest_set=LARGEST_SET,
        manual_scaler=False,
        state=None,
        push=None,
    ):
        self.catalogue = catalogue
        self.max_pdu, self.largest_set = max_pdu, largest_set
        self.random_bytes = random_bytes
        self.manual_scaler = manual_scaler
        self.state, self.push = state, push
