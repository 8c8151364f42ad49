"""Two months of the real sequence of records and checkpoints on the sim board's flash. Twenty: make soak."""

import pytest
from ferraris.bench_storage import wear


@pytest.fixture(scope="module")
def months():
    return wear(61.0)


def test_no_sector_is_erased_twice_more_than_another(months):
    for fewest, most in months["erases_min_max"].values():
        assert most - fewest <= 1


def test_twenty_years_take_less_than_a_tenth_of_what_the_flash_endures(months):
    for percent in months["percent_of_endurance_in_20_years"].values():
        assert 0 < percent < 10


def test_a_load_profile_programs_little_more_than_its_records(months):
    assert 1 < months["amplification_profile"] < 1.2
    # The registers are stored twice for each record: that is what most writing is for.
    assert months["amplification_all"] < 70


def test_a_checkpoint_writes_what_has_changed_and_as_much_of_the_rest(months):
    assert 2000 < months["bytes_per_checkpoint"] < months["state_bytes"] / 2
