"""A UART and its wire in the World's time: what left, when, and where the direction pin stood meanwhile."""


class SerialLine:
    """One UART of the port: ring buffers of the sizes that were asked for, and a wire.

    sent        (time the byte began, byte, level of the direction pin then) of everything that left
    lost        bytes that arrived and found the buffer full
    echoes      True: the receiver hears what this side sends
    settings    (baud, bits, parity, stop, invert) as last set
    """

    def __init__(self, world, number, direction=None, echoes=False):
        self._world, self._direction = world, direction
        self.received = bytearray()
        self.sent, self.lost = [], 0
        self.echoes = echoes
        self.settings = None
        self._queue = bytearray()
        self._leaving = False
        world.uarts[number] = self

    def opened(self, baud, bits, parity, stop, txbuf, rxbuf, invert):
        """The port has set it up."""
        self.settings = (baud, bits, parity, stop, invert)
        self._txbuf, self._rxbuf = txbuf, rxbuf

    def closed(self):
        """The port has released it."""
        self.settings = None

    @property
    def byte_us(self):
        """How long a byte takes."""
        baud, bits, parity, stop, _ = self.settings
        return 1e6 * (1 + bits + (parity is not None) + stop) / baud

    @property
    def is_idle(self):
        """True when the last stop bit has left."""
        return not self._queue and not self._leaving

    def put(self, data):
        """Queue as much as there is room for; None if there is none."""
        count = min(len(data), self._txbuf - len(self._queue))
        self._queue.extend(data[:count])
        if not self._leaving:
            self._next()
        return count or None

    def _next(self):
        self._leaving = bool(self._queue)
        if self._leaving:
            byte = self._queue.pop(0)
            level = self._world.line(self._direction).level if self._direction is not None else None
            self.sent.append((self._world.now, byte, level))
            if self.echoes:
                self._world.after(self.byte_us, lambda: self.arrive(bytes([byte])))
            self._world.after(self.byte_us, self._next)

    def arrive(self, data):
        """The other side has sent these bytes."""
        for byte in data:
            if len(self.received) < self._rxbuf:
                self.received.append(byte)
            else:
                self.lost += 1

    def say(self, data):
        """The other side sends these bytes, at the line's speed."""
        for k, byte in enumerate(bytes(data)):
            self._world.after((k + 1) * self.byte_us, lambda byte=byte: self.arrive(bytes([byte])))

    def take(self, count):
        """Return up to count bytes that have arrived; None if there are none."""
        count = len(self.received) if count is None else count
        data = bytes(self.received[:count])
        del self.received[:count]
        return data or None

    def text(self):
        """Return all that left."""
        return bytes(byte for _, byte, _ in self.sent)
