"""The port's `framebuf` as far as RGB565 goes: each point is 16 bits, little-endian. Source: its documentation."""

RGB565 = 1


class FrameBuffer:
    """Points in a buffer. What is outside falls away."""

    def __init__(self, buffer, width, height, format):
        assert format == RGB565 and len(buffer) >= 2 * width * height
        self._buffer, self.width, self.height = buffer, width, height

    def pixel(self, x, y, colour):
        if 0 <= x < self.width and 0 <= y < self.height:
            at = 2 * (y * self.width + x)
            self._buffer[at], self._buffer[at + 1] = colour & 0xFF, colour >> 8

    def fill(self, colour):
        self.fill_rect(0, 0, self.width, self.height, colour)

    def fill_rect(self, x, y, width, height, colour):
        left, right = max(0, x), min(self.width, x + width)
        if left >= right:
            return
        row = bytes((colour & 0xFF, colour >> 8)) * (right - left)
        for line in range(max(0, y), min(self.height, y + height)):
            at = 2 * (line * self.width + left)
            self._buffer[at : at + len(row)] = row
