"""A Frame: n consecutive half cycles of all channels, cut from the ADC's stream in step with the signal.

Each half cycle is HALF samples, so a fundamental cycle is exactly 512 (the manual's Measurement Formulas). The
array starts QUARTER samples before the frame: the 90 degree shift of reactive power needs them.

    each row  |<- QUARTER ->|<- HALF ->|<- HALF ->| ...     rows VA VB VC IA IB IC
"""

from meter.compat import const

HALF = const(256)
QUARTER = const(128)

# What interpolation needs of the converter's samples around a position (see resampler).
BEFORE = const(2)
AFTER = const(3)

# Flags. A frame is metered whatever they say; they tell how far to trust it.
UNLOCKED = const(1)  # no signal to track: cut at the nominal frequency
GAP = const(2)  # samples were lost before this frame: it does not join on to the last one
CLIPPED = const(4)  # a sample was at the converter's limit
STUCK = const(8)  # a channel had one and the same value through a half cycle


class Frame:
    """n half cycles of three elements.

    samples     (6, QUARTER + n * HALF) array, volts and amperes
    seconds     (n,) array: how long each half cycle lasted
    ends        list of n ints: the number of the first ADC sample after each half cycle
    flags       UNLOCKED, GAP, CLIPPED, STUCK
    Arrays are reused: they are valid until the next frame is cut.
    """

    def __init__(self, n, samples, seconds, ends, flags=0):
        self.n = n
        self.samples = samples
        self.seconds = seconds
        self.ends = ends
        self.flags = flags
