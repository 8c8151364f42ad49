"""A stand-in for ulab 6.12 (two dimensions, complex) in plain Python, for a MicroPython that has no ulab.

It is for tests: slow, and stricter than numpy. It has ulab's subset and refuses what ulab refuses, so that
firmware which runs on it does not lean on numpy. It also copies ulab's traps: integer division, wrapping
integers, rounding to integers half away from zero, `a == a` being True. Not copied: sums in single precision,
which are added up in double here and rounded once.
"""

__version__ = "6.12.0-2D-c (stand-in)"
