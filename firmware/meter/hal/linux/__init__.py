"""Devices of a Linux single-board computer, such as a Raspberry Pi: CPython and numpy. Contracts: meter.hal."""
