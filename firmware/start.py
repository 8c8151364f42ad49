"""What a board does first: it looks which image is to run.

    main.main() -> start.run() -- a slot is to run --> its ROMFS is mounted, run in place from the flash
                               -- none, or it cannot --> what the board was flashed with
                -> device.main()

This file is always the one that the board was flashed with. An image on trial has the watchdog's time to meter its
first frame: if its modules cannot even be imported, the board is reset, and the image before runs.
"""

import sys

PATH = "/image"  # where the ROMFS of a slot is mounted


def run():
    """Make the modules of the image that is to run those that are imported from now on. StorageError: the flash."""
    import builtins

    import vfs
    from meter.storage.loader import mount

    record, payload = chosen()
    if payload is None:
        return
    try:
        mount(payload, PATH, vfs, sys, builtins)
    except (AttributeError, OSError) as error:  # a MicroPython without ROMFS; or it is none
        print("start: the image in slot %d cannot be mounted: %s" % (record.slot, error))
        give_up(record)


def chosen():
    """Return (Boot, ROMFS of the slot that is to run: a view of the flash; None: what the board was flashed with)."""
    import board
    from meter.hal.rp2.flash import Flash
    from meter.hal.rp2.watchdog import Watchdog
    from meter.storage import boot
    from meter.storage.journal import Journal
    from meter.storage.loader import choose, flashed, payload_at
    from meter.storage.partitions import Partitions
    from meter.storage.slots import Slots

    flash = Flash(board.FILES, board.FLASH_SIZE)
    areas = Partitions.open(flash, board.PARTITIONS)
    if not areas.find("image"):
        return None, None
    record = boot.Boot(Journal(flash, *areas.area("boot"), kind=boot.KIND))
    slots = Slots(flash, *areas.area("image"), key=board.Board.image_key, flashed=flashed())
    # The clock is not read yet: a decision has the time of the record before it.
    slot, header = choose(record, slots, board.Board.name, record.at)
    if header is None:
        return record, None
    if record.state == boot.TRIED:
        Watchdog().feed()
    at, length = payload_at(header)
    return record, flash.view(slots.start(slot) + at, length)


def give_up(record):
    """What the board was flashed with is to run, now and at the next start."""
    from meter.storage.boot import FACTORY

    record.fall_back(FACTORY, 0, record.at)
