"""What MicroPython runs first, frozen into it: it mounts the file system. In the place of the port's own (README.md).

The port's own gives all of the flash that is left for data to the file system. Here the meter has the rest of it.
"""

import vfs
from rp2 import Flash

FILES = 262144  # bytes of the file system: as FILES in board.py


def mount():
    """Mount the file system; make one if there is none of this size."""
    part = Flash(start=0, len=FILES)
    try:
        found = vfs.VfsLfs2(part, progsize=256)
    except OSError:
        vfs.VfsLfs2.mkfs(part, progsize=256)
        found = vfs.VfsLfs2(part, progsize=256)
    vfs.mount(found, "/")


mount()
