"""The driver of the ADS131M08 over the chip's model: what it sets up, what it delivers, and all that goes wrong."""

import asyncio

import numpy as np
import pytest
from meter.hal import ads131m08 as chip_facts

from host_tests.hal.rp2_bench import CLKIN, GAINS, PINS, RATE, RATIOS, bench, read_blocks, waves

BLOCK = 256


def counts(block):
    return np.frombuffer(block[2], dtype="<i4").reshape((block[1], 6))


def expected(first, count):
    volts = np.array([waves(k)[:6] for k in range(first, first + count)])
    return np.round(volts * np.array(GAINS[:6]) / 1.2 * (1 << 23))


def start_of(block, chip):
    """Return which conversion the block's first sample is: by its values."""
    wanted = counts(block)[0]
    for first in range(chip.conversions):
        if np.array_equal(expected(first, 1)[0], wanted):
            return first
    raise AssertionError("no conversion has these values")


# What is set up


def test_the_clock_of_the_chip_is_the_system_clock_over_a_whole_number_near_the_wanted_rate():
    with bench() as (world, chip, adc):
        read_blocks(adc, 1)
        assert world.pwm[CLKIN] == (19, 0x8000)
        assert adc.rate == pytest.approx(150e6 / 19 / 256, rel=1e-12) == pytest.approx(chip.rate, rel=1e-12)


@pytest.mark.feature("MET-06")
@pytest.mark.parametrize("hertz, cycles", [(60, 19), (50, 23)])
def test_the_rate_is_within_a_percent_of_512_a_cycle(hertz, cycles):
    with bench(rate=512.0 * hertz) as (world, chip, adc):
        blocks = read_blocks(adc, 2)
        assert adc.rate == pytest.approx(512 * hertz, rel=0.01)
        assert world.pwm[CLKIN][0] == cycles
        assert [(first, count) for first, count, _ in blocks] == [(0, 256), (256, 256)]


def test_the_rate_can_be_set_before_the_first_read():
    with bench() as (world, chip, adc):
        assert adc.set_rate(25600.0) == pytest.approx(150e6 / 23 / 256)
        read_blocks(adc, 1)
        assert chip.rate == pytest.approx(adc.rate)


def test_the_chip_has_its_gains_and_mode_and_is_locked():
    with bench() as (world, chip, adc):
        read_blocks(adc, 1)
        assert chip.registers[chip_facts.GAIN1] == 0x2000 and chip.registers[chip_facts.GAIN2] == 0x0022
        assert chip.registers[chip_facts.MODE] == 0x0110
        assert chip.registers[chip_facts.CLOCK] == 0xFF82
        assert chip._locked and chip.resets == 2  # of the supply, and by the pin


def test_a_gain_that_the_chip_has_not_is_refused():
    with pytest.raises(ValueError, match="gain 3 of channel 2"):
        chip_facts.gain_words((1, 1, 3, 1, 1, 1, 1, 1))


def test_drdy_elsewhere_than_behind_miso_is_refused():
    with bench():
        from meter.hal.rp2.adc import Adc

        pins = (*PINS[:4], PINS[3] + 2, *PINS[5:])
        with pytest.raises(ValueError, match="must follow MISO"):
            Adc(pins, ("VA",) + (None,) * 7, GAINS, RATIOS, RATE)


def test_one_count_is_worth_what_the_reference_the_gain_and_the_divider_make_it():
    with bench() as (_, _, adc):
        assert adc.scales[0] == pytest.approx(500 * 1.2 / (1 << 23), rel=1e-12)
        assert adc.scales[3] == pytest.approx(20 * 1.2 / 4 / (1 << 23), rel=1e-12)


# What is delivered


def test_the_samples_are_the_conversions_of_the_wanted_channels_none_left_out():
    with bench() as (world, chip, adc):
        blocks = read_blocks(adc, 20)
        first = start_of(blocks[0], chip)
        got = np.concatenate([counts(block) for block in blocks])
        assert np.array_equal(got, expected(first, len(got)))
        assert [block[0] for block in blocks] == [BLOCK * k for k in range(20)]
        assert (adc.overruns, adc.crc_errors, adc.restarts) == (0, 0, 0)


def test_full_scale_of_either_sign_comes_through():
    with bench(lambda number: [1.3, -1.3, 1.2, 0.3, -0.3, 0.0, 0, 0]) as (_, _, adc):
        block = counts(read_blocks(adc, 1)[0])
        assert block[0].tolist() == [0x7FFFFF, -0x800000, 0x7FFFFF, 0x7FFFFF, -0x800000, 0]


def test_reading_goes_on_at_the_pace_of_the_chip():
    with bench() as (world, chip, adc):
        read_blocks(adc, 1)
        began = world.now
        read_blocks(adc, 30)
        assert (world.now - began) * RATE / 1e6 == pytest.approx(30 * BLOCK, abs=60)


def test_a_read_uses_the_same_buffer_each_time():
    with bench() as (_, _, adc):

        async def two():
            return (await adc.read())[2] is (await adc.read())[2]

        assert asyncio.run(two())


def pause(adc, world, ms, after=2):
    """Read, be away for so long, read on. Return the blocks."""

    async def collect():
        found = []
        for _ in range(after):
            first, count, data = await adc.read()
            found.append((first, count, bytes(data)))
        world.advance(ms * 1000)
        while len(found) < after + 12:
            first, count, data = await adc.read()
            found.append((first, count, bytes(data)))
        return found

    return asyncio.run(collect())


@pytest.mark.parametrize("ms", (25, 45, 70, 80))
def test_an_erase_of_the_flash_or_a_collection_loses_nothing(ms):
    with bench() as (world, chip, adc):
        blocks = pause(adc, world, ms)
        got = np.concatenate([counts(block) for block in blocks])
        assert np.array_equal(got, expected(start_of(blocks[0], chip), len(got)))
        assert adc.overruns == 0 and [block[0] for block in blocks] == [BLOCK * k for k in range(14)]


@pytest.mark.parametrize("ms", (100, 150, 500, 1900))
def test_being_away_for_longer_than_the_ring_is_a_gap_of_the_right_length(ms):
    with bench() as (world, chip, adc):
        blocks = pause(adc, world, ms)
        origin = start_of(blocks[0], chip)
        for block in blocks:
            assert np.array_equal(counts(block), expected(origin + block[0], BLOCK))
        gaps = [b[0] - a[0] - BLOCK for a, b in zip(blocks, blocks[1:])]
        assert sum(gaps) == adc.overruns > 0 and sum(gap > 0 for gap in gaps) == 1
        assert adc.overruns >= ms * RATE / 1000 - 3072
        assert adc.restarts == 0


# What goes wrong


def flips(every, bit):
    """Damage one bit of each so many-th frame."""
    seen = [0]

    def damage(frame):
        seen[0] += 1
        if seen[0] % every:
            return frame
        out = bytearray(frame)
        out[bit // 8] ^= 1 << bit % 8
        return bytes(out)

    return damage


def test_damaged_frames_are_counted_and_repeat_the_sample_before():
    with bench() as (world, chip, adc):
        read_blocks(adc, 2)
        chip.damage = flips(100, 77)
        blocks = read_blocks(adc, 8)
        errors = adc.crc_errors
        chip.damage = None
        assert 18 <= errors <= 22 and adc.restarts == 0 and adc.overruns == 0
        got = np.concatenate([counts(block) for block in blocks])
        want = expected(start_of(blocks[0], chip), len(got))
        wrong = np.nonzero(np.any(got != want, axis=1))[0]
        assert 15 <= len(wrong) <= errors
        for k in wrong[1:]:
            assert np.array_equal(got[k], got[k - 1])


def test_a_wire_that_damages_every_frame_is_not_metered_and_mends_when_the_wire_does():
    with bench() as (world, chip, adc):
        read_blocks(adc, 2)
        chip.damage = flips(1, 30)
        world.after(300_000, lambda: setattr(chip, "damage", None))
        (block,) = read_blocks(adc, 1)
        assert adc.restarts >= 2 and block[0] > 0.3 * RATE
        assert adc.overruns == block[0] - 2 * BLOCK


def outage(begin, least_ms):
    """Return (gap in samples, gap in the chip's conversions, driver) over a fault that begin(world, chip) makes."""
    with bench() as (world, chip, adc):
        before = read_blocks(adc, 3)[-1]
        began = world.now
        begin(world, chip)
        after = read_blocks(adc, 1)[0]
        elapsed = (world.now - began) * RATE / 1e6
        gap = after[0] - before[0] - BLOCK
        assert gap == adc.overruns > least_ms * RATE / 1000
        # Sample numbers are time: they go on where the clock is, to two milliseconds.
        assert gap + BLOCK == pytest.approx(elapsed, abs=0.002 * RATE)
        more = read_blocks(adc, 3)
        got = np.concatenate([counts(block) for block in [after, *more]])
        assert np.array_equal(got, expected(start_of(after, chip), len(got)))
        return adc, chip


def test_a_chip_that_reports_no_data_is_set_up_anew():
    def fall_silent(world, chip):
        chip.silent = True
        world.after(100_000, lambda: setattr(chip, "silent", False))

    adc, chip = outage(fall_silent, 100)
    assert adc.restarts >= 2 and chip.resets > 3


def test_a_brown_out_of_the_chip_is_seen_in_its_status_and_its_settings_come_back():
    adc, chip = outage(lambda world, chip: chip.brown_out(500), 1)
    assert adc.restarts == 1
    assert chip.registers[chip_facts.GAIN1] == 0x2000


def test_a_reset_that_does_not_interrupt_the_data_is_seen_too():
    adc, chip = outage(lambda world, chip: chip._forget(), 1)
    assert adc.restarts == 1 and chip.registers[chip_facts.GAIN1] == 0x2000


def test_a_long_brown_out_is_waited_through():
    adc, _ = outage(lambda world, chip: chip.brown_out(2_000_000), 2000)
    assert adc.restarts > 10


def test_a_channel_that_was_switched_off_is_seen():
    def switch_off(world, chip):
        chip.registers[chip_facts.CLOCK] = 0xFE82

    adc, chip = outage(switch_off, 1)
    assert adc.restarts == 1 and chip.registers[chip_facts.CLOCK] == 0xFF82


@pytest.mark.parametrize("what", ("no chip", "another chip", "no clock"))
def test_without_the_chip_others_run_on_and_closing_ends_the_read(what):
    with bench() as (world, chip, adc):
        if what == "no chip":
            chip._powered = False
        elif what == "another chip":
            chip.registers[0] = 0x2483
            chip._forget = lambda: None
        else:
            chip.silent = True

        async def both():
            reading = asyncio.create_task(adc.read())
            await asyncio.sleep(1)
            assert not reading.done() and adc.restarts >= 5
            adc.close()
            return await asyncio.wait_for(reading, 1)

        assert asyncio.run(both()) is None


def test_a_chip_that_is_found_later_is_metered():
    with bench() as (world, chip, adc):
        chip._powered = False
        world.after(700_000, lambda: setattr(chip, "_powered", True))
        assert read_blocks(adc, 1)[0][1] == BLOCK
        assert 5 <= adc.restarts <= 9


def test_close_gives_the_channels_back_and_ends_reading():
    with bench() as (world, chip, adc):
        read_blocks(adc, 2)
        assert len(world.dma) == 2
        adc.close()
        assert world.dma == {} and asyncio.run(adc.read()) is None
        adc.close()


# The chip by its commands


@pytest.fixture
def talk():
    """(model, Chip over it)"""
    with bench() as (world, chip, adc):
        world.pwm[CLKIN] = (19, 32768)

        def exchange(out, into):
            chip.select()
            bits = [chip.clock(byte >> bit & 1) for byte in out for bit in range(7, -1, -1)]
            chip.deselect()
            for k in range(len(into)):
                into[k] = int("".join(map(str, bits[8 * k : 8 * k + 8])), 2)

        yield chip, chip_facts.Chip(exchange)


def test_commands_are_answered_in_the_next_frame(talk):
    model, chip = talk
    assert chip._frame(chip_facts.RREG | chip_facts.ID << 7) == 0xFF28  # the answer to the reset
    assert chip._frame(chip_facts.NULL) == 0x2883
    assert chip._frame(chip_facts.NULL) & 0x0700 == 0x0500  # status: a reset, 24 bits


@pytest.mark.parametrize(
    "command", (chip_facts.STANDBY, chip_facts.WAKEUP, chip_facts.LOCK, chip_facts.UNLOCK)
)
def test_simple_commands_are_acknowledged(talk, command):
    _, chip = talk
    assert chip.command(command) == command


def test_a_locked_chip_writes_nothing_until_it_is_unlocked(talk):
    model, chip = talk
    chip.command(chip_facts.LOCK)
    with pytest.raises(chip_facts.ChipError, match="0x04"):
        chip.write(chip_facts.GAIN1, 0x1111)
    assert chip.read(chip_facts.GAIN1) == 0
    chip.command(chip_facts.UNLOCK)
    chip.write(chip_facts.GAIN1, 0x1111)
    assert model.registers[4] == 0x1111


def test_a_reset_by_command_restores_the_registers(talk):
    model, chip = talk
    chip.write(chip_facts.GAIN1, 0x1111)
    chip.reset()
    assert model.registers[4] == 0


def test_the_registers_of_a_channel_are_five_apart(talk):
    model, chip = talk
    chip.write(chip_facts.CHANNEL + 3 * chip_facts.CHANNEL_SIZE + 3, 0x7FFF)  # CH3_GCAL_MSB
    assert model.registers[0x1B] == 0x7FFF


def test_a_register_that_does_not_keep_its_value_is_an_error(talk):
    _, chip = talk
    with pytest.raises(chip_facts.ChipError, match="does not keep"):
        chip.write(chip_facts.GAIN1, 0x8888)


def test_a_damaged_answer_is_an_error(talk):
    model, chip = talk
    model.damage = flips(1, 50)
    with pytest.raises(chip_facts.ChipError, match="wrong CRC"):
        chip.read(chip_facts.ID)
