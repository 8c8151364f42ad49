"""The image of this board: what an RP2040 can hold. Not boards/rp2_manifest.py, which is the whole meter.

meter/app.py, totals.py and reading.py are this board's own: they wire up what is here (README.md says what is not).
"""

FIRMWARE = "../../firmware"

module("main.py", base_path=FIRMWARE)
module("device.py", base_path=FIRMWARE)
module("board.py")
package("meter", ("app.py", "parts.py", "reading.py", "totals.py"))
package(
    "meter",
    (
        "__init__.py",
        "calendar.py",
        "clock.py",
        "compat.py",
        "crc.py",
        "meter.py",
        "optional.py",
        "quantities.py",
        "xnp.py",
        "hal/__init__.py",
        "hal/rp2/__init__.py",
        "hal/rp2/contacts.py",
        "hal/rp2/display.py",
        "hal/rp2/dma_ring.py",
        "hal/rp2/flash.py",
        "hal/rp2/internal_adc.py",
        "hal/rp2/keys.py",
        "hal/rp2/power.py",
        "hal/rp2/rtc.py",
        "hal/rp2/uart.py",
        "hal/rp2/watchdog.py",
        "power_quality/__init__.py",
        "power_quality/builder.py",
        "power_quality/dips.py",
        "power_quality/voltage_event.py",
        "ports/__init__.py",
        "ports/pump.py",
        "ports/serial.py",
        "protocols/__init__.py",
        "protocols/session.py",
        "protocols/iec62056_21/__init__.py",
        "protocols/iec62056_21/codec.py",
        "protocols/iec62056_21/numbers.py",
        "protocols/iec62056_21/objects.py",
        "protocols/iec62056_21/readout.py",
        "protocols/iec62056_21/receiver.py",
        "protocols/iec62056_21/session.py",
        "registers/__init__.py",
        "registers/energy.py",
        "storage/__init__.py",
        "storage/errors.py",
        "storage/fifo.py",
        "storage/journal.py",
        "storage/partitions.py",
        "storage/room.py",
        "storage/seconds.py",
        "storage/sectors.py",
    ),
    base_path=FIRMWARE,
)
# Without the native code: it is for a floating-point unit.
package(
    "meter/metrology",
    (
        "__init__.py",
        "booking.py",
        "builder.py",
        "calibration.py",
        "connection.py",
        "correction.py",
        "diagnostics.py",
        "flows.py",
        "frame.py",
        "grid.py",
        "half_cycles.py",
        "harmonics.py",
        "history.py",
        "kernel.py",
        "loss_compensation.py",
        "marks.py",
        "phase.py",
        "resampler.py",
        "span.py",
        "tracking.py",
        "values.py",
    ),
    base_path=FIRMWARE,
)
