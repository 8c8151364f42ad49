"""The demonstration's image: what it has is enough to meter and to be read, on MicroPython and on the fake machine."""

import asyncio
import importlib
import sys
from math import pi, sin
from pathlib import Path

import meter
import pytest
from ferraris import image, image_heap
from ferraris.manifest import Manifest

from host_tests.hal.fake_machine import new_world
from host_tests.hal.models.ds3231 import Ds3231
from host_tests.hal.models.rp2040_adc import Rp2040Adc
from host_tests.hal.models.serial_line import SerialLine

BOARD = Path(image.BOARDS) / "pico_demo"
SCRIPT = Path(__file__).parent / "reduced" / "metering.py"
OWN = ("meter.app", "meter.reading", "meter.totals")  # in its image in the place of the whole meter's
VOLTS, AMPERES, HERTZ = 120.0, 5.0, 60.0
# RAM of an RP2040 but for what MicroPython has of it itself (its map: 256 KB, less data and 24 KB more: estimate).


@pytest.fixture
def own(monkeypatch):
    """meter.app is the demonstration's."""
    monkeypatch.setattr(meter, "__path__", [str(BOARD / "meter"), *meter.__path__])
    before = {name: sys.modules.pop(name, None) for name in OWN}
    had = {name: getattr(meter, name.split(".")[1], None) for name in OWN}
    yield importlib.import_module("meter.app")
    for name in OWN:
        sys.modules.pop(name, None)
        if before[name]:
            sys.modules[name] = before[name]
        if had[name]:
            setattr(meter, name.split(".")[1], had[name])


def results():
    """Run the script on MicroPython with the files of the manifest, and yield what comes of it."""
    from host_tests.tools.raw_repl_board import runner

    build, folder = runner.mpy_build, runner.mpy_build.ROOT / "build" / "pico_demo"
    sources = [
        (file.source, file.target)
        for file in Manifest(BOARD).files.values()
        if file.target.startswith("meter/")
    ]
    sources = [(source, target) for source, target in sources if not target.startswith("meter/hal/")]
    sources += [
        (path, f"ulab/{path.name}") for path in (build.HERE / "ulab").glob("*.py") if path.stem != "precision"
    ]
    sources += [(SCRIPT, SCRIPT.name), (build.HERE / "device" / "device_harness.py", "device_harness.py")]
    jobs = [
        (path, name, folder / Path(name).with_suffix(".mpy"), build.write_inplace_calls)
        for path, name in sources
    ]
    build._remove_others(folder, {target for *_, target, _ in jobs})
    assert build.compile_all(jobs) == []
    yield from runner.call("tests", {"image": str(folder), "scripts": [SCRIPT.stem], "precision": "f"})


@pytest.fixture(scope="module")
def ran():
    if not (image_heap.TESTS / "node_modules").exists():
        pytest.skip("MicroPython is not here: make setup")
    return {each["test"]: each for each in results()}


def test_with_nothing_but_its_files_micropython_meters_a_load_and_is_read(ran):
    assert len(ran) == 3
    assert [each["lines"] for each in ran.values() if not each["ok"]] == []


def test_it_fits_into_the_processor(ran):
    """Modules in place (estimate), what runs (measured on MicroPython, single precision), and room for garbage."""
    done = Manifest(BOARD)
    modules = sum(module.in_place for module in image_heap.measured(image.compiled(done)))
    running = ran["heap_of_what_runs"]["heap"]
    assert modules <= done.values["BUDGET"]["heap"]
    assert running <= dict(done.values["HEAP"])["what runs"]


@pytest.mark.parametrize("pause_ms", (0, 90))
def test_the_demonstration_board_meters_one_phase(own, pause_ms):
    with new_world(system_hz=125_000_000, flash_size=1408 * 1024) as world:
        from boards.pico_demo import board

        def levels(number):
            turn = 2 * pi * HERTZ * number / (48e6 / 3125)
            volts = VOLTS * 2**0.5 / board.VOLTS_A_VOLT * sin(turn)
            return 1.65 + (volts if number % 2 == 0 else AMPERES * 2**0.5 / board.AMPERES_A_VOLT * sin(turn))

        adc = Rp2040Adc(world, levels)
        Ds3231(world, bus=board.CLOCK_BUS).write(bytes((0x0F, 0)))
        line = SerialLine(world, board.OPTICAL_UART)
        world.drive(board.POWER_GOOD, 1)
        world.flash[:] = b"\xff" * len(world.flash)
        made = board.Board()
        app = own.App(made)
        world.after(1_000_000, lambda: world.advance(pause_ms * 1000))
        told = []

        async def life():
            running = asyncio.create_task(app.run(lambda *endpoint: told.append(endpoint)))
            await asyncio.sleep(3.2)
            app.warm_start()
            await asyncio.wait_for(running, 2)

        asyncio.run(life())
        assert line and told == [("iec62056-21", "uart0")]
        assert made.adc.rate == 7680.0 and adc.overwritten == 0
        assert app.access.read("V.A")[0] == pytest.approx(VOLTS, rel=0.01)
        assert app.access.read("A.A")[0] == pytest.approx(AMPERES, rel=0.01)
        assert app.access.read("Hz.A")[0] == pytest.approx(HERTZ, abs=0.01)
        assert made.adc.overruns == 0
        again = own.App(board.Board())
        assert again.meter.energy.totals == app.meter.energy.totals and sum(app.meter.energy.totals) > 0


def test_its_settings_are_settings_of_the_whole_meter_with_their_defaults(own):
    from meter.config.schema import defaults

    known = defaults()
    assert {path: known[path] for path in own.SETTINGS} == own.SETTINGS


def test_what_it_leaves_out_is_not_in_its_image():
    targets = Manifest(BOARD).files
    for left in (
        "access/",
        "config/",
        "protocols/dlms/",
        "inputs_outputs/",
        "registers/load_profile",
        "storage/image",
    ):
        assert not [target for target in targets if target.startswith("meter/" + left)], left


def test_a_part_that_is_not_there_is_none_and_one_that_is_broken_is_raised(monkeypatch):
    from meter import optional

    (name,) = [row[0] for row in optional.OPTIONAL]
    assert optional.part(name).Programming
    monkeypatch.setitem(sys.modules, name, None)  # CPython: an import of it fails, and says so otherwise
    with pytest.raises(ImportError):
        optional.part(name)
    with pytest.raises(KeyError):
        optional.part("meter.meter")
