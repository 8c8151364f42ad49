"""Accuracy: every value of a quick set against its limit, on an ideal and on an erring front end, in both floats."""

import json
from math import sqrt

import numpy as np
import pytest
from ferraris import cli
from ferraris.accuracy import bench, chart, limits, points, report, runner, signals
from ferraris.accuracy.analytic import System, Values
from ferraris.accuracy.signals import Signal
from meter.metrology.calibration import Calibration

# Above these ratios the accuracy has degraded, limit or not: about one and a half times what it is.
WORST = {
    "ideal": {"manual, Hz": 0.4, "manual, THD": 0.25},
    "model": {
        "manual, Wh": 0.35,
        "manual, W": 0.3,
        "manual, Hz": 0.7,
        "manual, PF": 0.6,
        "manual, form 5": 0.5,
    },
}
OTHERS = {"ideal": 0.01, "model": 0.25}
SHAPES = ("sine", "fifth", "distorted", "faint", "quadriform", "peaked", "phase fired", "half wave", "burst")


@pytest.fixture(scope="module")
def results():
    return list(runner.run(quick=True))


@pytest.fixture(scope="module")
def worst(results):
    return report.worst_by_section(results)


def quick_sections():
    names = dict.fromkeys(
        row.section for meter in points.meters(True) for row in runner.chosen_rows(meter, None)
    )
    return list(names)


@pytest.mark.feature("MET-18", "MET-19", "MET-20", "MET-21", "MET-22")
@pytest.mark.parametrize("section", quick_sections())
def test_every_value_is_inside_its_limit(results, section):
    found = [result for result in results if result.section == section]
    assert {(r.front_end, r.dtype) for r in found} == set(report.VARIANTS)
    assert [result for result in found if result.outside] == []


@pytest.mark.parametrize("section", quick_sections())
def test_accuracy_has_not_degraded(worst, section):
    for (front_end, _), result in worst[section].items():
        assert result.ratio <= WORST[front_end].get(section, OTHERS[front_end]), result


@pytest.mark.feature("MET-03")
def test_without_current_nothing_is_registered(results):
    found = [result for result in results if result.section == "no load"]
    assert len(found) == 3 * 4 * 8 * 4 and all(result.value == 0 for result in found)


@pytest.mark.feature("MET-02")
def test_each_class_registers_from_its_starting_current(results):
    found = [r for r in results if r.section == "starting current" and "manual" in r.condition]
    assert {r.current_class for r in found} == {2, 10, 20}
    assert all(r.value > 0 and abs(r.error_percent) < 1 for r in found)


def test_quick_set_has_each_quantity_by_phase_and_polyphase(results):
    found = {(r.quantity.split(".")[0], r.phase) for r in results}
    for name in (
        "Wh",
        "VARh",
        "VAh",
        "VAvh",
        "Qh",
        "Ah",
        "V2h",
        "A2h",
        "W",
        "VAR",
        "VA",
        "Q",
        "V",
        "A",
        "A2",
        "PF",
    ):
        assert {(name, phase) for phase in "ABCP"} <= found
    assert {("V2", "A"), ("THDV", "P"), ("THDA", "P"), ("Hz", "A"), ("VARfh", "P"), ("Wch", "P")} <= found


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("lag", [0.0, 60.0, -36.87, 200.0])
def test_true_values_are_the_means_of_the_samples(shape, lag):
    signal = Signal(50.0, (120.0, 110.0, 90.0), (5.0, 3.0, 1.0), (lag, lag + 10, lag - 10), shape)
    true, cycle = Values(signal, System()), 1200
    samples = signals.source(signal, 50.0 * cycle).read(0, 4 * cycle)
    v90 = np.roll(samples[:3], cycle // 4, axis=1)
    for p, phase in enumerate("ABC"):
        v, i = samples[p], samples[3 + p]
        scale = sqrt(np.mean(v * v) * np.mean(i * i))
        assert true.value(f"W.bi.{phase}") == pytest.approx(np.mean(v * i), abs=1e-5 * scale)
        assert true.value(f"VAR.bi.{phase}") == pytest.approx(np.mean(v90[p] * i), abs=1e-5 * scale)
        assert true.value(f"V2.{phase}") == pytest.approx(np.mean(v * v), rel=1e-9)
        assert true.value(f"A2.{phase}") == pytest.approx(np.mean(i * i), rel=1e-5)
        fundamental = [np.fft.rfft(x)[4] / len(x) * sqrt(2) for x in (v, i)]
        varf = (fundamental[0] * np.conj(fundamental[1])).imag
        assert true.value(f"VARf.bi.{phase}") == pytest.approx(varf, abs=1e-5 * scale)


def test_phase_fired_and_half_wave_series_are_the_chopped_sines():
    angle = np.arange(3600) * (2 * np.pi / 3600)
    for name, open_ in (("phase fired", np.sin(2 * angle) < 0), ("half wave", np.sin(angle) > 0)):
        samples = signals.source(Signal(50.0, (1.0,) * 3, (1.0,) * 3, shape=name), 180000.0).read(0, 3600)[3]
        # a truncated series misses the edges, not the whole
        assert np.sqrt(np.mean((samples - np.sqrt(2) * np.sin(angle) * open_) ** 2)) < 0.06


@pytest.mark.parametrize(
    "amps, column, limit", [(22, 0, 0.05), (0.5, 0, 0.05), (0.49, 0, 0.15), (0.1, 1, 0.2), (0.05, 1, 0.35)]
)
def test_a_limit_is_that_of_the_band_the_current_is_in(amps, column, limit):
    assert limits.limit_at(amps, limits.MANUAL_ENERGY[0][1], column) == limit


def test_below_the_lowest_band_there_is_no_limit():
    assert limits.limit_at(0.049, limits.MANUAL_ENERGY[0][1], 0) is None


def test_a_meter_that_reads_too_much_fails(monkeypatch, capsys):
    high, found = Calibration(gains=(1.0, 1.0, 1.0, 1.0006, 1.0, 1.0)), bench.calibrated
    monkeypatch.setattr(
        bench, "calibrated", lambda name, *meter: high if name == "ideal" else found(name, *meter)
    )
    assert cli.main(["accuracy", "--quick", "--section", "manual, Wh"]) == 1
    output = capsys.readouterr().out
    assert " outside" in output and "Wh.del.A" in output


def test_a_change_of_error_is_taken_from_the_reference_conditions(monkeypatch):
    monkeypatch.setattr(bench, "calibrated", lambda *_: Calibration(gains=(1.01, 1.0, 1.0, 1.0, 1.0, 1.0)))
    found = list(runner.run(quick=True, section="temperature", names=("ideal",)))
    assert found and all(abs(result.error_percent) < 1e-4 for result in found)


@pytest.mark.parametrize(
    "error, limit, expected", [(-0.05, 0.1, 0.5), (0.0, 0.0, 0.0), (1e-9, 0.0, runner.NEVER)]
)
def test_ratio_is_error_over_limit_and_a_limit_of_nothing_allows_nothing(error, limit, expected):
    assert runner.ratio(error, limit) == pytest.approx(expected)


def test_json_has_one_object_for_each_value(capsys):
    assert cli.main(["accuracy", "--quick", "--section", "no load", "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)
    assert set(rows[0]) == {
        "section", "quantity", "phase", "condition", "class", "frequency", "float", "front_end", "value",
        "reference", "error_percent", "limit_percent", "ratio",
    }  # fmt: skip
    assert {(row["front_end"], row["float"]) for row in rows} == set(report.VARIANTS)


def test_summary_and_all_rows_never_speak_of_compliance(results, capsys):
    report.print_all(results[:50])
    report.print_summary(results, 1.0)
    output = capsys.readouterr().out
    assert "tested against the limits" in output.lower() and "compl" not in output.lower().replace(
        "compensated", ""
    )


def test_an_unknown_section_is_refused_with_those_there_are(capsys):
    assert cli.main(["accuracy", "--section", "blondel"]) == 2
    assert "blondel" in capsys.readouterr().err


def test_chart_is_drawn(tmp_path, monkeypatch):
    pytest.importorskip("matplotlib")
    monkeypatch.setattr(chart, "STEPS", 3)
    chart.draw(str(tmp_path / "a.svg"))
    assert "<svg" in (tmp_path / "a.svg").read_text()
