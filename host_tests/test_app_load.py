"""A whole meter on a load without waveforms, held against the same meter on the waveforms of the same load."""

import asyncio
from math import hypot

import numpy as np
import pytest
from meter.app import App
from meter.config.schema import validate
from meter.hal.sim.load_model import LINE_TO_LINE, WYE, FunctionSteps, TableSteps
from meter.hal.sim.load_source import LoadSource
from meter.metrology.connection import Connection
from meter.metrology.span import Span
from meter.quantities import INTEGRATED, describe, index, keys

from boards.sim.board import Board, load_model, nominal_full_scale
from host_tests.hal.load_waves import LoadWaves
from host_tests.hal.test_sim_load_model import differences
from host_tests.harness import START
from host_tests.test_app import NO_PORTS

MINUTES = 1
WATCHED = [START + 60 * k for k in range(1, MINUTES + 1)]
HALF_CYCLE_H = 1 / 120 / 3600
VOLTS = (120.0, 119.0, 121.0)
STEPS = (  # quarter of a minute each: all directions, and a pause
    (*VOLTS, 300.0, 250.0, 200.0, 150.0, 80.0, 100.0, 60.0),
    (*VOLTS, -300.0, 50.0, 100.0, 30.0, -80.0, 10.0, 60.0),
    (*VOLTS, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 60.0),
    (118.0, 121.0, 120.0, -30.0, -250.0, -20.0, -150.0, -80.0, 0.0, 60.0),
)
TOTALS = [key for key in keys() if key.split(".")[0] in INTEGRATED]
CHANNELS = ["Wh.del.P", "Wh.rec.P", "VARh.q1.A", "Wch.net.P", "V2h.A", "V.A", "W.bi.P", "Hz.A"]


def settings_of(**service):
    return validate(
        {
            **NO_PORTS,
            "service": service,
            "loss": {"delivered": [1, 2, 3, 4, 5], "received": [2, 3, 4, 5, 6]},
            "load_profile": {"interval": 1, "channels": CHANNELS, "format": "values"},
            "simulator": {"noise": 0},
        }
    )


def lived(settings, source, **options):
    """Run a meter to its source's end. Return (app, {second: totals as floats}) at WATCHED seconds."""
    seen = {}

    def note(span):
        if span.end in WATCHED:
            seen[span.end] = [app.meter.energy.exact(index(key)) for key in TOTALS]

    board = Board(
        settings, source, nominal_full_scale(settings), start=START, half_cycles=60, block=30720, **options
    )
    app = App(board, settings, note)
    asyncio.run(app.metering())
    return app, seen


def table(values=STEPS, step_s=15, count=4 * MINUTES + 1):
    """Return steps from START on, again and again."""
    columns = [values[k % len(values)] for k in range(count)]
    return TableSteps([START + k * step_s for k in range(count + 1)], np.array(columns).transpose())


@pytest.fixture(scope="module", params=["4-wire wye", "3-wire delta", "network"])
def both(request):
    """The meters on the waveforms and on the load, and their totals at the minutes."""
    settings = settings_of(connection=request.param)
    connection = Connection(request.param)
    angles = LINE_TO_LINE if connection.line_to_line else WYE
    count = 4 * MINUTES + 1
    waves = LoadWaves([STEPS[k % len(STEPS)] for k in range(count)], 15, angles)
    return lived(settings, waves), lived(settings, load_model(settings, table()))


def test_registers_agree_with_those_from_the_waveforms_at_every_minute(both):
    (_, waves), (_, load) = both
    assert list(waves) == list(load) == WATCHED
    for second in WATCHED:
        for key, measured, modelled in zip(TOTALS, waves[second], load[second]):
            # Values of a full cycle follow a change half a cycle late: one half cycle at each of the changes.
            most = max(map(abs, load[WATCHED[-1]])) / (MINUTES / 60) * 4 * MINUTES * HALF_CYCLE_H
            assert abs(measured - modelled) <= 1e-5 * abs(modelled) + most, key


def test_load_profiles_agree_with_those_from_the_waveforms(both):
    records = [list(app.meter.load_profile.records())[:MINUTES] for (app, _) in both]
    assert [record[1:4] for record in records[0]] == [record[1:4] for record in records[1]]
    for measured, modelled in zip(*records):
        for key, a, b in zip(CHANNELS, measured[4], modelled[4]):
            # Half a half cycle at each change of power
            tolerance = {"W": 0.1, "h": 1e-2}.get(describe(index(key))[3][-1], 1e-3)
            assert a == pytest.approx(b, rel=2e-4, abs=tolerance), key


def test_instantaneous_values_agree_with_those_from_the_waveforms(both):
    (waves, _), (load, _) = both
    zero = [(app.meter.latest, app.meter.energy) for app in (waves, load)]
    for key, a, b, tolerance in differences(*zero):
        if key.split(".")[0] not in INTEGRATED:
            assert abs(a - b) <= tolerance, key


def test_a_month_of_quarter_hours_is_metered_to_the_quantum():
    settings = settings_of()
    settings["load_profile.interval"] = 15
    steps = FunctionSteps(
        lambda utc: (*VOLTS, 100.0 + utc // 900 % 4 * 100.0, 0.0, 0.0, 0.0, 0.0, 0.0, 60.0),
        900,
        START,
        START + 86400 * 30,
    )
    app, _ = lived(settings, load_model(settings, steps))
    assert app.ended
    assert abs(app.meter.energy.value(index("Wh.del.P")) - 250 * 24 * 30 * 1_000_000) <= 1
    assert app.meter.clock.second == START + 86400 * 30
    records = list(app.meter.load_profile.records())
    assert len(records) == 96 * 30
    assert {round(record[4][0], 5) for record in records} == {25, 50, 75, 100}


def test_instantaneous_values_of_a_load_are_those_of_its_last_span():
    settings = settings_of()
    app, _ = lived(settings, load_model(settings, table(count=1)))
    assert app.access.read("W.del.A")[0] == pytest.approx(300)
    assert app.access.read("A.A")[0] == pytest.approx(hypot(300, 150) / 120)


def read_all(load, until):
    """Return the ends of all spans of a LoadSource, for a meter that asks for an end each `until` seconds."""

    async def collect():
        span, ends, now = Span(connection=load.connection), [], START
        while await load.read(now, (now // until + 1) * until, span):
            ends.append(span.end - START)
            now = span.end
        return ends

    return asyncio.run(collect())


def test_spans_end_where_the_meter_or_the_load_wants_it():
    model = load_model(settings_of(), table(step_s=40, count=3))
    assert read_all(LoadSource(model), 60) == [40, 60, 80, 120]
    assert read_all(LoadSource(model, last=START + 70), 60) == [40, 60, 70]
    assert read_all(LoadSource(model, last=START), 60) == []


def test_spans_last_a_second_in_real_time_and_longer_at_higher_speeds():
    model = load_model(settings_of(), table(step_s=40, count=3))
    assert read_all(LoadSource(model, 1000.0, START + 70), 60) == [40, 60, 70]
    assert read_all(LoadSource(model, 50.0, START + 12), 60) == [5, 10, 12]
    assert read_all(LoadSource(model, 19.0, START + 3), 60) == [1, 2, 3]
