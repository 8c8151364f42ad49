"""The PIO program that reads the ADS131M08, instruction by instruction in an emulator, on the chip's model.

pioemu takes pins of IN and WAIT from GPIO 0 on: here MISO is GPIO 0 and DRDY GPIO 1, as in_base would make them.
"""

import struct

import pytest
from pioemu import State, emulate

from host_tests.hal.fake_machine import new_world
from host_tests.hal.models.ads131m08 import Ads131m08

MISO, DRDY, SCK, CS = 0, 1, 2, 3
CLKIN, MOSI, RESET = 10, 11, 12
SM_HZ = 50e6  # the system clock of 150 MHz over 3


class Wire:
    """The pins between program and chip, cycle by cycle."""

    def __init__(self, world, chip):
        self._world, self._chip = world, chip
        self._sck, self._cs, self._miso = 0, 1, 0
        self.edges = []  # (cycle, "CS" or "SCK", level)
        self._clock = 0

    def note(self, before: State, after: State) -> None:
        """Write down what an instruction has driven: its side-set takes effect as it begins."""
        for pin, name in ((CS, "CS"), (SCK, "SCK")):
            level = after.pin_values >> pin & 1
            if level != before.pin_values >> pin & 1:
                self.edges.append((before.clock, name, level))

    def levels(self, state: State) -> int:
        """Follow what the program drives; return what it sees."""
        self._world.advance((state.clock - self._clock) * 1e6 / SM_HZ)
        self._clock = state.clock
        cs, sck = state.pin_values >> CS & 1, state.pin_values >> SCK & 1
        if cs != self._cs:
            self._cs = cs
            self._chip.deselect() if cs else self._chip.select()
        if sck != self._sck:
            self._sck = sck
            if sck and not cs:
                self._miso = self._chip.clock(0)
        return self._miso << MISO | self._world.line(DRDY).level << DRDY


def run(frames, source=lambda number: [0.01 * number + 0.1 * k for k in range(8)]):
    """Run the program until so many frames are pushed. Return (words, wire, chip)."""
    with new_world() as world:
        from meter.hal.rp2 import frames_pio
        from meter.hal.rp2.adc import divider

        program = frames_pio.read_frames
        world.pwm[CLKIN] = (divider(world.system_hz, 30720), 32768)
        chip = Ads131m08(world, (CLKIN, SCK, MOSI, MISO, DRDY, CS, RESET), source)
        chip._answer = None
        wire = Wire(world, chip)
        initial = State(pin_values=1 << CS, pin_directions=1 << CS | 1 << SCK)
        initial.transmit_fifo.append(frames_pio.BITS)
        words = []
        steps = emulate(
            program.opcodes,
            stop_when=lambda opcode, state: len(words) >= 8 * frames,
            initial_state=initial,
            input_source=wire.levels,
            auto_push=program.autopush,
            push_threshold=program.push_threshold,
            shift_isr_right=not program.shifts_left,
            set_base=CS,
            set_count=1,
            side_set_base=SCK,
            side_set_count=program.side_bits,
            wrap_target=program.wrap_target,
            wrap_top=program.wrap_top,
        )
        for before, state in steps:
            wire.note(before, state)
            while state.receive_fifo:  # the DMA
                words.append(state.receive_fifo.popleft())
        return words, wire, chip


@pytest.fixture(scope="module")
def taken():
    return run(4)


def frames_of(words):
    data = b"".join(struct.pack(">I", word) for word in words)
    return [data[at : at + 32] for at in range(0, len(data), 32)]


def test_each_frame_is_the_chips_thirty_bytes_and_a_count_that_falls(taken):
    from binascii import crc_hqx

    words, _, _ = taken
    frames = frames_of(words)
    assert len(frames) == 4
    for k, frame in enumerate(frames):
        assert crc_hqx(frame[:27], 0xFFFF) == int.from_bytes(frame[27:29], "big")
        assert int.from_bytes(frame[30:], "big") == -k & 0xFFFF


def test_the_samples_are_those_of_conversions_in_order_none_left_out(taken):
    words, _, chip = taken
    for k, frame in enumerate(frames_of(words)):
        for channel in range(8):
            at = 3 * (1 + channel)
            counts = int.from_bytes(frame[at : at + 3], "big", signed=True)
            assert counts == round((0.01 * k + 0.1 * channel) / 1.2 * (1 << 23))
    assert chip.missed == 0


def test_the_clock_runs_240_times_between_the_edges_of_chip_select_and_no_more(taken):
    _, wire, _ = taken
    frames, clocks = [], None
    for _, line, level in wire.edges:
        if line == "CS" and not level:
            clocks = 0
        elif line == "CS":
            frames.append(clocks)
            clocks = None
        elif level:
            assert clocks is not None, "SCK without CS"
            clocks += 1
    assert frames[:3] == [240] * 3


def test_the_bit_is_taken_two_cycles_after_the_edge_that_shifts_it_out(taken):
    """40 ns at 150 MHz; the chip needs 20, and the input's synchroniser looks 13 back."""
    _, wire, _ = taken
    sck = [(clock, level) for clock, line, level in wire.edges if line == "SCK"]
    high = [fall - rise for (rise, up), (fall, _) in zip(sck, sck[1:]) if up]
    low = [rise - fall for (fall, up), (rise, _) in zip(sck, sck[1:]) if not up]
    assert set(high) == {2} and min(low) == 2
    # The falling edge and the taking of the bit are one instruction.


def test_a_frame_is_over_long_before_the_next_one_is_ready(taken):
    _, wire, _ = taken
    cs = [(clock, level) for clock, line, level in wire.edges if line == "CS"]
    lengths = [up - down for (down, low), (up, _) in zip(cs, cs[1:]) if not low]
    assert max(lengths) / SM_HZ < 20e-6 < 0.65 / 30839  # two thirds of a sample's time


def test_the_quick_way_of_the_fake_state_machine_gives_the_same_words(taken):
    """What the driver's tests use in place of the emulator."""
    words, _, _ = taken
    with new_world() as world:
        import machine
        import rp2
        from meter.hal.rp2 import frames_pio

        source = lambda number: [0.01 * number + 0.1 * k for k in range(8)]  # noqa: E731
        chip = Ads131m08(world, (CLKIN, SCK, MOSI, MISO, DRDY, CS, RESET), source)
        chip._answer = None
        machine.Pin(MISO, machine.Pin.IN)
        engine = rp2.StateMachine(
            0,
            frames_pio.read_frames,
            in_base=machine.Pin(MISO),
            set_base=machine.Pin(CS),
            sideset_base=machine.Pin(SCK),
        )
        engine.put(frames_pio.BITS)
        for _ in range(4):
            chip._convert()
            engine.take_frame(chip)
        assert list(engine.rx) == words


def test_the_program_fits_into_a_pio():
    from meter.hal.rp2.frames_pio import read_frames

    assert len(read_frames.opcodes) <= 32
