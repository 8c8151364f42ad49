"""device/ runs on MicroPython; here it runs too, on CPython and numpy, except what is about the stand-in."""

collect_ignore = ["device/test_standin.py"]
