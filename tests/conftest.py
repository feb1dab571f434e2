"""Fixtures all tests share."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

# How long an example takes depends on what else the machine does; no test judges it.
settings.register_profile("untimed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("untimed")

ROOT = Path(__file__).resolve().parents[1]
SHARED = ROOT.parent / "shared" / "data"


# Modules that run the whole workflow take minutes each; they start first, so that no process waits for them at the end.
FIRST = ("test_slurm", "test_demo", "test_engine", "test_trouble", "test_provenance", "test_on_demand")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the modules of the workflow first, the longest at the head."""

    def place(item: pytest.Item) -> int:
        if item.path.parent.name != "workflow":
            return len(FIRST) + 1
        return FIRST.index(item.path.stem) if item.path.stem in FIRST else len(FIRST)

    items.sort(key=place)


@pytest.fixture(scope="session")
def shared() -> Path:
    """Folder of real recordings with known answers, kept beside the repository; skips where it is absent."""
    if not SHARED.is_dir():
        pytest.skip("the folder of real recordings (../shared/data) is not here")
    return SHARED
