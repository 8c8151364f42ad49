"""Ethernet by a W5500, through the interpreter's own driver and TCP/IP. Contract: Net in meter.hal.

MicroPython must have been built with its WIZNET5K driver (a board file that has MICROPY_PY_NETWORK_WIZNET5K).
"""

import asyncio

import network
from machine import Pin


class Server:
    """A listening socket. address: (host, port) as bound."""

    def __init__(self, server, host, port):
        self._server = server
        self.address = (host, port)

    def close(self):
        """Stop listening. Connections that are open stay so."""
        self._server.close()

    async def wait_closed(self):
        """Return when the address is free again."""
        await self._server.wait_closed()


class Net:
    """The network of a board.

    spi     a machine.SPI that has nothing else on it: the driver uses it in interrupts. cs, reset: pins of the card
    address (address, mask, gateway, name server) as texts, or None: by DHCP
    """

    def __init__(self, spi, cs, reset, address=None):
        self._card = network.WIZNET5K(spi, Pin(cs), Pin(reset))
        self._card.active(True)
        if address is None:
            self._card.ipconfig(dhcp4=True)
        else:
            own, mask, gateway, names = address
            self._card.ipconfig(addr4=(own, mask), gw4=gateway)
            network.ipconfig(dns=names)

    @property
    def address(self):
        """The address as a text; "0.0.0.0" until there is one."""
        return self._card.ipconfig("addr4")[0]

    async def start_server(self, handler, host, port):
        """Listen on host and port. OSError if the address is taken. A port of 0 is a ValueError: none is chosen."""
        if not port:
            raise ValueError("port 0: this board takes the port that is asked for")
        return Server(await asyncio.start_server(handler, host, port), host, port)

    async def open_connection(self, host, port):
        """Return (reader, writer). OSError if nobody listens there."""
        return await asyncio.open_connection(host, port)
