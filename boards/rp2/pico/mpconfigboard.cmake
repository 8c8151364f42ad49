# MicroPython for the pico_demo: a Raspberry Pi Pico (boards/rp2/README.md).
set(PICO_BOARD "pico")
set(PICO_PLATFORM "rp2040")

# Of 2 MiB MicroPython and the ROMFS have 0.75, the file system 0.25, the meter 0.75; the rest is spare.
set(MICROPY_HW_FLASH_STORAGE_BYTES 1310720)
set(MICROPY_HW_ROMFS_BYTES 131072)
