"""The two tables every assay ends in: measurements and checks, one shape each.

The columns are the contract with users (docs/results.md). An undefined value is empty, with a
status and a reason; it is never 0, -1 or a guess.
"""

import math

MEASUREMENT_COLUMNS = (
    "animal", "assay", "measure", "analyte", "region", "session", "time_min", "sample",
    "value", "unit", "n", "recording", "status", "reason",
)  # fmt: skip
CHECK_COLUMNS = (
    "assay", "recording", "animal", "place", "check", "value", "unit", "low", "high", "verdict", "message",
)  # fmt: skip
RECORDING_COLUMNS = ("assay", "recording", "animal", "path", "sha256", "bytes", "status", "reason")


def measurement(
    measure: str,
    value: float | None,
    *,
    unit: str,
    animal: str | None,
    recording: str,
    reason: str = "",
    status: str | None = None,
    **more: object,
) -> dict:
    """One row of the measurements table.

    ``more`` takes the optional columns: analyte, region, session, time_min, sample, n. A missing or
    non-finite value makes the row ``failed`` and must come with a reason.
    """
    missing = value is None or not math.isfinite(value)
    if missing and not reason:
        raise ValueError(f"{measure}: a value that cannot be had needs a reason")
    unknown = set(more) - set(MEASUREMENT_COLUMNS)
    if unknown:
        raise TypeError(f"measurements have no column {sorted(unknown)}")
    return {
        "animal": animal,
        "measure": measure,
        "value": None if missing else float(value),
        "unit": unit,
        "recording": recording,
        "status": status or ("failed" if missing else "ok"),
        "reason": reason,
        **more,
    }


def check(
    name: str,
    value: float | None,
    *,
    recording: str,
    message: str,
    verdict: str,
    unit: str = "",
    low: float | None = None,
    high: float | None = None,
    animal: str | None = None,
    place: str = "",
) -> dict:
    """One row of the checks table; ``verdict`` is pass, warn or fail, ``low`` and ``high`` the limits."""
    if verdict not in ("pass", "warn", "fail"):
        raise ValueError(f"{name}: verdict is {verdict!r}")
    finite = value is not None and math.isfinite(value)
    return {
        "recording": recording,
        "animal": animal,
        "place": place,
        "check": name,
        "value": float(value) if finite else None,
        "unit": unit,
        "low": low,
        "high": high,
        "verdict": verdict,
        "message": message,
    }


def within(value: float | None, low: float | None, high: float | None, otherwise: str = "warn") -> str:
    """``pass`` where the value lies inside its limits, else ``otherwise``; an undefined value never passes."""
    if value is None or not math.isfinite(value):
        return otherwise
    inside = (low is None or value >= low) and (high is None or value <= high)
    return "pass" if inside else otherwise
