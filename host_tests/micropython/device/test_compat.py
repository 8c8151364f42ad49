"""The seam to the interpreter. Like all of device/, it runs on MicroPython and, by pytest, on CPython."""

from meter import compat


def test_const_gives_its_value_back():
    assert compat.const(3) == 3


def test_uptime_starts_at_zero_and_only_grows():
    uptime = compat.Uptime()
    last = 0
    for _ in range(1000):
        now = uptime.ms()
        assert isinstance(now, int)
        assert now >= last
        last = now
    assert last < 10000
