"""The seam to the interpreter: what MicroPython and CPython spell differently, except arrays (see xnp).

`const` lets mpy-cross fold constants away. `Uptime` is the one monotonic clock that ports use for time-outs.
`random_bytes(count)` gives bytes that nobody can guess.
"""

try:
    from micropython import const
except ImportError:

    def const(value):
        """Return value unchanged: CPython has no constant folding hint."""
        return value


try:
    from time import ticks_diff, ticks_ms
except ImportError:
    from time import monotonic_ns

    def ticks_ms():
        """Return milliseconds from an arbitrary start. Wraps on MicroPython, does not here."""
        return monotonic_ns() // 1_000_000

    def ticks_diff(end, start):
        """Return end - start in milliseconds, for two values of ticks_ms()."""
        return end - start


try:
    from os import urandom as random_bytes
except ImportError:
    random_bytes = None  # the WebAssembly build of MicroPython has none; each board has


class Uptime:
    """A millisecond counter that never wraps, as MicroPython's ticks_ms() does after 12.4 days.

    It must be read at least once in six days; the pump reads it many times a second.
    """

    def __init__(self):
        self._last = ticks_ms()
        self._ms = 0

    def ms(self):
        """Return the milliseconds since this object was made, an int that only grows."""
        now = ticks_ms()
        self._ms += ticks_diff(now, self._last)
        self._last = now
        return self._ms
