"""Ferraris: the meter's firmware. One code base for MicroPython + ulab and CPython + numpy."""

VERSION = "0.1.0"
