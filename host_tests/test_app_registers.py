"""Registers of every kind show the same of the waveforms of a load as of the load without waveforms.

Six minutes over the end of an hour, with a step of the load each minute, where each demand interval ends.
"""

import asyncio

import numpy as np
import pytest
from meter.app import App
from meter.config.schema import validate
from meter.hal.sim.load_model import WYE, TableSteps

from boards.sim.board import Board, load_model, nominal_full_scale
from host_tests.hal.load_waves import LoadWaves
from host_tests.harness import RATE, START
from host_tests.test_app import NO_PORTS

BEGIN = START + 42 * 60  # 22:57
MINUTES = 6
VOLTS = (120.0, 119.0, 121.0)
STEPS = (
    (*VOLTS, 300.0, 250.0, 200.0, 150.0, 80.0, 100.0, 60.0),
    (*VOLTS, 400.0, 350.0, 300.0, 100.0, 30.0, -80.0, 60.0),
    (118.0, 121.0, 120.0, 200.0, 250.0, 220.0, -150.0, -80.0, -100.0, 60.0),
    (*VOLTS, 500.0, 150.0, 100.0, 60.0, 20.0, 30.0, 60.0),
    (*VOLTS, -300.0, -250.0, -200.0, 150.0, 80.0, 100.0, 60.0),
    (*VOLTS, 310.0, 260.0, 210.0, 150.0, 80.0, 100.0, 60.0),
)
SHOWN = ("W.del.P", "VAR.q1.P", "VA.del.P", "V.A", "A.B", "PF.bi.P", "Hz.A")
DEMANDED = ("W.del.P", "W.bi.A", "VAR.q4.P", "VA.del.P", "A.avg", "A.N")
STORED = ("working", "previous hour", "billing period reset")
PEAKS = ("peak demand", "time of peak demand")


def definitions():
    """Return the lists (normal, alternate) of registers."""
    rows = [
        ("consumption", key, "working") for key in ("Wh.del.P", "Wh.rec.P", "VARh.q1.P", "V2h.A", "A2h.B")
    ]
    rows += [("consumption", "Wh.del.P", storage) for storage in STORED[1:]]
    rows += [("average PF", "PF.del.P", storage) for storage in STORED]
    for kind in ("minimum", "maximum", "average"):
        rows += [(kind, key, "working") for key in SHOWN] + [(kind, "W.del.P", "previous hour")]
    for kind in ("past demand", "present demand", *PEAKS):
        rows += [(kind, key, "working") for key in DEMANDED]
    rows += [
        ("peak demand", "W.del.P", storage)
        for storage in (*STORED[1:], "cumulative", "continuous cumulative")
    ]
    rows += [
        (kind, key, "working")
        for kind in ("thermal demand", "peak thermal demand")
        for key in ("W.del.P", "V.A")
    ]
    found = [{"kind": kind, "quantity": key, "storage": storage} for kind, key, storage in rows]
    found += [
        {"kind": "coincident demand", "quantity": key, "peak": "W.del.P"}
        for key in ("VAR.q1.P", "PF.bi.P", "A.avg")
    ]
    found += [{"kind": kind, "quantity": "W.del.P", "rate": rate} for kind in PEAKS for rate in "AB"]
    found += [{"kind": "consumption", "quantity": "Wh.del.P", "rate": rate} for rate in "AB"]
    found = [{"id": k if k < 50 else 50 + k, **each} for k, each in enumerate(found)]
    return found[:50], found[50:]


def lived(source, settings, last=None):
    """Run a meter to its source's end, with a billing period reset by its schedule at the hour."""
    board = Board(
        settings, source, nominal_full_scale(settings), start=BEGIN, half_cycles=60, block=7680, last=last
    )
    app = App(board, settings)
    asyncio.run(app.metering())
    return app


@pytest.fixture(scope="module")
def both():
    """Return the meters of the waveforms and of the load."""
    normal, alternate = definitions()
    settings = validate(
        {
            **NO_PORTS,
            "registers": {"normal": normal, "alternate": alternate, "test": []},
            "demand": {"interval": 2, "subinterval": 1, "thermal_time": 2},
            "billing": {"reset": {"kind": "hourly"}},
            "tou": {"days": [["all", "all", "00:00 A, 23:00 B"]]},
            "simulator": {"noise": 0},
        }
    )
    columns = np.array(STEPS).transpose()
    steps = TableSteps([BEGIN + 60 * k for k in range(MINUTES + 1)], columns)
    # The last second is shown when its last frame is whole: most of another second is read for it.
    waves = LoadWaves((*STEPS, STEPS[-1]), 60, WYE)
    return lived(waves, settings, int((60 * MINUTES + 0.9) * RATE)), lived(
        load_model(settings, steps), settings
    )


@pytest.mark.feature("REG-01", "DEM-01", "DEM-03")
def test_registers_of_every_kind_agree_with_those_from_the_waveforms(both):
    waves, load = both
    assert waves.meter.clock.second == load.meter.clock.second == BEGIN + 60 * MINUTES
    wrong = []
    for measured, modelled in zip(waves.engine.bank.registers, load.engine.bank.registers, strict=True):
        a, b = measured.value(), modelled.value()
        one = measured.definition
        if a is None or b is None or one.kind == "time of peak demand":
            agree = a == b
        else:
            # A half cycle at a step counts for the step before: at most 1/7200 of a minute of the largest change.
            scale = 1e6 if isinstance(a, int) else 1.0
            most = 0.2 if one.quantity[:2] in ("W.", "VA", "Wh") else 2e-3
            agree = abs(a - b) / scale <= 3e-4 * abs(b) / scale + most
        if not agree:
            wrong.append((one.kind, one.quantity, one.storage, a, b))
    assert wrong == []
