"""The wiring on a simulated board in memory: a source metered through, errors that are not swallowed, the last save."""

import asyncio
from math import radians

import numpy as np
import pytest
from meter.app import App
from meter.config.schema import validate
from meter.hal.sim.synthesizer import Synthesizer, three_phase
from meter.quantities import index
from meter.storage.errors import StorageError

from boards.sim.board import Board, nominal_full_scale, synthesizer
from host_tests.harness import RATE, START

NO_PORTS = {
    "ports": {
        "optical": {"enabled": False},
        "rs485": {"enabled": False},
        "iec62056_21_tcp": {"enabled": False},
        "dlms_tcp": {"enabled": False},
    }
}


def settings_of(**simulator):
    return validate({**NO_PORTS, "simulator": {"noise": 0, "swing": 0, **simulator}})


def source_of(lag=30.0):
    return Synthesizer(RATE, 60.0, three_phase((120,) * 3, (5,) * 3, (lag,) * 3))


def make(seconds=2.0, source=None, settings=None, flash=None, start=START, observer=None, **options):
    settings = settings or settings_of()
    last = None if seconds is None else int(seconds * RATE)
    source = source or source_of()
    board = Board(settings, source, nominal_full_scale(settings), last=last, start=start, **options)
    board.flash = flash or board.flash
    return board, App(board, settings, observer)


def announced(protocol, address):
    raise AssertionError("no port was to be opened")


def metered(app):
    asyncio.run(app.metering())
    app.finish()
    return app


def wh(app, key="Wh.del.P"):
    return app.meter.energy.exact(index(key))


def test_a_source_that_ends_is_metered_through():
    spans = []
    _, app = make(3.0, observer=lambda span: spans.append((span.end, span.seconds)))
    metered(app)
    assert app.ended
    assert [end for end, _ in spans] == [START + 1, START + 2, START + 2]
    covered = sum(seconds for _, seconds in spans)
    assert 3.0 - 3 / 120 < covered <= 3.0
    assert wh(app) == pytest.approx(1800 * np.cos(radians(30)) * covered / 3600, rel=1e-5)
    assert app.access.read("V.A")[0] == pytest.approx(120.0, rel=1e-4)


def test_progress_is_told_in_samples():
    told = []
    _, app = make(0.35)
    asyncio.run(app.metering(told.append))
    assert told == [3072, 6144, 9216, 10752]


def test_the_configured_source_is_metered():
    settings = validate(
        {**NO_PORTS, "simulator": {"voltage": [120, 110, 100], "current": [5, 4, 3], "swing": 0}}
    )
    _, app = make(2.0, synthesizer(settings), settings)
    metered(app)
    values = [app.access.read(key)[0] for key in ("V.A", "V.B", "V.C", "A.A", "A.B", "A.C")]
    expected = [v * (1 + 0.02**2) ** 0.5 for v in (120, 110, 100)] + [
        i * (1 + 0.08**2) ** 0.5 for i in (5, 4, 3)
    ]
    assert values == pytest.approx(expected, rel=1e-4)


@pytest.mark.parametrize("half_cycles", (1, 2, 120))
def test_frames_of_the_boards_length_give_the_same_energy(half_cycles):
    _, app = make(2.0, half_cycles=half_cycles)
    assert wh(metered(app)) == pytest.approx(1800 * np.cos(radians(30)) * 2.0 / 3600, rel=0.01)


def test_errors_of_the_front_end_show_in_the_values():
    settings = settings_of(gain_error=[0.01, 0, 0, 0, 0, 0], delay=[0, 0, 0, 0, 46.296, 0])
    _, app = make(2.0, settings=settings)
    metered(app)
    assert app.access.read("V.A")[0] == pytest.approx(121.2, rel=1e-4)
    assert app.access.read("V.B")[0] == pytest.approx(120.0, rel=1e-4)
    # 46.296 us are one degree at 60 Hz: the current of B lags 31 degrees.
    assert app.access.read("W.del.B")[0] == pytest.approx(600 * np.cos(radians(31)), rel=1e-4)
    assert app.access.read("W.del.C")[0] == pytest.approx(600 * np.cos(radians(30)), rel=1e-4)


def test_the_same_seed_gives_the_same_flash():
    def image(seed):
        settings = settings_of(noise=20)
        board, app = make(1.5, settings=settings, seed=seed, start=START - 1)
        metered(app)
        content = bytearray(board.flash.size)
        board.flash.read(0, content)
        return bytes(content)

    assert image(1) == image(1)
    assert image(1) != image(2)


def test_a_second_life_on_the_same_flash_continues():
    board, app = make(2.0)
    metered(app)
    _, again = make(2.0, flash=board.flash, start=START + 100)
    assert again.meter.restored_at == START + 1
    assert again.meter.energy.totals == app.meter.energy.totals
    metered(again)
    assert wh(again) == pytest.approx(2 * wh(app), rel=1e-3)


def test_a_foreign_flash_is_refused_and_left_alone():
    board, _ = make()
    board.flash.erase(0)
    board.flash.erase(4096)
    board.flash.program(1 << 20, b"somebody else's")
    with pytest.raises(StorageError, match="not blank"):
        make(flash=board.flash)
    found = bytearray(15)
    board.flash.read(1 << 20, found)
    assert found == b"somebody else's"


class Broken:
    """A source that fails on the way."""

    channels, rate, length = Synthesizer.channels, RATE, None

    def __init__(self):
        self._whole = source_of()

    def read(self, first, count):
        if first > 2.2 * RATE:
            raise OSError("the converter does not answer")
        return self._whole.read(first, count)


def test_an_error_in_metering_reaches_who_runs_it():
    _, app = make(None, Broken())
    with pytest.raises(OSError, match="does not answer"):
        asyncio.run(app.metering())


def test_an_error_in_metering_ends_the_run_with_that_error_and_everything_stored():
    board, app = make(None, Broken())
    with pytest.raises(OSError, match="does not answer"):
        asyncio.run(app.run(announced))
    _, again = make(flash=board.flash)
    assert wh(again) == pytest.approx(wh(app), rel=1e-9)
    assert wh(again) > 2.1 * 1558 / 3600


def test_run_ends_with_the_source_and_stores():
    board, app = make(1.5)
    asyncio.run(app.run(announced))
    assert app.ended
    _, again = make(flash=board.flash)
    assert again.meter.energy.totals == app.meter.energy.totals
    assert sum(again.meter.energy.totals) > 0


@pytest.mark.feature("PWR-03")
def test_when_the_supply_fails_the_run_ends_and_what_was_metered_is_stored():
    board, app = make(None)

    async def live():
        running = asyncio.create_task(app.run(announced))
        while app.meter.latest is None:
            await asyncio.sleep(0)
        board.power.fail()
        await asyncio.wait_for(running, 10)

    asyncio.run(live())
    assert not app.ended
    _, again = make(flash=board.flash)
    assert again.meter.restored_at is not None
    assert again.meter.energy.totals == app.meter.energy.totals
    assert wh(again) > 1.5 * 1558 / 3600 * 0.99  # at least the 1.5 s that were seen


def test_a_cancelled_run_stores_too():
    board, app = make(None)

    async def live():
        running = asyncio.create_task(app.run(announced))
        while app.meter.latest is None:
            await asyncio.sleep(0)
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running

    asyncio.run(live())
    _, again = make(flash=board.flash)
    assert again.meter.energy.totals == app.meter.energy.totals and sum(again.meter.energy.totals) > 0


def test_ports_are_announced_with_their_address_and_closed_at_the_end():
    settings = validate({"ports": {"iec62056_21_tcp": {"port": 0}, "dlms_tcp": {"port": 0}}})
    _, app = make(0.2, settings=settings)
    told = []
    asyncio.run(app.run(lambda *endpoint: told.append(endpoint)))
    assert [protocol for protocol, _ in told] == ["iec62056-21", "dlms"]
    for _, address in told:
        host, port = address.split(":")
        assert host == "127.0.0.1"
        with pytest.raises(OSError):
            asyncio.run(asyncio.open_connection(host, int(port)))
