"""The network of a board that has none, or whose card does not answer: its ports have failed, and the meter meters."""


class NoNet:
    """See Net in meter.hal. why: text."""

    def __init__(self, why):
        self._why = why

    async def start_server(self, handler, host, port):
        """OSError."""
        raise OSError(self._why)

    async def open_connection(self, host, port):
        """OSError."""
        raise OSError(self._why)
