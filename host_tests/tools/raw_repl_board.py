"""A board on a pseudo-terminal: the raw REPL around MicroPython itself, which runs what it is sent (WebAssembly, Node).

The protocol is that of MicroPython's documentation (reference/repl, raw mode): Ctrl-A enters, Ctrl-D runs, and the
answer is OK, output, Ctrl-D, traceback, Ctrl-D, >. Raw-paste mode is answered as understood and not supported.
"""

import json
import os
import select
import subprocess
import sys
import threading
import tty
from pathlib import Path

MICROPYTHON = Path(__file__).parents[1] / "micropython"
sys.path.insert(0, str(MICROPYTHON))
import runner  # noqa: E402

NO_ENTRY = "OSError: 44"  # as Emscripten numbers it
BANNER = b"\r\nraw REPL; CTRL-B to exit\r\n>"


class Board:
    """path: the terminal. run(code): runs it at once, returns what it prints. with_ulab: False: MicroPython without."""

    def __init__(self, with_ulab=True):
        self._master, slave = os.openpty()
        tty.setraw(slave)
        self._slave = slave
        self.path = os.ttyname(slave)
        stand_in = str(runner.mpy_build.TESTS) if with_ulab else ""
        self._node = subprocess.Popen(
            [runner.find_node(), "repl.mjs", stand_in], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            text=True, cwd=MICROPYTHON,
        )  # fmt: skip
        self._lock = threading.Lock()
        self._stop = os.pipe()
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def run(self, code):
        out, error = self._execute(code)
        assert not error, error
        return out

    def _execute(self, code):
        with self._lock:
            self._node.stdin.write(json.dumps({"code": code}) + "\n")
            self._node.stdin.flush()
            answer = json.loads(self._node.stdout.readline())
        return answer["out"], answer["error"].replace(NO_ENTRY, "OSError: [Errno 2] ENOENT")

    def _serve(self):
        raw, received = False, b""
        while True:
            ready = select.select([self._master, self._stop[0]], [], [])[0]
            if self._stop[0] in ready:
                return
            for byte in os.read(self._master, 4096):
                if raw and received == b"\x05A" and byte == 1:
                    received = b""
                    os.write(self._master, b"R\0")
                elif byte == 1:
                    raw, received = True, b""
                    os.write(self._master, BANNER)
                elif byte == 2:
                    raw = False
                elif byte == 3:
                    received = b""
                elif byte == 4 and raw:
                    self._answer(received)
                    received = b""
                elif raw:
                    received += bytes([byte])

    def _answer(self, code):
        out, error = self._execute(code.decode())
        os.write(self._master, b"OK")
        data = out.encode() + b"\x04" + error.encode() + b"\x04>"
        for at in range(0, len(data), 512):
            os.write(self._master, data[at : at + 512])

    def close(self):
        os.write(self._stop[1], b"x")
        self._thread.join(10)
        self._node.stdin.close()
        self._node.wait(10)
        for fd in (self._master, self._slave, *self._stop):
            os.close(fd)
