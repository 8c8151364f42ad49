"""The port's uctypes.addressof(), in a 32-bit address space of its own: 0x20000000 is the RAM."""

import ctypes

RAM = 0x20000000
_ranges = []  # (real address, length, address, the object, kept alive)
_next = RAM + 16  # the heap aligns to 16 bytes, not more


def addressof(buffer):
    """Return the address of a buffer. Parts of a buffer lie within it."""
    global _next
    view = memoryview(buffer).cast("B")
    if not view.nbytes:
        return 0
    real = ctypes.addressof(ctypes.c_char.from_buffer(view))
    for start, length, address, _ in _ranges:
        if start <= real < start + length:
            return address + real - start
    _ranges.append((real, view.nbytes, _next, view))
    address = _next
    _next += (view.nbytes + 31) // 16 * 16
    assert _next < RAM + 0x80000, "the RAM is full"
    return address


def forget():
    """A new World: nothing is in its RAM."""
    global _next
    _ranges.clear()
    _next = RAM + 16


def memory_at(address, length):
    """Return a view of length bytes at an address. AssertionError where no buffer is: a DMA would destroy the heap."""
    for place, (_, size, start, view) in enumerate(_ranges):
        if start <= address and address + length <= start + size:
            if place:
                _ranges.insert(0, _ranges.pop(place))  # it will be asked for again
            return view[address - start : address - start + length]
    raise AssertionError(f"a transfer of {length} bytes at 0x{address:08X}, where no buffer is")
