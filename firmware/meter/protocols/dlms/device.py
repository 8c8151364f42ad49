"""What all associations of one meter share."""

from meter.compat import const

LARGEST_SET = const(66560)  # bytes of a value that is set in blocks: the largest configuration, 65,536, fits
_DEFAULTS = {"dlms.manual_scaler": False, "dlms.primary": False}


class Device:
    """catalogue: Catalogue, the objects.

    max_pdu         the longest APDU, bytes: 12 to 65535
    random_bytes    function: so many bytes that nobody can guess
    settings        function that returns the configuration in force, a dict from path to value
    endpoints       function that returns what there is of protocols on ports: with port, protocol, state
    largest_set     bytes of a value that comes in blocks
    signature       digest of the firmware, bytes
    state           what the objects keep over a power cut, and what does their work: access.dlms_state
    preset          what preset_adjusting_time of the clock has left for adjust_to_preset_time, or None
    """

    def __init__(
        self, catalogue, max_pdu, random_bytes, settings=lambda: _DEFAULTS, endpoints=tuple, signature=b"",
        largest_set=LARGEST_SET,
        state=None,
    ):  # fmt: skip
        self.catalogue = catalogue
        self.max_pdu, self.largest_set = max_pdu, largest_set
        self.random_bytes = random_bytes
        self.endpoints, self.signature = endpoints, signature
        self.state = state
        self.preset = None
        self.settings = settings

    @property
    def manual_scaler(self):
        """True: registers have the scaler 0 that the reference manual prints, though values are times 1000."""
        return self.settings()["dlms.manual_scaler"]

    @property
    def primary(self):
        """True: registers and load profiles are on the primary side of the instrument transformers."""
        return self.settings()["dlms.primary"]
