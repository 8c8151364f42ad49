"""The devices of a board with an RP2040 or RP2350, on MicroPython. Nothing else imports machine, rp2 or network."""
