"""What all host tests share: the hypothesis profile, both float types, and reference data where it exists."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, settings

# Before a test can put another ulab on the path: on this side arrays are numpy's.
from meter import xnp

from host_tests import power_cuts

assert xnp.np is np

# The same examples on every run and machine; a slow machine is not a failure.
settings.register_profile(
    "ferraris", derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("ferraris")

SHARED_DATA = Path(__file__).parents[2] / "shared" / "data"


def pytest_terminal_summary(terminalreporter):
    """One line at the end: how many power cuts storage and meter went through in this run."""
    if power_cuts.total():
        terminalreporter.write_line(power_cuts.line())


@pytest.fixture(scope="session")
def shared_data():
    """Path of the reference recordings that lie beside the repository. Skips where they are not."""
    if not SHARED_DATA.is_dir():
        pytest.skip("the reference data is not beside this repository (../shared/data)")
    return SHARED_DATA


@pytest.fixture(params=["float32", "float64"])
def dtype(request):
    """The float type of the arrays: single, as on a Pico, and double."""
    return {"float32": np.float32, "float64": np.float64}[request.param]
