"""`ferraris program`: changes a meter over DLMS. It reads first, shows what differs, writes, and reads again."""

import sys
import time
from argparse import Namespace
from datetime import UTC, datetime
from pathlib import Path

from meter.config import document
from meter.config.schema import ConfigError

from ferraris.config import differences
from ferraris.dlms import reading, writing
from ferraris.dlms.client import Client
from ferraris.dlms.connecting import connected
from ferraris.errors import ClientError, UsageError
from ferraris.settings import Settings, load_settings

NOW = "now"
RESTART_S = 30.0  # in which a board is back
KEYS = tuple(writing.KEYS)
ACTIONS = ("set-time", *writing.SCRIPTS, "image", "key")
_ARGUMENTS = {"set-time": "now, or a time such as 2026-01-31T12:00:00Z", "image": "a file", "key": "its name"}
_TOLD_EVERY = 64  # blocks


def command(options: Namespace) -> int:
    """Do one thing to a meter."""
    what, argument = options.what, options.argument
    if what not in ACTIONS:
        if argument is not None:
            raise UsageError(f"{what}: not one of {', '.join(ACTIONS)}, nor a configuration alone")
        return _configure(options)
    if what in writing.SCRIPTS:
        if argument is not None:
            raise UsageError(f"{what} takes no argument")
        return _script(options)
    if argument is None and what != "set-time":
        raise UsageError(f"{what} wants {_ARGUMENTS[what]}")
    return {"set-time": _set_time, "image": _image, "key": _key}[what](options)


def _configure(options: Namespace) -> int:
    """Write a configuration. What is wrong with it is found before the meter is called."""
    wanted = load_settings(options.what)
    with connected(options) as meter:
        old = _settings(meter)
        lines = differences(old, wanted)
        print("\n".join(lines) if lines else "no setting differs: nothing is written")
        if not lines or options.dry_run:
            return 0
        writing.configure(meter, Path(options.what).read_bytes())
    left = differences(_read_back(options), wanted)
    if left:
        raise ClientError(f"the meter has not taken all of it: {left[0]}")
    print("written, and read back: the meter has it")
    return 0


def _read_back(options: Namespace) -> Settings:
    """Return the settings that the meter has now. A small board starts again with them: it is waited for."""
    end = time.monotonic() + RESTART_S
    while True:
        try:
            with connected(options) as meter:
                return _settings(meter)
        except ClientError:
            if time.monotonic() > end:
                raise
        time.sleep(1)


def _settings(meter: Client) -> Settings:
    try:
        return dict(document.read(writing.configuration(meter)))
    except ConfigError as error:
        raise ClientError(f"the meter's configuration is of another version: {error.problems[0]}") from error


def _set_time(options: Namespace) -> int:
    given = options.argument or NOW
    wanted = None if given == NOW else _time(given)
    with connected(options) as meter:
        before = reading.clock_records(meter)[0]["time"]
        writing.set_time(meter, wanted or datetime.now(UTC))
        after = reading.clock_records(meter)[0]["time"]
    print(f"clock: {before:%Y-%m-%d %H:%M:%S} -> {after:%Y-%m-%d %H:%M:%S} UTC")
    return 0


def _time(text: str) -> datetime:
    try:
        found = datetime.fromisoformat(text)
    except ValueError as error:
        raise UsageError(f"{text}: not a time such as 2026-01-31T12:00:00Z, nor {NOW}") from error
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _script(options: Namespace) -> int:
    with connected(options) as meter:
        writing.run_script(meter, options.what)
    print(f"{options.what}: done")
    return 0


def _image(options: Namespace) -> int:
    path = Path(options.argument)
    try:
        image = path.read_bytes()
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror or error}") from error
    try:
        version = writing.image_version(image)
    except UsageError as error:
        raise UsageError(f"{path}: {error}") from error

    def tell(done: int, count: int) -> None:
        if sys.stderr.isatty() and (done % _TOLD_EVERY == 0 or done == count):
            print(
                f"\r{done} of {count} blocks", end="\n" if done == count else "", file=sys.stderr, flush=True
            )

    with connected(options) as meter:
        writing.send_image(meter, path.name, image, tell)
    print(f"{version}: {len(image):,} bytes sent, checked and put in force: the meter starts again with it")
    return 0


def _key(options: Namespace) -> int:
    name = options.argument
    if name not in writing.KEYS:
        raise UsageError(f"{name}: not a key; known: {', '.join(writing.KEYS)}")
    with connected(options) as meter:
        if meter.keys is None:
            raise UsageError("keys are changed by the management client: ?client=1 in the URL")
        writing.new_key(meter, meter.keys, name)
    print(f"{name}: the meter has a new key, and {meter.keys.path} keeps it")
    return 0
