"""What is frozen into the MicroPython of our boards: what the port has, but for the port's _boot.py (README.md)."""

freeze("$(PORT_DIR)/modules", ("rp2.py",))
module("_boot.py")
include("$(MPY_DIR)/extmod/asyncio")
