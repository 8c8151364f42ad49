"""What every board with an RP2040 or RP2350 has in its image, in the words of MicroPython's manifest files.

The backends of hosts, hal/sim and hal/linux, are not in it. asyncio is in MicroPython itself.
"""

FIRMWARE = "../firmware"

module("main.py", base_path=FIRMWARE)
module("device.py", base_path=FIRMWARE)
module("start.py", base_path=FIRMWARE)
package(
    "meter",
    (
        "__init__.py",
        "aes.py",
        "app.py",
        "calendar.py",
        "clock.py",
        "compat.py",
        "crc.py",
        "key_wrap.py",
        "meter.py",
        "optional.py",
        "parts.py",
        "pushing.py",
        "quantities.py",
        "serving.py",
        "xnp.py",
        "zone.py",
        "zone_rule.py",
        "hal/__init__.py",
        "hal/ads131m08.py",
    ),
    base_path=FIRMWARE,
)
for part in (
    "access",
    "config",
    "hal/rp2",
    "inputs_outputs",
    "metrology",
    "ports",
    "power_quality",
    "protocols",
    "registers",
    "storage",
):
    package("meter/" + part, base_path=FIRMWARE)
