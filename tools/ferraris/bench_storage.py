"""The storage figures of `ferraris bench`: append, read, mount, and how much and how evenly the flash wears.

wear() makes the real sequence of appends and checkpoints of a meter, with states and records of the real size, but
without metering. tools/soak.py makes twenty years of it.
"""

from time import perf_counter
from typing import Any

from meter.hal.sim.flash import Flash
from meter.meter import CHECKPOINT_S
from meter.registers.energy import Energy
from meter.storage.fifo import Fifo
from meter.storage.journal import Journal
from meter.storage.partitions import Partitions

from boards.sim.board import FLASH_SIZE, PARTITIONS

CHANNELS = 32
INTERVAL_S = 900
RECORD = 4 + 4 * CHANNELS  # seconds, status, float32 values
# A checkpoint: its head, the registers, and the running interval with a key and a total of each channel.
STATE = 7 + len(Energy().state()) + 8 + 10 * CHANNELS
DAY, YEAR = 86400, 365.25
CYCLES = 100_000  # what the makers of NOR flash promise for each sector
MOUNT_SIZE = 16 * 1024 * 1024
KIND = 0x4C


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


def wear(days: float, interval_s: int = INTERVAL_S) -> dict[str, Any]:
    """Return what so many days do to the sim board's flash: a load profile of 32 channels and its checkpoints.

    Amplification is bytes programmed for each byte of load profile payload: of the profile's ring alone, and with
    the checkpoints of the registers. Erases are given as the fewest and the most of a sector; for a year the mean of
    the area's sectors is scaled, as no sector is more than one ahead of another.
    """
    flash = Counting(FLASH_SIZE)
    areas = Partitions.open(flash, PARTITIONS)
    journal = Journal(flash, *areas.area("journal"))
    base, size = areas.area("load_profile")
    profile = Fifo(flash, base, size, KIND)
    profile.mount()
    states = [bytes((at * 7 + turn) & 0xFF for at in range(STATE)) for turn in range(2)]
    end, records, in_profile = int(days * DAY), 0, 0
    started = perf_counter()
    for second in range(0, end + 1, 300):
        due = second % interval_s == 0
        if due or second % CHECKPOINT_S == 0:
            journal.save(states[second // 300 % 2], second)
        if due:
            before = flash.programmed
            profile.append(second.to_bytes(4, "little") * (RECORD // 4), second)
            in_profile += flash.programmed - before
            records += 1
    elapsed = perf_counter() - started
    worn = {name: _erases(flash, *areas.area(name)) for name in ("journal", "load_profile")}
    erases = {name: [min(found), max(found)] for name, found in worn.items()}
    mean = {name: sum(found) / len(found) for name, found in worn.items()}
    payload = records * RECORD
    return {
        "wear_days": round(days, 1),
        "wear_s": round(elapsed, 1),
        "erases_min_max": erases,
        "erases_per_year": {name: round(count * YEAR / days, 2) for name, count in mean.items()},
        "percent_of_endurance_in_20_years": {
            name: round(count * YEAR / days * 20 / CYCLES * 100, 2) for name, count in mean.items()
        },
        "amplification_profile": round(in_profile / payload, 2),
        "amplification_all": round(flash.programmed / payload, 2),
    }


def lines(figures: dict[str, Any]) -> list[str]:
    """Return the figures for people, in lines of 80 columns at most."""
    year, percent = figures["erases_per_year"], figures["percent_of_endurance_in_20_years"]
    return [
        f"storage: {figures['append_us']:g} us to append {figures['record_bytes']} bytes, "
        f"{figures['read_rows_per_s']:,} rows/s read,",
        f"  {figures['mount_ms']:g} ms to mount {figures['mount_mib']} MiB",
        f"wear, 32 channels by 15 min, from {figures['wear_days']:g} days: erases of a sector a year",
        f"  journal {year['journal']:g}, load profile {year['load_profile']:g}; "
        f"in 20 years {percent['journal']:g} % and {percent['load_profile']:g} % of 100,000",
        f"bytes programmed for one of the load profile: {figures['amplification_profile']:g}; "
        f"with checkpoints: {figures['amplification_all']:g}",
    ]


def _erases(flash: Flash, base: int, size: int) -> list[int]:
    """Return the erases of each sector of an area, with the first use of a sector among them."""
    return flash.wear[base // flash.erase_size : (base + size) // flash.erase_size]
