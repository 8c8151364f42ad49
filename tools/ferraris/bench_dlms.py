"""How fast meters answer DLMS over the TCP wrapper: ours beside one of the gurux-dlms library, where it is installed.

Each is a process of its own with a load profile of a year; the same raw client, which knows no more than frames,
reads one register again and again, and then the profile. So both figures are the servers', as far as that can be.
"""

import importlib.util
import socket
import struct
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from statistics import median
from time import perf_counter, sleep
from typing import Any

from meter.protocols.dlms import acse, axdr

from ferraris.dlms import apdus
from ferraris.dlms.apdus import Attribute

ROWS = 35040  # a year of quarters of an hour
CHANNELS = 4
READS = 6000
STRETCHES = 60  # of the reads; their median counts
# Before each stretch. Without it the machine slows down under load, and whoever is faster gains by that.
PAUSE_S = 0.05
ROUNDS = 3  # of the rows; the best counts
READS_WANTED, ROWS_WANTED = 2.0, 10.0  # times as fast as the other
CLIENT, SERVER = 32, 1
SECRET = b"admin:admin"  # the factory's
TIMEOUT_S = 60
READ_SIZE = 16384
REGISTER = Attribute(3, "1.0.1.8.0.255")
PROFILE = Attribute(7, "1.0.99.1.0.255")
PEER = Path(__file__).parents[2] / "host_tests" / "peers" / "gurux_server.py"


def measure(rows: int = ROWS, reads: int = READS) -> dict[str, Any]:
    """Return the figures of both; `peer` is None where gurux-dlms is not installed, or its script is not here.

    They are measured in turns of some milliseconds, each first as often as the other: what else the machine does slows
    both.
    """
    commands = [[sys.executable, "-m", "ferraris.bench_dlms_server", str(rows)]]
    if importlib.util.find_spec("gurux_dlms") is not None and PEER.is_file():
        commands.append([sys.executable, str(PEER), str(rows)])
    with ExitStack() as servers:
        ports = [servers.enter_context(_server(command)) for command in commands]
        rates = [_turn(ports, reads // STRETCHES, turn % 2 == 1) for turn in range(STRETCHES)]
        found = [[_rows(port) for port in ports] for _ in range(ROUNDS)]
    ours, *others = [
        {
            "reads_per_s": round(median(turn[k] for turn in rates)),
            "rows_per_s": round(max(turn[k][0] / turn[k][1] for turn in found)),
            "rows": found[0][k][0],
        }
        for k in range(len(ports))
    ]
    if not others:
        return {"ferraris": ours, "peer": None}
    peer = others[0]
    return {
        "ferraris": ours,
        "peer": {"name": "gurux-dlms", **peer},
        "reads_times": round(ours["reads_per_s"] / peer["reads_per_s"], 1),
        "rows_times": round(ours["rows_per_s"] / peer["rows_per_s"], 1),
    }


def _turn(ports: list[int], reads: int, is_reversed: bool) -> list[float]:
    """Return the reads of a register in a second of each server."""
    rates = {}
    for port in reversed(ports) if is_reversed else ports:
        sleep(PAUSE_S)
        rates[port] = _reads(port, reads)
    return [rates[port] for port in ports]


def lines(result: dict[str, Any]) -> list[str]:
    """Return the figures for people, in lines of 80 columns at most."""
    ours, peer = result["ferraris"], result["peer"]
    found = [
        f"DLMS over TCP: {ours['reads_per_s']:,} reads of a register a second,",
        f"  {ours['rows_per_s']:,} rows a second of a load profile of {ours['rows']:,} with {CHANNELS} channels",
    ]
    if peer is None:
        return [*found, "gurux-dlms is not installed: no server to compare with"]
    return [
        *found,
        f"{peer['name']}'s server: {peer['reads_per_s']:,} reads and {peer['rows_per_s']:,} rows a second;",
        f"  Ferraris is {result['reads_times']:g} and {result['rows_times']:g} times as fast",
    ]


@contextmanager
def _server(command: list[str]) -> Iterator[int]:
    """Run a server until the block ends. Gives its port."""
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdin and process.stdout
    try:
        words = process.stdout.readline().split()
        if words[:1] != ["listening"]:
            raise OSError(f"{command[-2]} does not listen")
        yield int(words[1])
    finally:
        process.stdin.close()  # it ends with its input
        process.wait(TIMEOUT_S)
        process.stdout.close()


@contextmanager
def _association(port: int) -> Iterator[Callable[[bytes], bytes]]:
    """Associate as a reader. Gives a function from a whole frame to the answer in its own."""
    with socket.create_connection(("127.0.0.1", port), TIMEOUT_S) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

        def exchange(frame: bytes) -> bytes:
            connection.sendall(frame)
            data = connection.recv(READ_SIZE)
            while len(data) < 8 or len(data) < 8 + int.from_bytes(data[6:8], "big"):
                more = connection.recv(READ_SIZE)
                if not more:
                    raise OSError("the server closed the connection")
                data += more
            return data[8:]

        wanted = apdus.aarq(apdus.initiate_request(), mechanism=acse.LOW, secret=SECRET)
        apdus.accepted(exchange(_frame(wanted)))
        yield exchange


def _frame(apdu: bytes) -> bytes:
    return struct.pack(">HHHH", 1, CLIENT, SERVER, len(apdu)) + apdu


def _reads(port: int, count: int) -> float:
    """Return reads of a register in a second."""
    request = _frame(apdus.get(REGISTER))
    with _association(port) as exchange:
        apdus.got(exchange(request))  # it must be a value
        started = perf_counter()
        for _ in range(count):
            exchange(request)
        return count / (perf_counter() - started)


def _rows(port: int) -> tuple[int, float]:
    """Read the whole profile. Return (rows, seconds)."""
    with _association(port) as exchange:
        started = perf_counter()
        pieces = []
        part = apdus.got(exchange(_frame(apdus.get(PROFILE))))
        pieces.append(part.data)
        while not part.last:
            part = apdus.got(exchange(_frame(apdus.get_next(part.number))))
            pieces.append(part.data)
        elapsed = perf_counter() - started
    data = b"".join(pieces)
    if data[:1] != bytes((axdr.ARRAY,)):
        raise OSError("the profile is no array")
    return axdr.read_length(data, 1)[0], elapsed
