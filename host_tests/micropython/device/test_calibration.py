"""Constants on the device's interpreter: checked, kept, and in force in the next second of a meter that goes on."""

from meter.app import App
from meter.metrology.calibration import Calibration, CalibrationError, measured, stored, unpack
from meter.metrology.frame import GAP
from meter.protocols.dlms import axdr
from test_start_order import Board, finish

NEW = Calibration((1.1, 1.0, 1.0, 0.9, 1.0, 1.0), (50.0, 0.0, 0.0, 0.0, 0.0, 0.0), (0.0, 1.0, 0.0))


def close(found, expected, part=1e-3):
    assert abs(found - expected) <= part * max(1.0, abs(expected)), (found, expected)


def refused(data):
    try:
        unpack(data)
    except CalibrationError:
        return
    raise AssertionError(data)


def test_constants_are_packed_and_those_that_cannot_be_are_refused():
    data = NEW.pack()
    assert unpack(data).pack() == data and len(data) == 61
    refused(data[:-1])
    refused(b"\x02" + data[1:])
    for wrong in (float("nan"), float("inf"), 2.5, -1.0):
        refused(Calibration(gains=(wrong,) * 6).pack())
        refused(Calibration(angles=(0.0, 0.0, wrong * 30)).pack())


def shown(app, blocks):
    """Meter so many blocks more, and return what is measured from their average alone."""
    app._board.adc.left = blocks
    finish(app.metering())
    app.meter._share()
    app.meter._show(0)
    return app.dlms_state.measured()


def test_a_meter_goes_on_with_new_constants_and_says_what_it_measures_with_them():
    board = Board(0)
    app = App(board)
    state = app.dlms_state
    assert state.measured() is None
    _, _, before = shown(app, 14)
    app.calibrate(NEW)
    assert state.calibration == NEW.pack() and stored(app._calibrations)[0].pack() == NEW.pack()
    _, flags, after = shown(app, 14)
    assert flags & GAP  # the tracking has begun anew
    close(before[0], 120.0)
    close(before[3], 5.0)
    close(after[0], 132.0)
    close(after[1], 120.0)
    close(after[3], 4.5)
    close(before[10], 0.0, 0.5)
    close(abs(after[10]), 600.0 * 0.017452, 0.05)  # turned by a degree, what was in phase is not
    assert tuple(after[18:]) == board.adc.scales
    floats = axdr.array([axdr.number(axdr.FLOAT32, each) for each in after])
    assert len(floats) == 2 + 24 * 5


def test_a_channel_that_the_converter_has_not_has_no_scale():
    class Span:
        def value(self, number):
            return 1.0

        def mean(self, name, place):
            return 0.0

    class Two:
        channels, scales = ("VA", "IA"), (0.5, 0.25)

    assert measured(Span(), Two)[18:] == [0.5, 0.0, 0.0, 0.25, 0.0, 0.0]
