"""What a DLMS URL says.

dlms+tcp://[USER[:PASSWORD]@]HOST[:4059]     wrapper
dlms+hdlc://[USER[:PASSWORD]@]HOST[:4059]    HDLC over TCP
dlms+serial:/PATH                            HDLC on a serial line
dlms+optical:/PATH                           HDLC behind an optical head, opened by IEC 62056-21 mode E

?client=16|32|1     who reads; without it 32 where a user is named, else 16
?user=U             the user, where the URL has no place for one: dlms+serial, dlms+optical
?server=1           logical device
?baud=9600          of dlms+serial
?address=A          the lower HDLC address (station), of dlms+hdlc, dlms+serial and dlms+optical; of mode E too
"""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import SplitResult, parse_qs, unquote, urlsplit

from meter.protocols.dlms import clients

from ferraris.errors import UsageError

TCP, HDLC, SERIAL, OPTICAL = SCHEMES = ("dlms+tcp", "dlms+hdlc", "dlms+serial", "dlms+optical")
PORT = 4059
BAUD = 9600
EXPECTED = f"expected {TCP}://[USER@]HOST[:PORT], {HDLC}://HOST[:PORT], {SERIAL}:/PATH or {OPTICAL}:/PATH"
# option: the schemes that have it
_OPTIONS = {
    "client": SCHEMES,
    "user": SCHEMES,
    "server": SCHEMES,
    "baud": (SERIAL,),
    "address": (HDLC, SERIAL, OPTICAL),
}


@dataclass(frozen=True)
class Address:
    """Where a meter is, and who reads it. password: None if the URL has none. station: lower HDLC address, or None."""

    scheme: str
    host: str = ""
    port: int = PORT
    path: str = ""
    baud: int = BAUD
    client: int = clients.PUBLIC
    server: int = 1
    station: int | None = None
    user: str = ""
    password: str | None = None

    @property
    def where(self) -> str:
        """The meter's place, for messages."""
        return self.path or f"{self.host}:{self.port}"


def parse(url: str) -> Address:
    """Return the Address. UsageError."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise UsageError(f"{hide(url)}: {error}; {EXPECTED}") from None
    is_net = parts.scheme in (TCP, HDLC)
    is_line = parts.scheme in (SERIAL, OPTICAL)
    if is_net and (not parts.hostname or port == 0) or is_line and not parts.path or not is_net | is_line:
        raise UsageError(f"{hide(url)}: {EXPECTED}")
    options = _options(parts)
    user = unquote(parts.username or options.get("user", ""))
    password = None if parts.password is None else unquote(parts.password)
    station = _number(options, "address", 0, 16382) if "address" in options else None
    client = _number(options, "client", clients.READER if user else clients.PUBLIC, 0x7F)
    if clients.find(client) is None:
        known = ", ".join(f"{one.sap} ({one.name})" for one in clients.CLIENTS)
        raise UsageError(f"client={client}: this reader can be {known}")
    return Address(
        parts.scheme,
        parts.hostname or "" if is_net else "",
        port or PORT,
        "" if is_net else parts.path,
        _number(options, "baud", BAUD, 921600),
        client,
        _number(options, "server", 1, 0x3FFF),
        station,
        user,
        password,
    )


def hide(url: str) -> str:
    """Return a URL without its password, for messages."""
    head, at, tail = url.rpartition("@")
    scheme, colon, rest = head.partition("://")
    return f"{scheme}{colon}{rest.partition(':')[0]}{at}{tail}" if at else url


def _options(parts: SplitResult) -> Mapping[str, str]:
    found = {name: values[-1] for name, values in parse_qs(parts.query, keep_blank_values=True).items()}
    for name in found:
        if parts.scheme not in _OPTIONS.get(name, ()):
            known = ", ".join(one for one, schemes in _OPTIONS.items() if parts.scheme in schemes)
            raise UsageError(f"?{name}: unknown for {parts.scheme}; known: {known}")
    return found


def _number(options: Mapping[str, str], name: str, default: int, most: int) -> int:
    text = options.get(name)
    if text is None:
        return default
    if not text.isdecimal() or int(text) > most:
        raise UsageError(f"{name}={text}: must be a whole number up to {most}")
    return int(text)
