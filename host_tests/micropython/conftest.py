"""device/ runs on MicroPython; here it runs too, on CPython and numpy, except what is about the stand-in."""

import sys
from pathlib import Path

# On the device all scripts are in one folder, and may import each other.
sys.path.append(str(Path(__file__).parent / "device"))
collect_ignore = ["device/test_standin.py"]
