"""`ferraris read` where there is no meter to read: one line says why. Reading one is tested with `run`."""

import socket
import threading

import pytest

from host_tests.tools.cli_process import RunningMeter, called, configuration, ferraris, refused

SCHEME = "iec62056-21"


class Answering:
    """A TCP server that answers whatever it receives first with the same bytes, then waits."""

    def __init__(self, answer):
        self._server = socket.create_server(("127.0.0.1", 0))
        self._connections = []
        self.url = f"{SCHEME}+tcp://127.0.0.1:{self._server.getsockname()[1]}"
        threading.Thread(target=self._serve, args=(answer,), daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for connection in self._connections:
            connection.close()
        self._server.close()

    def _serve(self, answer):
        try:
            connection, _ = self._server.accept()
            self._connections.append(connection)
            if answer and connection.recv(64):
                connection.sendall(answer)
        except OSError:
            pass  # the test is over


def failed(result, *words):
    """Check that a command failed, not by its input: exit code 1, one line that has the words."""
    assert (result.returncode, result.stdout) == (1, ""), result
    assert result.stderr.count("\n") == 1 and result.stderr.startswith("ferraris: "), result.stderr
    for word in words:
        assert word in result.stderr


@pytest.fixture(scope="module")
def meter(tmp_path_factory):
    directory = tmp_path_factory.mktemp("read")
    arguments = ("--config", configuration(directory / "c.json"), "--state", directory / "state")
    with RunningMeter(*arguments) as running:
        running.listening()
        yield running


def test_nobody_listens():
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = f"127.0.0.1:{server.getsockname()[1]}"
    failed(ferraris("read", f"{SCHEME}+tcp://{address}"), address, "refused")


def test_host_has_no_address():
    failed(ferraris("read", f"{SCHEME}+tcp://no-such-host.invalid:2001"), "no-such-host.invalid")


def test_serial_path_does_not_exist(tmp_path):
    failed(ferraris("read", f"{SCHEME}+serial:{tmp_path}/optical"), f"{tmp_path}/optical", "No such file")


def test_server_that_says_nothing():
    with Answering(b"") as server:
        failed(ferraris("read", server.url, "--timeout", "0.2"), "no answer", "0.2 s")


@pytest.mark.parametrize(
    "answer, word",
    [
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", "not an IEC 62056-21"),
        (b"/X\r\n", "not an IEC 62056-21 meter"),
        (b"/AB\xff5!\r\n", "not an IEC 62056-21 meter"),
        (b"/FRS5Ferr", "no answer"),
        (b"\x00" * 70000, "not an IEC 62056-21"),
    ],
)
def test_server_that_speaks_something_else(answer, word):
    with Answering(answer) as server:
        failed(ferraris("read", server.url, "--timeout", "0.2"), word)


def test_other_meters_address_gets_no_answer(meter):
    url = f"{SCHEME}+tcp://{meter.address}?address=99999999"
    failed(ferraris("read", url, "--timeout", "0.2"), "no answer")


def test_obis_code_that_the_meter_does_not_send(meter):
    refused(ferraris("read", f"{SCHEME}+tcp://{meter.address}", "9.9.9"), "9.9.9", "values")


def test_values_are_printed_as_a_table_with_units(meter):
    result = ferraris("read", f"{SCHEME}+tcp://{meter.address}", "1-0:1.8.0")
    assert result.returncode == 0
    assert "FRS Ferraris" in result.stdout
    assert [line.split()[::2] for line in result.stdout.splitlines() if "1.8.0" in line] == [
        ["1-0:1.8.0", "kWh"]
    ]


@pytest.mark.parametrize(
    "url",
    [
        f"{SCHEME}+tcp:",
        f"{SCHEME}+tcp://",
        f"{SCHEME}+tcp://127.0.0.1:port",
        f"{SCHEME}+tcp://127.0.0.1:99999",
        f"{SCHEME}+tcp://127.0.0.1:0",
        f"{SCHEME}+tcp://[::1",
        f"{SCHEME}+serial:",
        SCHEME,
        "127.0.0.1:2001",
        "http://127.0.0.1",
        "",
    ],
)
def test_malformed_url_is_refused_with_what_is_expected(capsys, url):
    refused(called(capsys, "read", url), f"{SCHEME}+tcp:", f"{SCHEME}+serial:")


@pytest.mark.parametrize("timeout", ["0", "-1", "long"])
def test_timeout_at_fault_is_refused(capsys, timeout):
    result = called(capsys, "read", f"{SCHEME}+tcp://127.0.0.1", "--timeout", timeout)
    assert (result.returncode, result.stdout) == (2, "")
    assert "must be a number above 0" in result.stderr
