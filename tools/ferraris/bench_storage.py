"""The storage figures of `ferraris bench`: append, read, mount, and how much and how evenly the flash wears.

wear() makes the real sequence of appends and checkpoints of a meter, with states and records of the real size, but
without metering. tools/soak.py makes twenty years of it.
"""

from time import perf_counter
from typing import Any

from meter.app import LOAD_PROFILE_2_KIND, LOAD_PROFILE_KIND
from meter.hal.sim.flash import Flash
from meter.quantities import INTEGRATED, keys
from meter.registers.energy import Energy
from meter.registers.engine import CHECKPOINT_S
from meter.registers.load_profile_record import NORMAL, Description
from meter.storage.fifo import Fifo
from meter.storage.journal import Journal
from meter.storage.partitions import Partitions

from boards.sim.board import FLASH_SIZE, PARTITIONS

CHANNELS = 16  # of each of the two groups
INTERVAL_S = 900
KEYS = [name for name in keys() if name.split(".")[0] in INTEGRATED][: 2 * CHANNELS]
RECORD = len(Description(0, KEYS[:CHANNELS], (1,) * CHANNELS, 15, False).record(NORMAL, 0, [0.0] * CHANNELS))
# A checkpoint. What changes each time: its head, the registers, and the running intervals with a total of each channel.
STATE = 12 * 1024
QUICK = 7 + len(Energy().state()) + 2 * 40 + 10 * 2 * CHANNELS
PART = 512  # of the rest, which changes less often
DAY, YEAR = 86400, 365.25
CYCLES = 100_000  # what the makers of NOR flash promise for each sector
MOUNT_SIZE = 16 * 1024 * 1024
KIND = LOAD_PROFILE_KIND
PROFILES = (("load_profile", LOAD_PROFILE_KIND), ("profile_2", LOAD_PROFILE_2_KIND))
AREAS = ("journal", "load_profile", "profile_2")


def measure(days: float = 14.0) -> dict[str, Any]:
    """Return the figures. days: simulated time for the wear, from which a year is computed."""
    return {**_throughput(), **_mount(), **wear(days)}


def _throughput() -> dict[str, Any]:
    flash = Flash(FLASH_SIZE)
    fifo = Fifo(flash, 0, FLASH_SIZE // 4, KIND)
    fifo.mount()
    count = 6000
    started = perf_counter()
    for number in range(count):
        fifo.append(number.to_bytes(4, "little") * (RECORD // 4), number)
    appended = perf_counter() - started
    started = perf_counter()
    rows = sum(1 for _ in fifo.records())
    read = perf_counter() - started
    return {
        "record_bytes": RECORD,
        "append_us": round(appended / count * 1e6, 1),
        "read_rows_per_s": round(rows / read),
    }


def _mount() -> dict[str, Any]:
    """Time the mount of a ring that fills a large flash and has gone round it."""
    flash = Flash(MOUNT_SIZE)
    fifo = Fifo(flash, 0, MOUNT_SIZE, KIND)
    payload = bytes(fifo.largest)
    for time in range(MOUNT_SIZE // flash.erase_size + 3):
        fifo.append(payload, time)
    for time in range(20):  # and a sector of small records, which are looked through
        fifo.append(bytes(RECORD), time)
    times = []
    for _ in range(3):
        again = Fifo(flash, 0, MOUNT_SIZE, KIND)
        started = perf_counter()
        again.mount()
        times.append(perf_counter() - started)
    return {"mount_mib": MOUNT_SIZE >> 20, "mount_ms": round(min(times) * 1e3, 1)}


class Counting(Flash):
    """A flash that counts the bytes programmed."""

    def __init__(self, size: int) -> None:
        super().__init__(size)
        self.programmed = 0

    def program(self, address: int, data: bytes) -> None:
        """See Flash."""
        self.programmed += len(data)
        super().program(address, data)


def wear(days: float, interval_s: int = INTERVAL_S, state: int = STATE) -> dict[str, Any]:
    """Return what so many days do to the sim board's flash: two groups of 16 channels and their checkpoints.

    Amplification is bytes programmed for each byte of load profile payload: of the profiles' rings alone, and with
    the checkpoints of the registers. Erases are given as the fewest and the most of a sector; for a year the mean of
    the area's sectors is scaled, as no sector is more than one ahead of another. state: length of a checkpoint.
    """
    flash = Counting(FLASH_SIZE)
    areas = Partitions.open(flash, PARTITIONS)
    journal = Journal(flash, *areas.area("journal"))
    rings = [(*areas.area(name), kind) for name, kind in PROFILES]
    profiles = [Fifo(flash, base, size, kind) for base, size, kind in rings]
    content = bytearray(state)
    end, records, in_profiles, saves = int(days * DAY), 0, 0, 0
    started = perf_counter()
    for second in range(0, end + 1, 300):
        due = second % interval_s == 0
        if due or second % CHECKPOINT_S == 0:
            _change(content, second // 300)
            journal.save(content, second)
            saves += 1
        if due:
            before = flash.programmed
            for profile in profiles:
                profile.append(second.to_bytes(4, "little") * (RECORD // 4), second)
            in_profiles += flash.programmed - before
            records += len(profiles)
    elapsed = perf_counter() - started
    worn = {name: _erases(flash, *areas.area(name)) for name in AREAS}
    erases = {name: [min(found), max(found)] for name, found in worn.items()}
    mean = {name: sum(found) / len(found) for name, found in worn.items()}
    payload = records * RECORD
    return {
        "wear_days": round(days, 1),
        "wear_s": round(elapsed, 1),
        "state_bytes": state,
        "bytes_per_checkpoint": round((flash.programmed - in_profiles) / saves),
        "erases_min_max": erases,
        "erases_per_year": {name: round(count * YEAR / days, 2) for name, count in mean.items()},
        "percent_of_endurance_in_20_years": {
            name: round(count * YEAR / days * 20 / CYCLES * 100, 2) for name, count in mean.items()
        },
        "amplification_profile": round(in_profiles / payload, 2),
        "amplification_all": round(flash.programmed / payload, 2),
    }


def _change(content: bytearray, turn: int) -> None:
    """Change a state as a meter does: registers and intervals each time, demand often, the rest by and by."""
    quick = min(QUICK, len(content))
    content[:quick] = turn.to_bytes(4, "little") * (quick // 4) + bytes(quick % 4)
    parts = (len(content) - quick) // PART
    if parts:
        content[quick] ^= 1
        content[quick + PART * (turn // 12 % parts)] ^= 1 + turn % 255


def lines(figures: dict[str, Any]) -> list[str]:
    """Return the figures for people, in lines of 80 columns at most."""
    year, percent = figures["erases_per_year"], figures["percent_of_endurance_in_20_years"]
    return [
        f"storage: {figures['append_us']:g} us to append {figures['record_bytes']} bytes, "
        f"{figures['read_rows_per_s']:,} rows/s read,",
        f"  {figures['mount_ms']:g} ms to mount {figures['mount_mib']} MiB",
        f"wear, two groups of 16 channels by 15 min, states of {figures['state_bytes']} bytes,",
        f"  from {figures['wear_days']:g} days: erases of a sector a year",
        f"  journal {year['journal']:g}, each load profile {year['load_profile']:g}; of 100,000 in 20 years",
        f"  {percent['journal']:g} % and {percent['load_profile']:g} %",
        f"bytes programmed for a checkpoint: {figures['bytes_per_checkpoint']:,}; "
        f"for one of the load profile:",
        f"  {figures['amplification_profile']:g}, with checkpoints {figures['amplification_all']:g}",
    ]


def _erases(flash: Flash, base: int, size: int) -> list[int]:
    """Return the erases of each sector of an area, with the first use of a sector among them."""
    return flash.wear[base // flash.erase_size : (base + size) // flash.erase_size]
