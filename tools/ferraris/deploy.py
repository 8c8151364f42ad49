"""`ferraris deploy`: copies the firmware onto a board over its serial port, with mpremote.

First it asks the board what it is, and copies nothing if the firmware would not run there, or is frozen into its
MicroPython already. Where MicroPython has a ROMFS partition that is large enough, the image goes there and runs in
place; elsewhere its modules go to /lib. The main.py that starts them is written last, so a copy that was interrupted
leaves a board that starts nothing.
"""

import ast
import hashlib
import subprocess
import sys
import tempfile
from argparse import Namespace
from pathlib import Path
from typing import Any

from ferraris import romfs
from ferraris.errors import UsageError
from ferraris.image import compiled, folder, identity, path_of
from ferraris.image_heap import measured
from ferraris.manifest import Manifest

OLDEST = (1, 25)  # MicroPython
LIB, ROM = "/lib", "/rom"
START = """\
# Starts the firmware in {0}. Written by `ferraris deploy`.
import sys

sys.path.insert(0, "{0}")
sys.modules.pop("main", None)
import main

main.main()
"""
# What a board is asked. It prints a dict.
QUESTIONS = """
import sys, os
def _ask():
    i = sys.implementation
    d = {"name": i[0], "version": tuple(i[1])[:3], "machine": getattr(i, "_machine", ""), "mpy": getattr(i, "_mpy", 0)}
    for name in ("ulab", "asyncio"):
        try:
            __import__(name)
            d[name] = True
        except ImportError:
            d[name] = False
    try:
        import vfs
        rom = vfs.rom_ioctl(2, 0)  # memory, or a block device
        d["rom"] = rom.ioctl(4, 0) * rom.ioctl(5, 0) if hasattr(rom, "ioctl") else len(rom)
    except (ImportError, AttributeError, TypeError, OSError):
        d["rom"] = 0
    try:
        d["flashed"] = __import__("flashed").ID
    except ImportError:
        d["flashed"] = None
    import gc
    gc.collect()
    d["heap"] = gc.mem_free() + gc.mem_alloc()
    try:
        s = os.statvfs("/")
        d["free"], d["files"] = s[0] * s[3], s[1] * s[2]
    except (AttributeError, OSError):
        d["free"], d["files"] = None, 0
    print(repr(d))
_ask()
"""
LIST = """
import os
def _list(path):
    try:
        entries = list(os.ilistdir(path))
    except OSError:
        return
    for entry in entries:
        name = path + "/" + entry[0]
        if entry[1] & 0x4000:
            _list(name)
        else:
            print(name)
_list({!r})
"""


def command(options: Namespace) -> int:
    """Check and copy; 1 if the board cannot take the firmware, 2 if it cannot be reached."""
    manifest = Manifest(folder(options.board))
    modules = measured(compiled(manifest), no_heap=True)
    files = {path_of(module.file): module.code for module in modules}
    payload = romfs.write(files)
    port = options.port or only_port()
    transport = connect(port)
    try:
        facts = ask(transport)
        found = f"{port}: MicroPython {_dotted(facts['version'])} on {facts['machine']}"
        if facts["flashed"] == identity(payload):
            print(f"{found}: this firmware is frozen into it, there is nothing to copy")
            return 0
        in_place = facts["rom"] >= len(payload)
        problems = complaints(facts, manifest, files, 0 if in_place else sum(map(len, files.values())))
        heap = sum(module.in_place if in_place else module.from_ram for module in modules)
        problems += of_the_heap(facts, manifest, heap)
        for problem in problems:
            print(f"ferraris: {port}: {problem}", file=sys.stderr)
        if problems:
            print(f"ferraris: {port}: nothing was copied", file=sys.stderr)
            return 1
        print(f"{found}: {options.board} goes to {'its ROMFS' if in_place else LIB}")
        if options.check:
            return 0
        _copy(transport, port, files, payload, in_place)
    finally:
        transport.exit_raw_repl()
        transport.close()
    print(f"{port}: done; reset the board to start the meter")
    return 0


def of_the_heap(facts: dict[str, Any], manifest: Manifest, modules: int) -> list[str]:
    """Return a sentence if the board's heap is too small. modules: bytes that they take there, an estimate."""
    needed = modules + sum(size for _, size in manifest.values.get("HEAP", ())[1:])
    if facts["heap"] >= needed:
        return []
    sentence = (
        f"its heap has {facts['heap']:,} bytes; what runs and the modules, copied, take some {needed:,}"
    )
    if not manifest.values.get("FROZEN"):
        return [sentence]
    frozen = "another firmware is frozen in" if facts["flashed"] else "no firmware is frozen in"
    return [f"{sentence}. Its MicroPython must have them frozen in, and {frozen}: boards/rp2/README.md"]


def connect(port: str) -> Any:
    """Return mpremote's transport, in the raw REPL. UsageError if nobody answers there as MicroPython does."""
    try:
        from mpremote.transport import TransportError
        from mpremote.transport_serial import SerialTransport
    except ImportError as error:
        raise UsageError("mpremote is not installed: pip install 'ferraris[image]'") from error
    try:
        transport = SerialTransport(port, baudrate=115200)
        transport.enter_raw_repl(soft_reset=False)
    except (TransportError, OSError) as error:
        raise UsageError(f"{port}: no MicroPython answers there: {error}") from error
    return transport


def only_port() -> str:
    """Return the serial port of the only MicroPython board that is connected. UsageError if there are none, or more."""
    from serial.tools import list_ports

    found = [port.device for port in list_ports.comports() if port.vid == 0x2E8A]  # Raspberry Pi
    if len(found) != 1:
        raise UsageError(f"name the port; boards are at {', '.join(found) or 'none'}")
    return str(found[0])


def ask(transport: Any) -> dict[str, Any]:
    """Return what the board says it is."""
    answer = ast.literal_eval(transport.exec(QUESTIONS).decode().strip())
    assert isinstance(answer, dict)
    return answer


def complaints(facts: dict[str, Any], manifest: Manifest, files: dict[str, bytes], needed: int) -> list[str]:
    """Return a sentence for each reason why the firmware would not run there. needed: bytes of its file system."""
    found = []
    if facts["name"] != "micropython":
        found.append(f"it runs {facts['name']}, not MicroPython")
    if tuple(facts["version"][:2]) < OLDEST:
        found.append(f"it runs MicroPython {_dotted(facts['version'])}; {_dotted(OLDEST)} or later is needed")
    for module in ("ulab", "asyncio"):
        if not facts[module]:
            found.append(
                f"its MicroPython has no {module}: build or fetch one that has it (docs/build-a-meter.md)"
            )
    machine = manifest.values.get("MACHINE")
    if machine and machine not in facts["machine"]:
        found.append(f"it is {facts['machine'] or 'unknown'}, and this firmware is for {machine}")
    format_of_board, arch = facts["mpy"] & 0xFF, facts["mpy"] >> 10
    if any(code[1] != format_of_board for code in files.values()):
        found.append(
            f"it takes .mpy files of format {format_of_board or 'none'}, mpy-cross made {next(iter(files.values()))[1]}"
        )
    if any(code[2] >> 2 not in (0, arch) for code in files.values()):
        found.append("it runs native code of another processor")
    room = manifest.values.get("FILES")
    if room and facts["files"] > room:
        found.append(
            f"its file system has {facts['files']:,} bytes of the flash, the meter's part begins at {room:,}: "
            "its MicroPython needs the _boot.py of boards/rp2"
        )
    if facts["free"] is not None and facts["free"] < needed:
        found.append(f"its file system has {facts['free']:,} bytes free; {needed:,} are needed")
    return found


def _dotted(version: tuple[int, ...]) -> str:
    return ".".join(str(number) for number in version)


def _copy(transport: Any, port: str, files: dict[str, bytes], payload: bytes, in_place: bool) -> None:
    transport.exec("import os\ntry:\n os.remove('/main.py')\nexcept OSError:\n pass")
    if in_place:
        _copy_romfs(transport, port, payload)
    else:
        _copy_files(transport, files)
    transport.fs_writefile("/main.py", START.format(ROM if in_place else LIB).encode())


def _copy_romfs(transport: Any, port: str, payload: bytes) -> None:
    """Let mpremote write the partition: it has the ways of every port."""
    transport.exit_raw_repl()
    transport.close()
    with tempfile.TemporaryDirectory() as scratch:
        path = Path(scratch) / "firmware.romfs"
        path.write_bytes(payload)
        steps = [sys.executable, "-m", "mpremote", "connect", port, "resume", "romfs", "deploy", str(path)]
        result = subprocess.run(steps, capture_output=True, text=True)
    transport.serial.open()
    transport.enter_raw_repl(soft_reset=False)
    if result.returncode:
        raise UsageError(
            f"{port}: mpremote could not write the ROMFS: {(result.stderr or result.stdout).strip()}"
        )


def _copy_files(transport: Any, files: dict[str, bytes]) -> None:
    """Write what differs, remove modules of a former firmware."""
    wanted = {f"{LIB}/{target}": code for target, code in files.items()}
    there = transport.exec(LIST.format(LIB + "/meter")).decode().split()
    for name in sorted(set(there) - set(wanted)):
        transport.fs_rmfile(name)
    made: set[str] = set()
    for name, code in sorted(wanted.items()):
        _make_folders(transport, name, made)
        if name in there and _hash(transport, name) == hashlib.sha256(code).digest():
            continue
        transport.fs_writefile(name, code, chunk_size=1024)


def _make_folders(transport: Any, name: str, made: set[str]) -> None:
    parts = name.split("/")[1:-1]
    for count in range(1, len(parts) + 1):
        path = "/" + "/".join(parts[:count])
        if path not in made:
            transport.exec(
                f"try:\n os.mkdir({path!r})\nexcept OSError:\n pass"
            )  # it is there, or the write says so
        made.add(path)


def _hash(transport: Any, name: str) -> bytes:
    return bytes(transport.fs_hashfile(name, "sha256"))
