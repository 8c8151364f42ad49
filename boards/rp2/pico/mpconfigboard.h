// MicroPython for the pico_demo (boards/rp2/README.md).
#define MICROPY_HW_BOARD_NAME                   "Raspberry Pi Pico"

// Before 1.29 mpconfigboard.cmake did not set it.
#ifndef MICROPY_HW_ROMFS_BYTES
#define MICROPY_HW_ROMFS_BYTES                  (131072)
#endif

// A collection that runs out of its 64 places goes over all of the heap again.
#define MICROPY_ALLOC_GC_STACK_SIZE             (512)
