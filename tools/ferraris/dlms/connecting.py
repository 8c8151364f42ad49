"""From a command line to an association: the URL, the password, the keys."""

import getpass
import os
import sys
from argparse import Namespace

from meter.protocols.dlms import clients

from ferraris.dlms import key_file, url
from ferraris.dlms.client import Client
from ferraris.dlms.links import link
from ferraris.errors import UsageError

PASSWORD = "FERRARIS_PASSWORD"


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
    elif options.keys:
        raise UsageError(f"--keys are for the management client: ?client={clients.MANAGEMENT} in the URL")
    return Client(link(address, options.timeout), secret, keys)


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
