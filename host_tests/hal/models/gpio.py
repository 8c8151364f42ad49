"""Lines of a GPIO character device, with the numbers and structures of linux/gpio.h written out."""

import os
import struct

GET_LINE, GET_VALUES, SET_VALUES = 0xC250B407, 0xC010B40E, 0xC010B40F
KEPT = 16


class Chip:
    """lines: how many. Edges of requested inputs go into a real pipe, so that polling is the real one."""

    def __init__(self, lines=32):
        self.levels = [True] * lines  # pulled up
        self.requests = {}
        self.kept = KEPT
        self._chips = set()

    def open(self, path, flags):
        fd = os.open(os.devnull, os.O_RDWR)
        self._chips.add(fd)
        return fd

    def close(self, fd):
        self._chips.discard(fd)
        if fd in self.requests:
            os.close(self.requests.pop(fd)["out"])
        os.close(fd)

    read = staticmethod(os.read)

    @staticmethod
    def readable(fd):
        import select

        return bool(select.select([fd], [], [], 0)[0])

    def ioctl(self, fd, number, argument):
        if number == GET_LINE:
            assert fd in self._chips and len(argument) == 592
            count, kept = struct.unpack_from("<II", argument, 560)
            offsets = struct.unpack_from(f"<{count}I", argument)
            if any(offset >= len(self.levels) for offset in offsets):
                raise OSError(22, "Invalid argument")
            flags, attributes = struct.unpack_from("<QI", argument, 288)
            debounce = struct.unpack_from("<I4xI", argument, 320)[1] if attributes else 0
            into, out = os.pipe()
            self.requests[into] = {
                "offsets": offsets, "flags": flags, "debounce": debounce, "out": out,
                "numbers": dict.fromkeys(offsets, 0), "room": kept or KEPT * count,
            }  # fmt: skip
            struct.pack_into("<i", argument, 588, into)
            return
        request = self.requests[fd]
        bits, mask = struct.unpack("<QQ", argument)
        low = bool(request["flags"] & 2)
        for k, offset in enumerate(request["offsets"]):
            if number == SET_VALUES and mask >> k & 1:
                self.levels[offset] = bool(bits >> k & 1) != low
            bits = bits & ~(1 << k) | (self.levels[offset] != low) << k
        if number == GET_VALUES:
            struct.pack_into("<Q", argument, 0, bits & mask)

    def drive(self, offset, level, ns, is_dropped=False):
        """A line changes at a time. is_dropped: the kernel had no room for the edge."""
        self.levels[offset] = level
        for request in self.requests.values():
            if offset in request["offsets"] and request["flags"] & 4:
                request["numbers"][offset] += 1
                if not is_dropped:
                    low = bool(request["flags"] & 2)
                    kind = 1 if level != low else 2
                    number = request["numbers"][offset]
                    os.write(request["out"], struct.pack("<QIIII24x", ns, kind, offset, number, number))
