"""A year of the real sequence of records and checkpoints on the sim board's flash. Twenty: make soak."""

import pytest
from ferraris.bench_storage import wear


@pytest.fixture(scope="module")
def year():
    return wear(365.25)


def test_no_sector_is_erased_twice_more_than_another(year):
    for fewest, most in year["erases_min_max"].values():
        assert most - fewest <= 1


def test_twenty_years_take_less_than_a_tenth_of_what_the_flash_endures(year):
    for percent in year["percent_of_endurance_in_20_years"].values():
        assert 0 < percent < 10


def test_a_load_profile_programs_little_more_than_its_records(year):
    assert 1 < year["amplification_profile"] < 1.15
    # The registers are stored twice for each record, in full: that is what most writing is for.
    assert year["amplification_all"] < 40
