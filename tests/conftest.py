"""Fixtures all tests share."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

# How long an example takes depends on what else the machine does; no test judges it.
settings.register_profile("untimed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("untimed")

ROOT = Path(__file__).resolve().parents[1]
SHARED = ROOT.parent / "shared" / "data"


@pytest.fixture(scope="session")
def shared() -> Path:
    """Folder of real recordings with known answers, kept beside the repository; skips where it is absent."""
    if not SHARED.is_dir():
        pytest.skip("the folder of real recordings (../shared/data) is not here")
    return SHARED
