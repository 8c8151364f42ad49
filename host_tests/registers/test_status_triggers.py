"""Trigger bits: the manual's table over waves with known faults, and rows as people write them."""

import numpy as np
import pytest
from meter.metrology.connection import Connection
from meter.metrology.span import Span
from meter.registers.status_triggers import DEFAULTS, Triggers, parse, parse_all

from host_tests.steady import span_of

VN, IN = 120.0, 5.0


def bits(span, rows=DEFAULTS, connection=None):
    """Return the numbers of the bits that are set."""
    found = Triggers(rows, VN, IN, connection or Connection()).conditions(span)
    return [bit + 1 for bit in range(16) if found >> bit & 1]


def test_a_sound_load_sets_nothing():
    assert bits(span_of(lag=(30.0,) * 3)) == []
    assert bits(span_of(amps=(0.0,) * 3)) == []


@pytest.mark.feature("STW-04")
@pytest.mark.parametrize("phase", range(3))
def test_a_voltage_below_forty_percent_is_lost_and_with_current_it_has_a_second_bit(phase):
    volts = [VN] * 3
    volts[phase] = 0.41 * VN
    assert phase + 1 not in bits(span_of(volts))
    volts[phase] = 0.39 * VN
    # the others are above the mean by 24 V: unbalanced; a lost phase has no angle
    assert bits(span_of(volts)) == [phase + 1, phase + 7, 12]
    amps = [IN] * 3
    amps[phase] = 0.04 * IN
    assert bits(span_of(volts, amps)) == [phase + 1, 12, 13]


@pytest.mark.feature("STW-04")
@pytest.mark.parametrize("phase", range(3))
def test_a_current_above_one_point_three_of_nominal_is_an_overcurrent(phase):
    amps = [IN * 1.28] * 3
    assert bits(span_of(amps=amps)) == []
    amps[phase] = 1.31 * IN
    assert bits(span_of(amps=amps)) == [phase + 4]


@pytest.mark.feature("STW-04")
def test_swapped_phases_are_a_rotation_error_of_voltage_and_current():
    assert bits(span_of(angles=(0.0, 120.0, -120.0))) == [10, 11]


# angles of A, B, C of the voltages; lags of the currents; bits. Lags from phase to phase in the comment.
ROTATIONS = (
    ((0, -91, 120), (0, 0, 0), []),  # 91, 149, 120
    ((0, -89, 120), (0, 0, 0), [10]),  # 89, 151, 120
    ((0, -120, 89), (0, 0, 0), [10]),  # 120, 151, 89
    ((0, -120, 120), (0, 59, 0), []),  # currents: 179, 61, 120
    ((0, -120, 120), (0, 61, 0), [11]),  # currents: 181, 59, 120
    ((0, -120, 120), (180, 0, 0), [11]),  # a current transformer of A the wrong way round: 300, 120, 300
)


@pytest.mark.feature("STW-04")
@pytest.mark.parametrize(("angles", "lag", "expected"), ROTATIONS)
def test_rotation_is_how_much_each_phase_lags_the_one_before(angles, lag, expected):
    assert bits(span_of(angles=angles, lag=lag)) == expected


@pytest.mark.feature("STW-04")
def test_unbalance_is_the_largest_deviation_from_the_mean_in_parts_of_nominal():
    assert bits(span_of((120.0, 120.0, 111.2))) == []  # mean 117.07, deviation 5.87 V
    assert bits(span_of((120.0, 120.0, 110.8))) == [12]  # 116.93, 6.13 V; the limit is 6 V
    assert bits(span_of(amps=(5.0, 5.0, 4.64))) == []  # 4.88, 0.24 A
    assert bits(span_of(amps=(5.0, 5.0, 4.6))) == [13]  # 4.867, 0.267 A; the limit is 0.25 A


@pytest.mark.feature("STW-04")
def test_the_factory_maps_bits_fourteen_and_fifteen_to_inputs_that_are_not_there():
    assert [parse(row)[0] for row in DEFAULTS] == list(range(1, 16))
    assert [parse(row)[2] for row in DEFAULTS[13:]] == [((None, 0.0, 0.0, ""),)] * 2


@pytest.mark.feature("STW-04")
def test_a_bit_is_mapped_as_a_person_writes_it():
    rows = ("16: Hz.A outside 59.5 60.5", "2: V.A > 100 and A.A > 4.5 and PF.bi.P > 0.5")
    assert bits(span_of(), rows) == [2]
    assert bits(span_of(), ("3: V.A > 100 and A.A > 5.5",)) == []
    assert bits(span_of(), ("16: Hz.A outside 60.5 61",)) == [16]


def test_what_a_connection_does_not_have_is_never_out_of_limits():
    connection = Connection("network")
    span = span_of((VN, 0.0, VN), (IN, 0.0, IN), connection=connection)
    assert bits(span, connection=connection) == []
    delta = Connection("3-wire delta")
    found = bits(
        span_of((VN, 0.0, VN), angles=(30.0, 0.0, 90.0), lag=(30, 0, -30), connection=delta), connection=delta
    )
    assert 2 not in found and 8 not in found and 10 not in found
    high_leg = Connection("4-wire delta")
    span = span_of((120.0, 120.0, 207.8), (0.0,) * 3, (0.0, 180.0, 90.0), connection=high_leg)
    assert bits(span, connection=high_leg) == []


def test_an_empty_span_sets_nothing_and_has_no_value():
    triggers = Triggers(DEFAULTS, VN, IN, Connection())
    assert triggers.conditions(Span(np.float64)) == 0
    assert triggers.value(0) is None


def test_the_value_of_a_bit_is_what_its_first_condition_compared():
    triggers = Triggers(DEFAULTS, VN, IN, Connection())
    triggers.conditions(span_of((48.5, VN, VN)))
    assert triggers.value(6) == pytest.approx(48.5, rel=1e-6)
    assert triggers.value(9) == pytest.approx(120.0, abs=1e-6)
    assert triggers.value(13) is None
    assert triggers.names[6] == "V.A < 0.4 Vn and A.A > 0.05 In"


WRONG = (
    ("V.A < 40", "a trigger is a text such as 1: V.A < 0.4 Vn"),
    (5, "a trigger is a text such as 1: V.A < 0.4 Vn"),
    ("0: V.A < 40", "0: no bit from 1 to 16"),
    ("17: V.A < 40", "17: no bit from 1 to 16"),
    ("x: V.A < 40", "x: no bit from 1 to 16"),
    ("1: V.A = 40", "bit 1: V.A = 40 is no condition such as V.A < 0.4 Vn"),
    ("1:", "bit 1: nothing is no condition such as V.A < 0.4 Vn"),
    ("1: V.A < 40 and ", "bit 1: V.A is in V: its limit cannot be in and"),
    ("1: V.A < many", "bit 1: many is no number"),
    ("1: V.A < nan", "bit 1: nan is no number"),
    ("1: V.A < inf", "bit 1: inf is no number"),
    ("1: V.D < 40", "bit 1: no quantity V.D"),
    ("1: Wh.del.P > 40", "bit 1: Wh.del.P is no instantaneous quantity"),
    ("1: V.A < 0.4 In", "bit 1: V.A is in V: its limit cannot be in In"),
    ("1: rotation.V > 0.4 Vn", "bit 1: rotation.V is in deg: its limit cannot be in Vn"),
    ("1: V.A outside 130 110", "bit 1: outside 130 110: the lower limit comes first"),
    ("1: input A", "bit 1: no input A"),
)


@pytest.mark.parametrize(("row", "problem"), WRONG)
def test_a_wrong_row_is_refused_with_what_is_wrong(row, problem):
    with pytest.raises(ValueError) as error:
        parse(row)
    assert str(error.value) == problem


def test_a_bit_is_mapped_once_and_there_are_sixteen():
    with pytest.raises(ValueError, match="bit 3 is there twice"):
        parse_all(["3: V.A < 1", "3: V.B < 1"])
    with pytest.raises(ValueError, match="up to 16 rows"):
        parse_all(["1: V.A < 1"] * 17)
