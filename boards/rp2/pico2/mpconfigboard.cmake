# MicroPython for the pico2_ads131m08: a Raspberry Pi Pico 2 with a W5500, the firmware frozen in (boards/rp2/README.md).
set(PICO_BOARD "pico2")
set(PICO_PLATFORM "rp2350")

set(MICROPY_PY_NETWORK_WIZNET5K W5500)
set(MICROPY_PY_LWIP 1)

# Of 4 MiB MicroPython and the firmware have 1.25, the file system 0.25, the meter 2.5.
set(MICROPY_HW_FLASH_STORAGE_BYTES 2883584)
# No partition that counts: it only brings the ROMFS, by which images of upgrades are mounted.
set(MICROPY_HW_ROMFS_BYTES 4096)
