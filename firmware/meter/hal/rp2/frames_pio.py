"""The PIO program that takes the frames of the ADS131M08 off the wire. See frames for what it leaves in the ring."""

import rp2

from meter.compat import const

BITS = const(239)  # of a frame, less one: what the program wants to be given


@rp2.asm_pio(
    sideset_init=rp2.PIO.OUT_LOW,
    set_init=rp2.PIO.OUT_HIGH,
    in_shiftdir=rp2.PIO.SHIFT_LEFT,
    autopush=True,
    push_thresh=32,
)
def read_frames():
    """Wait for DRDY, take one frame, add the count. Side: SCK. Set: CS. In: MISO, and DRDY on the pin after it.

    SPI mode 1: the chip shifts out with the rising edge; the bit is taken with the falling one, two cycles later.
    A frame is 240 bits of four cycles. X counts the frames, downwards; OSR keeps the number of bits.
    """
    pull().side(0)
    set(x, 0).side(0)
    wrap_target()
    wait(0, pin, 1).side(0)
    set(pins, 0).side(0)
    mov(y, osr).side(0)
    label("bit")
    nop().side(1)[1]
    in_(pins, 1).side(0)
    jmp(y_dec, "bit").side(0)
    in_(x, 16).side(0)
    jmp(x_dec, "next").side(0)
    label("next")
    set(pins, 1).side(0)[7]
    wrap()
