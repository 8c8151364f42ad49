// MicroPython for the pico2_ads131m08 (boards/rp2/README.md).
#define MICROPY_HW_BOARD_NAME                   "Raspberry Pi Pico2"

#define MICROPY_PY_NETWORK                      (1)
#define MICROPY_PY_NETWORK_HOSTNAME_DEFAULT     "ferraris"

// Before 1.29 mpconfigboard.cmake did not set it.
#ifndef MICROPY_HW_ROMFS_BYTES
#define MICROPY_HW_ROMFS_BYTES                  (4096)
#endif

// A collection that runs out of its 64 places goes over all of the heap again: with them one takes 3.3 million
// instructions for 350 KB, with these 1.9 million.
#define MICROPY_ALLOC_GC_STACK_SIZE             (1024)
