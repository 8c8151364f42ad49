"""Journal with an Nvram, and readers of a ring, on the device's interpreter."""

from meter.storage.fifo import Fifo
from meter.storage.journal import Journal
from meter.storage.reader import Reader

SECTOR = 256


class MemoryFlash:
    """hal.Flash in RAM."""

    def __init__(self, sectors=4):
        self.size, self.erase_size = sectors * SECTOR, SECTOR
        self.memory = bytearray(b"\xff" * self.size)

    def read(self, address, buffer):
        buffer[:] = self.memory[address : address + len(buffer)]

    def program(self, address, data):
        for k in range(len(data)):
            self.memory[address + k] &= data[k]

    def erase(self, address):
        self.memory[address : address + SECTOR] = b"\xff" * SECTOR

    def sync(self):
        pass


class MemoryNvram:
    """hal.Nvram in RAM."""

    size = 400

    def __init__(self):
        self.memory = bytearray(self.size)

    def read(self, address, buffer):
        buffer[:] = self.memory[address : address + len(buffer)]

    def write(self, address, data):
        self.memory[address : address + len(data)] = data


def test_whichever_was_saved_last_is_loaded():
    flash, nvram = MemoryFlash(), MemoryNvram()
    journal = Journal(flash, 0, flash.size, nvram=nvram)
    for number in range(60):
        state = bytes([number]) * (1 + number)
        (journal.save if number % 3 == 2 else journal.save_second)(state, 0xFFFFFFFF - number)
        assert Journal(flash, 0, flash.size, nvram=nvram).load() == (0xFFFFFFFF - number, state)


def test_a_torn_second_gives_the_second_before():
    flash, nvram = MemoryFlash(), MemoryNvram()
    journal = Journal(flash, 0, flash.size, nvram=nvram)
    journal.save(b"checkpoint", 1)
    journal.save_second(b"first", 2)
    journal.save_second(b"second", 3)
    nvram.memory[24] ^= 1  # the second is in the first slot
    assert Journal(flash, 0, flash.size, nvram=nvram).load() == (2, b"first")


def test_a_reader_is_told_what_it_lost():
    flash = MemoryFlash()
    fifo = Fifo(flash, 0, flash.size, 7)
    fifo.mount()
    reader = Reader(fifo)
    for number in range(100):
        fifo.append(bytes(20), number)
    entries = [entry for entry, _, _ in reader.records()]
    assert entries == list(range(fifo.first, 101))
    assert (reader.lost, reader.damaged, reader.position) == (fifo.first - 1, 0, 101)
