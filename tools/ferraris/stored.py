"""A stopped meter's state directory, read through the meter's own code on a copy: the original is not touched."""

import contextlib
import fcntl
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from meter.access import dlms_state
from meter.app import CALIBRATION_KIND, FIFOS, KEYS_KIND, USERS_KIND, App
from meter.config import store
from meter.config.schema import ConfigError, defaults
from meter.hal.sim.flash import Flash, WrongFileSize
from meter.registers.energy import Energy
from meter.registers.engine_state import StateError
from meter.registers.event_log import FIFO_KINDS, EventLog
from meter.registers.load_profile import LoadProfile
from meter.storage import boot, journal
from meter.storage.errors import StorageError
from meter.storage.fifo import Fifo
from meter.storage.partitions import Partitions

from boards.sim.board import ERASE_SIZE, FLASH_SIZE, PARTITIONS, Board, nominal_full_scale, synthesizer
from ferraris.errors import UsageError
from ferraris.settings import Settings, load_settings
from ferraris.state_dir import FLASH, LOCK

KINDS = {
    "journal": journal.KIND,
    "calibration": CALIBRATION_KIND,
    "config": store.KIND,
    "users": USERS_KIND,
    "dlms": dlms_state.KIND,
    "boot": boot.KIND,
    "keys": KEYS_KIND,
    **{area: kind for _, area, kind in FIFOS},
    **dict(FIFO_KINDS),
}


class Stored:
    """What a stopped meter keeps. board: its Board over the copy. repaired: a superblock had to be mended."""

    def __init__(self, board: Board) -> None:
        self.board = board
        operations = board.flash.programs + board.flash.erases
        self.areas = Partitions.open(board.flash, board.partitions)
        self.repaired = board.flash.programs + board.flash.erases > operations

    def fifo(self, area: str) -> Fifo:
        """Return the mounted Fifo in an area. StorageError if something else is there."""
        base, size = self.areas.area(area)
        fifo = Fifo(self.board.flash, base, size, KINDS[area])
        fifo.mount()
        return fifo

    def load_profile(self, area: str = "load_profile") -> LoadProfile:
        """Return a load profile, to be read only. area: load_profile or profile_2."""
        return LoadProfile(self.fifo(area), Energy())

    def log(self, name: str) -> EventLog:
        """Return one of the event logs."""
        return EventLog(self.fifo(name))

    def meter(self, settings: Settings, second: int) -> App:
        """Return the meter with this configuration as it would go on at a UTC second."""
        self.board.rtc.set(second)
        return App(self.board, settings)

    def settings(self) -> Settings:
        """Return the stored configuration; the factory's if there is none."""
        base, size = self.areas.area("config")
        return store.Store(journal.Journal(self.board.flash, base, size, store.KIND)).settings or defaults()


@contextlib.contextmanager
def stored(path: str, settings: dict[str, Any] | None = None) -> Iterator[Stored]:
    """Open a copy of a state directory. UsageError if it is none, is torn or foreign, or a meter is using it.

    settings: the meter's configuration; None: the factory's.
    """
    directory = Path(path)
    if not (directory / FLASH).is_file():
        raise UsageError(f"{path}: not a meter's state: there is no {FLASH} in it")
    with tempfile.TemporaryDirectory(prefix="ferraris-") as copy:
        _copy(directory, Path(copy))
        settings = settings or defaults()
        try:
            board = Board(settings, synthesizer(settings), nominal_full_scale(settings), state=copy, start=0)
        except WrongFileSize as error:
            raise UsageError(f"{str(error).replace(copy, path)}: it is torn. Nothing was changed") from error
        try:
            if _is_blank(board.flash):
                raise UsageError(f"{path}: {FLASH} is blank: no meter has stored anything in it")
            yield Stored(board)
        except (StorageError, StateError, ConfigError) as error:
            raise UsageError(f"{path}: {error}. Nothing was changed") from error
        finally:
            board.flash.close()


def configuration(path: str) -> Settings | None:
    """Return the configuration that a state directory keeps, None if there is none that can be read."""
    file = Path(path) / FLASH
    if not file.is_file():
        return None
    with tempfile.TemporaryDirectory(prefix="ferraris-") as copy:
        shutil.copyfile(file, Path(copy) / FLASH)
        try:
            flash = Flash(FLASH_SIZE, ERASE_SIZE, str(Path(copy) / FLASH))
        except WrongFileSize:
            return None
        try:
            base, size = Partitions.open(flash, PARTITIONS).area("config")
            return store.Store(journal.Journal(flash, base, size, store.KIND)).settings
        except (StorageError, ConfigError):
            return None
        finally:
            flash.close()


def settings_for(config: str | None, state: str) -> Settings:
    """Return what --config says, or without it what the meter in a state directory keeps, or the factory's."""
    return load_settings(config) if config else configuration(state) or defaults()


def _copy(directory: Path, copy: Path) -> None:
    """Copy the files of a state directory while nobody else has it."""
    with contextlib.ExitStack() as held:
        try:
            lock = held.enter_context(open(directory / LOCK, encoding="ascii"))
        except FileNotFoundError:  # a copy that somebody made: nobody runs on it
            lock = None
        if lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except OSError as error:
                owner = lock.read().strip() or "unknown"
                raise UsageError(
                    f"{directory}: in use by a running meter (process {owner}); stop it, or read it over a port"
                ) from error
        for file in directory.iterdir():
            if file.is_file() and file.name != LOCK:
                shutil.copyfile(file, copy / file.name)


def _is_blank(flash: Any) -> bool:
    content = bytearray(flash.size)
    flash.read(0, content)
    return not content.strip(b"\xff")
