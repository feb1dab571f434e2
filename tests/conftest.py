"""Fixtures all tests share."""

from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
SHARED = ROOT.parent / "shared" / "data"


@pytest.fixture(scope="session")
def shared() -> Path:
    """Folder of real recordings with known answers, kept beside the repository; skips where it is absent."""
    if not SHARED.is_dir():
        pytest.skip("the folder of real recordings (../shared/data) is not here")
    return SHARED
