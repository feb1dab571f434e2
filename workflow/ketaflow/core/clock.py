"""The time that results state: the clock's, or a fixed one, so that a run can be repeated byte for byte."""

import os
from datetime import UTC, datetime


def now() -> datetime:
    """The time (UTC, whole seconds); the variable ``SOURCE_DATE_EPOCH`` (s since 1970) replaces the clock."""
    fixed = os.environ.get("SOURCE_DATE_EPOCH")
    at = datetime.fromtimestamp(int(fixed), UTC) if fixed else datetime.now(UTC)
    return at.replace(microsecond=0)
