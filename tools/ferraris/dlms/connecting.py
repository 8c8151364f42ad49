"""From a command line to an association: the URL, the password, the keys."""

import getpass
import os
import sys
from argparse import Namespace
from dataclasses import replace

from meter.protocols.dlms import clients

from ferraris.dlms import key_file, url
from ferraris.dlms.apdus import Attribute
from ferraris.dlms.client import Client
from ferraris.dlms.links import link
from ferraris.errors import ClientError, UsageError

PASSWORD = "FERRARIS_PASSWORD"
COUNTER = Attribute(1, "0.0.43.1.0.255")  # the last number that the meter took


def connected(options: Namespace) -> Client:
    """Return the Client for the command line's url, keys and timeout; it is not open yet. UsageError."""
    address = url.parse(options.url)
    if address.client == clients.READER and not address.user:
        raise UsageError(f"client={clients.READER} logs in as a user: USER@ in the URL, or ?user=USER")
    if address.client != clients.READER and address.user:
        raise UsageError(f"client={address.client} has no users: leave {address.user}@ out of the URL")
    secret, keys = None, None
    if address.client == clients.READER:
        secret = f"{address.user}:{_password(address)}".encode()
    elif address.client == clients.MANAGEMENT:
        keys = key_file.load(options.keys)
        _catch_up(address, options.timeout, keys)
    elif options.keys:
        raise UsageError(f"--keys are for the management client: ?client={clients.MANAGEMENT} in the URL")
    return Client(link(address, options.timeout), secret, keys)


def _catch_up(address: url.Address, timeout: float, keys: key_file.KeyFile) -> None:
    """Go on with the number that the meter takes next: after a power cut it is ahead of ours.

    Anybody may answer to that, so a leap is not believed that would use up the numbers.
    """
    with Client(link(replace(address, client=clients.PUBLIC), timeout)) as meter:
        last = meter.read(COUNTER).value
    if not isinstance(last, int) or last > key_file.LAST // 2:
        raise ClientError(
            f"{address.where}: the meter says that {last} frames were sent to it: replace its keys"
        )
    keys.raise_to(last + 1)


def _password(address: url.Address) -> str:
    """Return the password: of the URL, of the environment, or of whoever sits at the terminal."""
    if address.password is not None:
        return address.password
    given = os.environ.get(PASSWORD)
    if given is not None:
        return given
    if not sys.stdin.isatty():
        raise UsageError(f"{address.user}: no password: in the URL, {PASSWORD}, or typed at a terminal")
    return getpass.getpass(f"Password of {address.user} at {address.where}: ")
