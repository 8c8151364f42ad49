"""What the tests of the hardware abstraction layer share."""

import pytest

from host_tests.hal.rp2_devices import end_worlds


@pytest.fixture(autouse=True)
def no_world_is_left():
    """End the Worlds that a test has made by its backend's factory."""
    yield
    end_worlds()
