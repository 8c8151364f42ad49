"""The command `ferraris` as a real process: one that ends by itself, and a meter that runs until stopped."""

import json
import os
import queue
import signal
import subprocess
import sys
import tempfile
import threading
import time

import numpy as np
from ferraris.cli import main

COMMAND = (sys.executable, "-m", "ferraris")
DEADLINE_S = 60  # for what takes a second on an idle machine


def ferraris(*arguments, cwd=None, columns="80"):
    """Run the command to its end. Returns a CompletedProcess with text."""
    return subprocess.run(
        [*COMMAND, *map(str, arguments)],
        cwd=cwd,
        env=environment(columns),
        capture_output=True,
        text=True,
        timeout=DEADLINE_S,
        stdin=subprocess.DEVNULL,
    )


def called(capsys, *arguments):
    """Call the command in this process, for what it refuses before it does anything. Returns as ferraris()."""
    try:
        code = main(list(map(str, arguments)))
    except SystemExit as end:
        code = end.code
    return subprocess.CompletedProcess(arguments, code, *capsys.readouterr())


def environment(columns="80"):
    """Return the environment of a terminal of so many columns, without anything that forces colours."""
    dropped = ("FORCE_COLOR", "TTY_COMPATIBLE", "TTY_INTERACTIVE", "LINES")
    kept = {name: value for name, value in os.environ.items() if name not in dropped}
    return {**kept, "COLUMNS": columns, "PYTHONUNBUFFERED": "1", "TERM": "xterm-256color"}


def refused(result, *words):
    """Check that a command refused its input: exit code 2, one line that has the words, nothing else."""
    assert (result.returncode, result.stdout) == (2, ""), result
    assert result.stderr.count("\n") == 1 and result.stderr.startswith("ferraris: "), result.stderr
    for word in words:
        assert str(word) in result.stderr, result.stderr


def configuration(path, **sections):
    """Write a configuration whose TCP ports are any free ones. sections: added to it. Returns its path."""
    document = {"ports": {"iec62056_21_tcp": {"port": 0}, "dlms_tcp": {"port": 0}}}
    for name, section in sections.items():
        document.setdefault(name, {}).update(section)
    path.write_text(json.dumps(document))
    return path


def wave(rate, seconds, hz, rms, lag=0.0):
    """Return a sine as samples. lag: degrees."""
    t = np.arange(round(rate * seconds)) / rate
    return rms * 2**0.5 * np.sin(2 * np.pi * hz * t - np.radians(lag))


def poll(probe, what):
    """Return the first true value that probe() gives."""
    end = time.monotonic() + DEADLINE_S
    while time.monotonic() < end:
        value = probe()
        if value:
            return value
        time.sleep(0.02)
    raise AssertionError(f"waited {DEADLINE_S} s for {what}")


class RunningMeter:
    """`ferraris run` in a process group of its own, as a context manager; ended by its process id.

    address  host:port of IEC 62056-21, once listening() has returned
    dlms     host:port of DLMS
    """

    def __init__(self, *arguments, cwd=None, columns="80"):
        self._errors = tempfile.TemporaryFile("w+")
        self._lines = queue.Queue()
        self.process = subprocess.Popen(
            [*COMMAND, "run", *map(str, arguments)],
            cwd=cwd,
            env=environment(columns),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            text=True,
            start_new_session=True,
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self._reader.join()
        self.process.stdout.close()
        self._errors.close()

    def _read(self):
        for line in self.process.stdout:
            self._lines.put(line.rstrip("\n"))
        self._lines.put(None)

    def line(self):
        """Return the next line of the standard output, None at its end."""
        return self._lines.get(timeout=DEADLINE_S)

    def listening(self):
        """Return all lines up to that of DLMS on TCP, which comes last."""
        lines = []
        while not lines or "dlms 127.0.0.1:" not in lines[-1]:
            line = self.line()
            assert line is not None, f"the meter ended: {lines} {self.errors()}"
            lines.append(line)
        self.address, self.dlms = [line.split()[-1] for line in lines[-2:]]
        return lines

    def rest(self):
        """Wait for the end of the process. Returns (exit code, the lines not read so far)."""
        code = self.process.wait(DEADLINE_S)
        return code, list(iter(self.line, None))

    def stop(self, number=signal.SIGINT):
        """Send a signal and wait. Returns (exit code, the lines not read so far)."""
        self.process.send_signal(number)
        return self.rest()

    def errors(self):
        """Return what the process has written to its standard error."""
        self._errors.seek(0)
        return self._errors.read()

    def read(self, *arguments):
        """Return {OBIS: value} as `ferraris read` gives them over TCP."""
        return read_values(f"iec62056-21+tcp://{self.address}", *arguments)

    def read_until(self, ready):
        """Read again and again, and return the first values for which ready(values) is true."""
        return poll(lambda: next(filter(ready, [self.read()]), None), "values")


def read_values(url, *arguments):
    """Return {OBIS: value as text} of `ferraris read URL --json`."""
    result = ferraris("read", url, *arguments, "--json")
    assert result.returncode == 0, result
    return {row["obis"]: row["value"] for row in json.loads(result.stdout)["values"]}
