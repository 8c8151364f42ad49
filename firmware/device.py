"""A device: the board that its image was made for, and the meter on it, for ever.

What counts comes first: the board's converter, the metering core and its storage are loaded and started; ports,
protocols and display follow when the first frame is metered (see App.run).
"""

import asyncio
import gc

import machine
from board import Board
from meter import parts

# Bytes after which the heap is collected. Left to itself MicroPython collects when all of it is used up, and what is
# made meanwhile and kept ends up all over it: then much is free, and nothing of it large enough for anything.
GARBAGE = 32768


def announce(protocol, address):
    """Tell the console what is open."""
    print("listening: %s %s" % (protocol, address))


def main():
    """Meter until the supply fails; start again when it is back, or when a warm start was asked for."""
    gc.threshold(GARBAGE)
    board = Board()
    # One by one: imports within imports would need more of a stack than a board has.
    for name in parts.METERING:
        __import__(name)
    from meter.app import App

    try:
        asyncio.run(App(board).run(announce))
    finally:
        board.close()
    # A supply that only dipped leaves the board running: it starts anew with all that it has stored.
    while not board.power.mains:
        asyncio.run(asyncio.sleep(0.01))
    machine.reset()
