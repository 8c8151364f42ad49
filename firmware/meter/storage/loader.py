"""The boot loader's half of an upgrade: which slot runs, and back to the one before if it does not meter.

    what the board was flashed with starts
      choose() -- CONFIRMED, sound ---------------------------------> that slot
               -- ON_TRIAL, sound --> TRIED is stored --------------> that slot, on trial
               -- TRIED: it was started and did not confirm --------> the slot before, stored as confirmed
               -- not sound, whatever the state --------------------> the slot before, stored as confirmed

A slot on trial confirms itself after a minute of metering (Trial). The watchdog is fed while the board meters, so an
image that hangs or does not meter is reset by it, found TRIED, and the one before runs. A power cut within the minute
has the same effect: an image is confirmed or it is not, and the one before is as it was, since it was not touched.
"""

from meter.compat import const
from meter.storage.boot import CONFIRMED, FACTORY, ON_TRIAL, TRIED
from meter.storage.image import PIECE, WHOLE, ImageError, read_header

OF_IMAGES = ("main", "device", "board", "meter")  # what an image holds, at its top
CHANGED = "changed"  # a file in an image that is not complete: the names of its modules
TRIAL_S = const(60)  # seconds of metering after which an image is confirmed


def choose(boot, slots, board, now):
    """Return (slot to run, Header or None): FACTORY and None for what the board was flashed with.

    boot: Boot. slots: Slots. board: its name. now: UTC second, for the record. What is decided is stored first.
    """
    if boot.state == TRIED:
        return _back(boot, slots, board, now)
    header = _sound(slots, boot.slot, boot.crc, board)
    if boot.slot != FACTORY and header is None:
        return _back(boot, slots, board, now)
    if boot.state == ON_TRIAL:
        boot.tried(now)
    return boot.slot, header


def _back(boot, slots, board, now):
    """Confirm the slot before, if it is one that runs; else what the board was flashed with."""
    slot = boot.before if boot.state != CONFIRMED else FACTORY
    header = _sound(slots, slot, None, board)
    boot.fall_back(slot if header else FACTORY, header.crc if header else 0, now)
    return boot.slot, header


def _sound(slots, slot, crc, board):
    """Return the Header of the image in a slot if all of it is as it was made; crc: of its payload, None: any."""
    if slot == FACTORY:
        return None
    try:
        header = slots.check(slot, read_header(slots.read(slot, 0, PIECE)).size, board)
    except ImageError:
        return None
    return header if crc is None or header.crc == crc else None


def payload_at(header):
    """Return (first byte in its slot, length) of an image's payload."""
    return header.first * PIECE, header.length


def flashed():
    """Return the identity of the firmware that is frozen into this board's MicroPython, WHOLE if none is."""
    try:
        return __import__("flashed").ID
    except ImportError:
        return WHOLE


def mount(payload, path, vfs, system, builtins):
    """Make the modules of an image those that are imported from now on, in the place of what was loaded so far.

    payload: its ROMFS as memory that stays, such as a view of the flash. path: to mount it at. vfs, system, builtins:
    the modules vfs, sys and builtins of MicroPython.
    """
    vfs.mount(vfs.VfsRom(payload), path)
    try:
        with open(path + "/" + CHANGED, "rb") as file:
            names = file.read().decode().split()
    except OSError:
        names = None
    if names is None:
        system.path.insert(0, path)
    else:
        before = system.modules["meter"].__path__
        builtins.__import__ = Changed(names, path, before[: -len("/meter")], system, builtins.__import__)
    for name in list(system.modules):
        if name.split(".")[0] in OF_IMAGES:
            del system.modules[name]


class Changed:
    """Imports the modules that an image changes from it, and all others from what the board was flashed with.

    MicroPython looks for a module in one folder, that of its package. So whatever is imported, its package is told
    first in which of the two it lies. What is imported meanwhile comes here in its turn.
    """

    def __init__(self, names, path, before, system, ordinary):
        """names: of the modules. path: of the image. before: of the others. ordinary: the __import__ of before."""
        self._names, self._places = names, (before, path)
        self._system, self._import = system, ordinary

    def __call__(self, name, *how):
        """What the import statement calls."""
        package = ""
        for part in name.split("."):
            full = package + "." + part if package else part
            if full not in self._system.modules and full.split(".")[0] in OF_IMAGES:
                self._load(full, package)
            package = full
        return self._import(name, *how)

    def _load(self, name, package):
        place = self._places[name in self._names]
        if not package:
            self._system.path.insert(0, place)
            try:
                self._import(name)
            finally:
                self._system.path.pop(0)
            return
        self._system.modules[package].__path__ = place + "/" + package.replace(".", "/")
        self._import(name)


class Trial:
    """Confirms the image that runs on trial, after so many seconds of metering. confirm(now): function."""

    def __init__(self, confirm, seconds=TRIAL_S):
        self._confirm = confirm
        self._left, self._second = seconds, None
        self.is_over = False

    def metered(self, now):
        """Metering has come to this UTC second. A clock that is set makes one second of a jump."""
        if self.is_over or now == self._second:
            return
        self._left -= self._second is not None
        self._second = now
        if self._left <= 0:
            self.is_over = True
            self._confirm(now)
