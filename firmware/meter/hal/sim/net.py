"""The network of the simulated board: the PC's own, through asyncio. Contract: meter.hal."""

import asyncio

# Of a read from the socket. CPython's 256 KB would be allocated, and given back to the system, for each message.
READ_SIZE = 8192


class Server:
    """A listening socket. address: (host, port) as bound."""

    def __init__(self, server):
        self._server = server
        self.address = server.sockets[0].getsockname()[:2]

    def close(self):
        """Stop listening. Connections that are open stay so."""
        self._server.close()

    async def wait_closed(self):
        """Return when the address is free again."""
        await self._server.wait_closed()


class Net:
    """See Net in meter.hal."""

    async def start_server(self, handler, host, port):
        """Listen on host and port (0 for any free one). OSError if the address is taken."""

        async def handle(reader, writer):
            try:
                writer.transport.max_size = READ_SIZE
            except AttributeError:
                pass  # uvloop's transports have buffers of their own
            await handler(reader, writer)

        return Server(await asyncio.start_server(handle, host, port))

    async def open_connection(self, host, port):
        """Return (reader, writer). OSError if nobody listens there."""
        return await asyncio.open_connection(host, port)
