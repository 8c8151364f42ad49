"""A Raspberry Pi with an AD7606, read through Linux's industrial I/O. See README.md."""
