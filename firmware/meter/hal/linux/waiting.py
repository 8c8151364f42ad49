"""Waiting for a file descriptor in asyncio, so that closing the device ends the wait."""

import asyncio


def _wake(future):
    if not future.done():
        future.set_result(None)


class Waiting:
    """Those who wait for one descriptor."""

    def __init__(self, fd):
        self._fd = fd
        self._entries = []

    async def until(self, writing=False):
        """Return when the descriptor can be read (or written), or end() was called."""
        loop = asyncio.get_running_loop()
        future = loop.create_future()
        add, remove = loop.add_reader, loop.remove_reader
        if writing:
            add, remove = loop.add_writer, loop.remove_writer
        add(self._fd, _wake, future)
        entry = (future, remove)
        self._entries.append(entry)
        try:
            await future
        finally:
            if entry in self._entries:
                self._entries.remove(entry)
                remove(self._fd)

    def end(self):
        """Let everyone go on: the device closes."""
        for future, remove in self._entries:
            remove(self._fd)
            _wake(future)
        self._entries = []
