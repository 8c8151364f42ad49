"""The squares of harmonics in native code: what Harmonics computes with the array library, without garbage.

Importing this fails where there is no such processor.
"""

from array import array

from uctypes import addressof

from meter.compat import const
from meter.metrology.frame import HALF
from meter.metrology.harmonics import TDD_ORDERS, THD_ORDERS
from meter.metrology.spectrum_thumb import spread, squares, transform

_ROW = const(2048)  # bytes of a wave
_NUMBER = const(8)  # bytes of a complex number
# First order and how many, every second one: odd and even ones up to TDD_ORDERS, those beyond up to THD_ORDERS.
_SUMS = (
    (3, (TDD_ORDERS - 1) // 2),
    (2, TDD_ORDERS // 2),
    (TDD_ORDERS + 2, (THD_ORDERS - TDD_ORDERS) // 2),
    (TDD_ORDERS + 1, (THD_ORDERS - TDD_ORDERS + 1) // 2),
)


class Spectrum:
    """The sums of squares of a wave.

    wave        (6, 2 * HALF) array of single floats
    carrier     array of floats: cosine and negative sine of 256 steps of half a turn
    """

    def __init__(self, wave, carrier):
        self._numbers = array("f", [0.0] * (4 * HALF))
        self._kept = wave, carrier  # where they are
        self._out = array("f", [0.0] * 2 * len(_SUMS))
        self._wave, numbers = addressof(wave), addressof(self._numbers)
        self._spread = array("I", [0, 0, numbers])
        self._transform = array("I", [numbers, addressof(carrier)])
        self._squares = [
            array("I", [numbers + order * _NUMBER, numbers + (2 * HALF - order) * _NUMBER, count,
                        addressof(self._out) + 8 * place])
            for place, (order, count) in enumerate(_SUMS)
        ]  # fmt: skip

    def sums(self, p):
        """Return ((odd, even, odd for TDD, even for TDD) of the voltage, those of the current) of element p: |X|**2."""
        words = self._spread
        words[0] = self._wave + p * _ROW
        words[1] = words[0] + 3 * _ROW
        spread(words)
        transform(self._transform)
        for words in self._squares:
            squares(words)
        out = [0.25 * x for x in self._out]
        return [(out[k] + out[k + 4], out[k + 2] + out[k + 6], out[k], out[k + 2]) for k in (0, 1)]
