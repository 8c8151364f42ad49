"""Run the meter of a Linux board: python -m boards.NAME [--state DIR]. SIGINT and SIGTERM are a failing supply."""

import argparse
import asyncio
import os
import signal

from meter.app import App

STATE = "/var/lib/ferraris"


def main(make_board, arguments=None):
    """Meter until told to stop. make_board(state): returns the Board. Returns the exit code."""
    parser = argparse.ArgumentParser(description="Run the meter of this board.")
    parser.add_argument("--state", metavar="DIR", default=STATE, help="what it keeps (default %s)" % STATE)
    options = parser.parse_args(arguments)
    os.makedirs(options.state, exist_ok=True)
    while asyncio.run(_run(make_board, options.state)):
        pass
    return 0


async def _run(make_board, state):
    """Run one meter. Return True if it is to start again: a warm start."""
    try:
        board = make_board(state)
    except OSError as error:  # what the board consists of is not all there
        raise SystemExit("the board cannot be opened: %s" % error)
    loop = asyncio.get_running_loop()
    try:
        app = App(board)
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, board.power.fail)
        await app.run(_announce)
    finally:
        board.close()
    return app.restarts


def _announce(protocol, address):
    print("listening: %s %s" % (protocol, address), flush=True)
