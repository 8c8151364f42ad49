"""The command `ferraris`. Exit codes: 0 done, 1 failed, 2 the input or the command line is at fault."""

import argparse
import os
import sys
from collections.abc import Sequence
from datetime import UTC, datetime

from meter import VERSION

from boards.sim.board import PARTITIONS
from ferraris import bench, calibrate, config, deploy, flash, image, read, read_state, replay, run
from ferraris.accuracy import command as accuracy
from ferraris.dlms import command as dlms
from ferraris.dlms import program
from ferraris.errors import ClientError, UsageError
from ferraris.recordings import InputError
from ferraris.records import MOST_DAYS

END = datetime(2106, 1, 1, tzinfo=UTC).timestamp()  # the meter counts seconds in 32 bits, until February 2106


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command. Returns the exit code."""
    options = parser().parse_args(arguments)
    try:
        return int(options.command(options) or 0)
    except (UsageError, InputError) as error:
        return _complain(error, 2)
    except ClientError as error:
        return _complain(error, 1)
    except BrokenPipeError:
        # The reader of our output has gone (`| head`): not an error. Keep Python from flushing into it again.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except OSError as error:  # what no command could foresee: a disk or a device that is full
        return _complain(error, 1)
    except KeyboardInterrupt:
        return _complain("interrupted", 1)


def _complain(error: object, code: int) -> int:
    for line in str(error).splitlines():
        print(f"ferraris: {line}", file=sys.stderr)
    return code


def parser() -> argparse.ArgumentParser:
    """Return the parser of the whole command line."""
    top = argparse.ArgumentParser(prog="ferraris", description="An open polyphase electricity meter.")
    top.add_argument("--version", action="version", version=f"ferraris {VERSION}")
    commands = top.add_subparsers(required=True, metavar="command")
    _add_run(commands.add_parser("run", help="run the simulated meter with its ports"))
    _add_replay(commands.add_parser("replay", help="meter a recording as fast as possible"))
    _add_read(commands.add_parser("read", help="read a meter"))
    _add_program(commands.add_parser("program", help="change a meter over DLMS"))
    _add_bench(commands.add_parser("bench", help="measure speed and memory"))
    _add_accuracy(commands.add_parser("accuracy", help="test every accuracy point against its limit"))
    _add_calibrate(commands.add_parser("calibrate", help="calibrate a meter on a reference load"))
    _add_config(commands.add_parser("config", help="make, check and compare configurations"))
    _add_flash(commands.add_parser("flash", help="look at a stopped meter's flash"))
    _add_image(commands.add_parser("image", help="compile the firmware for a board"))
    _add_deploy(commands.add_parser("deploy", help="copy the firmware onto a board"))
    return top


def _add_run(command: argparse.ArgumentParser) -> None:
    command.set_defaults(command=run.command)
    command.add_argument(
        "--config", metavar="F", help="configuration (JSON) to apply; without it the stored one holds"
    )
    command.add_argument(
        "--state", metavar="DIR", default="state", help="what the meter keeps (default ./state)"
    )
    source = "synth, a recording, a load table (CSV with kW, kW_A, ...), or a scenario (TOML)"
    command.add_argument("--source", metavar="S", default="synth", help=source)
    command.add_argument("--speed", metavar="N", type=_speed, default=1.0, help="times real time, or max")
    start = "start of the clock, ISO 8601, UTC; of a load table: where in it to begin"
    command.add_argument("--start", metavar="T", type=_time, help=start)
    command.add_argument("--duration", metavar="S", type=_seconds, help="stop after so many metered seconds")
    command.add_argument("--seed", metavar="N", type=_seed, default=0, help="of all that is random")
    _add_recording(command, " or load table", "; factor of a load table's power")


def _add_replay(command: argparse.ArgumentParser) -> None:
    command.set_defaults(command=replay.command)
    command.add_argument("recording", help="COMTRADE, WAV, CSV or NPZ file")
    command.add_argument("--config", metavar="F", help="configuration (JSON)")
    command.add_argument("--nominal", metavar="V", type=_positive, help="nominal phase voltage, V")
    command.add_argument("--frequency", type=int, choices=(50, 60), help="nominal frequency, Hz")
    command.add_argument("--json", action="store_true", help="print one JSON object")
    _add_recording(command)


def _add_recording(command: argparse.ArgumentParser, table: str = "", factor: str = "") -> None:
    command.add_argument(
        "--map", metavar="VA=name,...", help=f"which channel of the recording{table} is which"
    )
    command.add_argument(
        "--rate", metavar="HZ", type=_positive, help="sample rate of a CSV without a column t"
    )
    command.add_argument(
        "--scale", metavar="X|VA=X,...", help=f"volts or amperes at full scale of a WAV{factor}"
    )


def _add_read(command: argparse.ArgumentParser) -> None:
    command.set_defaults(command=read.command)
    url = (
        "dlms+tcp://[USER@]HOST[:PORT], dlms+hdlc://HOST[:PORT], dlms+serial:/PATH, dlms+optical:/PATH, "
        "iec62056-21+tcp://HOST:PORT, iec62056-21+serial:/PATH, or state:DIR of a stopped meter"
    )
    what = (
        "an OBIS code (1-0:1.8.0, 1.8.0) or a quantity (Wh.del.P); over DLMS " + ", ".join(dlms.WHAT) + "; "
        "of a stopped meter " + ", ".join(read_state.WHAT)
    )
    command.add_argument("url", help=url)
    command.add_argument("what", nargs="?", help=what)
    command.add_argument("--timeout", metavar="S", type=_positive, default=10.0, help="seconds (default 10)")
    command.add_argument("--json", action="store_true", help="print JSON")
    _add_keys(command)
    of_state = command.add_argument_group("over DLMS, and of a stopped meter")
    config = "a stopped meter's configuration (JSON), for registers, self_reads"
    of_state.add_argument("--config", metavar="F", help=config)
    of_state.add_argument("--csv", metavar="F", help="write the records as CSV")
    of_state.add_argument("--parquet", metavar="F", help="write them as Parquet (needs pyarrow)")
    of_state.add_argument("--plot", metavar="F", help="draw the load profile (.png, .svg; needs matplotlib)")
    of_state.add_argument("--last-days", metavar="N", type=_days, help="so many whole days, and the last")
    of_state.add_argument("--from", dest="start", metavar="T", type=_time, help="ISO 8601, UTC")
    of_state.add_argument("--to", metavar="T", type=_time, help="ISO 8601, UTC")


def _add_program(command: argparse.ArgumentParser) -> None:
    command.set_defaults(command=program.command)
    command.add_argument(
        "url", help="dlms+tcp://HOST[:PORT]?client=1, or another URL of ferraris read for DLMS"
    )
    what = f"a configuration (JSON), or {', '.join(program.ACTIONS)}"
    command.add_argument("what", help=what)
    argument = "set-time: ISO 8601 or now; image: FILE; key: " + " or ".join(program.KEYS)
    command.add_argument("argument", nargs="?", help=argument)
    command.add_argument(
        "--dry-run", action="store_true", help="of a configuration: show what differs, no more"
    )
    command.add_argument("--timeout", metavar="S", type=_positive, default=10.0, help="seconds (default 10)")
    _add_keys(command)


def _add_keys(command: argparse.ArgumentParser) -> None:
    keys = "keys of the DLMS management client, ?client=1 (JSON; without it FERRARIS_KEYS names the file)"
    command.add_argument("--keys", metavar="F", help=keys)


def _add_bench(command: argparse.ArgumentParser) -> None:
    command.set_defaults(command=bench.command)
    command.add_argument("--json", action="store_true", help="print one JSON object")
    command.add_argument(
        "--seconds", metavar="S", type=_positive, default=60.0, help="of signal (default 60)"
    )


def _add_accuracy(command: argparse.ArgumentParser) -> None:
    command.set_defaults(command=accuracy.command)
    command.add_argument("--json", action="store_true", help="print a JSON list, one object for each value")
    command.add_argument("--quick", action="store_true", help="fewer currents, three meters instead of six")
    command.add_argument("--all", action="store_true", help="print every value")
    command.add_argument("--section", metavar="NAME", help="only sections whose name has this in it")
    command.add_argument(
        "--plot", metavar="FILE", help="draw error over current (.svg, .png; needs matplotlib)"
    )


def _add_calibrate(command: argparse.ArgumentParser) -> None:
    command.set_defaults(command=calibrate.command)
    command.add_argument("--config", metavar="F", help="configuration (JSON)")
    command.add_argument("--state", metavar="DIR", default="state", help="the meter (default ./state)")
    command.add_argument(
        "--board", metavar="NAME", help="the meter of this computer's board, not the simulated one"
    )
    command.add_argument("--voltage", metavar="V", type=_positive, help="applied, V (default nominal)")
    command.add_argument("--current", metavar="A", type=_positive, help="applied, A (default nominal)")
    command.add_argument("--angle", metavar="DEG", type=_degrees, default=60.0, help="lag (default 60)")
    command.add_argument("--seconds", metavar="S", type=_positive, default=10.0, help="measured (default 10)")
    command.add_argument("--json", action="store_true", help="print one JSON object")


def _add_config(command: argparse.ArgumentParser) -> None:
    commands = command.add_subparsers(required=True, metavar="command")
    what = "a document (JSON), state:DIR of a stopped meter, example:NAME, or factory"
    new = commands.add_parser("new", help="print a whole document: the factory's, or an example")
    new.set_defaults(command=config.new)
    new.add_argument(
        "--example", metavar="NAME", choices=config.examples(), help=", ".join(config.examples())
    )
    check = commands.add_parser("check", help="list all that is wrong with a document")
    check.set_defaults(command=config.check)
    check.add_argument("document", metavar="F", help="a document (JSON)")
    diff = commands.add_parser("diff", help="say what differs, and what the change re-initialises")
    diff.set_defaults(command=config.diff)
    diff.add_argument("old", metavar="A", help=what)
    diff.add_argument("new", metavar="B", help=what)
    show = commands.add_parser("show", help="print all settings as a table")
    show.set_defaults(command=config.show)
    show.add_argument("document", metavar="F", nargs="?", default="factory", help=what)
    show.add_argument("--changed", action="store_true", help="only what is not as the factory has it")


def _add_flash(command: argparse.ArgumentParser) -> None:
    commands = command.add_subparsers(required=True, metavar="command")
    dump = commands.add_parser("dump", help="list the areas and the records in them")
    check = commands.add_parser(
        "check", help="say what is damaged and what was lost; exit code 1 if anything is"
    )
    for parser, function in ((dump, flash.dump), (check, flash.check)):
        parser.set_defaults(command=function)
        parser.add_argument("state", metavar="STATE", help="the state directory of a stopped meter")
    names = [name for name, _ in PARTITIONS]
    dump.add_argument("--area", choices=names, help="only the records of this area")
    dump.add_argument("--last", metavar="N", type=_seed, help="only the newest N records of each area")


def _add_image(command: argparse.ArgumentParser) -> None:
    command.set_defaults(command=image.command)
    command.add_argument("board", nargs="?", metavar="BOARD", help=", ".join(image.boards()))
    command.add_argument("--out", metavar="F", help="write the image file, which an upgrade carries")
    command.add_argument("--romfs", metavar="F", help="write the ROMFS in it")
    command.add_argument(
        "--since", metavar="F", help="only what has changed since this image, which is frozen in"
    )
    command.add_argument("--freeze", metavar="DIR", help="write what MicroPython's build is to freeze")
    command.add_argument("--key", metavar="F", help="sign it with this private key")
    command.add_argument("--new-key", metavar="F", help="make a private key, print the public one")
    command.add_argument("--no-heap", action="store_true", help="do not measure heap, estimate it")
    command.add_argument("--json", action="store_true", help="print one JSON object")


def _add_deploy(command: argparse.ArgumentParser) -> None:
    command.set_defaults(command=deploy.command)
    command.add_argument(
        "port", nargs="?", metavar="PORT", help="serial port; default: the only board that is there"
    )
    command.add_argument("board", metavar="BOARD", help=", ".join(image.boards()))
    command.add_argument("--check", action="store_true", help="look whether it fits, copy nothing")


def _degrees(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = 360.0
    if not -180 <= value <= 180:
        raise argparse.ArgumentTypeError(f"{text}: must be a number from -180 to 180")
    return value


def _positive(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value < float("inf"):
        raise argparse.ArgumentTypeError(f"{text}: must be a number above 0")
    return value


_seconds = _positive


def _seed(text: str) -> int:
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"{text}: must be a whole number from 0")
    return int(text)


def _days(text: str) -> int:
    if not text.isdecimal() or int(text[:9]) > MOST_DAYS:
        raise argparse.ArgumentTypeError(f"{text}: must be a whole number from 0 to {MOST_DAYS}")
    return int(text)


def _speed(text: str) -> float | None:
    try:
        return None if text == "max" else _positive(text)
    except argparse.ArgumentTypeError as error:
        raise argparse.ArgumentTypeError(f"{error}, or max") from error


def _time(text: str) -> int:
    try:
        time = datetime.fromisoformat(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text}: not a time such as 2026-01-31T12:00:00Z") from error
    time = time if time.tzinfo else time.replace(tzinfo=UTC)
    if not 0 <= time.timestamp() < END:
        raise argparse.ArgumentTypeError(f"{text}: must be from 1970 to 2105")
    return int(time.timestamp())


if __name__ == "__main__":
    sys.exit(main())
