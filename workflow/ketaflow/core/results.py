"""What every assay returns, in one shape: measurements, checks, and figures for the reviewer.

The columns of the two tables are the contract with users (docs/results.md). A value that cannot be computed is empty,
with a status and a reason; it is never 0, -1 or a guess. Units are not written here: the collecting step takes them
from the assay's ``measures.yaml``, so that a measure has one unit and one place that states it.
"""

import dataclasses
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import pandas as pd

from ketaflow.core.overlays import Overlay

Verdict = Literal["pass", "warn", "fail"]
# Tables by name: what ``quantify`` published, or the cohort's own.
Tables = Mapping[str, pd.DataFrame]

MEASUREMENT_COLUMNS = (
    "animal", "assay", "measure", "analyte", "region", "session", "time_min", "sample",
    "value", "unit", "n", "recording", "status", "reason",
)  # fmt: skip
CHECK_COLUMNS = (
    "assay", "recording", "animal", "place", "check", "value", "unit", "low", "high", "verdict", "message",
)  # fmt: skip
RECORDING_COLUMNS = ("assay", "recording", "animal", "path", "sha256", "bytes", "status", "reason")

PUBLISHED = "published"


def table() -> Any:
    """Declare a field of a dataclass as a published table.

    The field holds a list of flat dataclasses, or a data frame. Over all recordings it becomes
    ``<results>/<assay>/<name of the field>.csv``; ``measurements`` and ``checks`` join the tables of the study.
    Empty unless given.
    """
    return field(default_factory=list, metadata={PUBLISHED: True})


@dataclass(frozen=True)
class Measurement:
    """One row of the measurements table.

    Attributes
    ----------
    measure : str
        Name of the measure, as in the assay's ``measures.yaml``.
    value : float or None
        In the unit of the measure; None where it cannot be computed.
    analyte, region, session, sample : str or None
        Protein or transmitter, brain region, session, and what lies below the animal (dendrite, membrane, section).
    time_min : float or None
        Time point of a time course (minutes from dosing).
    n : float or None
        Number of observations behind the value.
    status : str
        ``ok``, ``flagged`` or ``failed``.
    reason : str
        Why the value is flagged or missing.
    """

    animal: str | None
    measure: str
    value: float | None
    recording: str
    analyte: str | None = None
    region: str | None = None
    session: str | None = None
    time_min: float | None = None
    sample: str | None = None
    n: float | None = None
    status: str = "ok"
    reason: str = ""


@dataclass(frozen=True)
class Check:
    """One row of the checks table: a value beside the limits it should lie within."""

    recording: str
    animal: str | None
    place: str
    check: str
    value: float | None
    unit: str
    low: float | None
    high: float | None
    verdict: str
    message: str


@dataclass(frozen=True)
class Figure:
    """A picture for the reviewer: SVG text, or an encoded image.

    ``title`` and ``caption`` are shown beside it; neither may name the animal, the arm or the file.
    ``outcome``: whether it shows the measured outcome itself, which a reviewer should not see before deciding.
    ``overlay``: what the reviewer can correct on it; its content is then an encoded image.
    """

    title: str
    content: str | bytes
    media: str = "image/svg+xml"
    caption: str = ""
    outcome: bool = False
    overlay: Overlay | None = None


@dataclass(frozen=True)
class Checked:
    """What ``qc`` returns: the checks of a record, and for each of its recordings what the reviewer sees."""

    checks: list[Check] = table()
    figures: dict[str, list[Figure]] = field(default_factory=dict)


@dataclass(frozen=True)
class Summary:
    """What an assay's ``summarise`` adds once the whole cohort is measured.

    Attributes
    ----------
    measurements, checks : list
        Rows that need more than one recording.
    tables : mapping of str to data frame or None
        Tables to publish beside those of ``quantify``, or in place of them; None withdraws one.
    figures : list of Figure
        Figures of the whole cohort for the results page.
    """

    measurements: list[Measurement] = field(default_factory=list)
    checks: list[Check] = field(default_factory=list)
    tables: Mapping[str, pd.DataFrame | None] = field(default_factory=dict)
    figures: list[Figure] = field(default_factory=list)


def measurement(
    measure: str,
    value: float | None,
    *,
    animal: str | None,
    recording: str,
    reason: str = "",
    status: str | None = None,
    **more: Any,
) -> Measurement:
    """Make one measurement; a missing or non-finite value fails and must come with a reason.

    Parameters
    ----------
    measure : str
        Name of the measure.
    value : float or None
        In the unit of the measure.
    animal, recording : str
        Whose value it is, and where it was recorded.
    reason : str
        Why the value is missing or flagged.
    status : str, optional
        ``ok``, or ``failed`` where there is no value, unless given.
    **more
        The optional columns: analyte, region, session, time_min, sample, n.

    Returns
    -------
    Measurement

    Raises
    ------
    ValueError
        If a value is missing without a reason.
    """
    missing = value is None or not math.isfinite(value)
    if missing and not reason:
        raise ValueError(f"{measure}: a missing value needs a reason")
    return Measurement(
        animal=animal,
        measure=measure,
        value=None if value is None or missing else float(value),
        recording=recording,
        status=status or ("failed" if missing else "ok"),
        reason=reason,
        **more,
    )


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
) -> Check:
    """Make one check.

    Parameters
    ----------
    name : str
        Name of the check.
    value, low, high : float or None
        What was found, and the limits it should lie within, in ``unit``.
    recording, animal, place : str
        The recording, the animal where the check concerns one, and the place in it (lane, cylinder, fraction).
    message : str
        What the value means and what to do outside the limits.
    verdict : {"pass", "warn", "fail"}
        See ``within``.

    Returns
    -------
    Check
    """
    if verdict not in ("pass", "warn", "fail"):
        raise ValueError(f"{name}: verdict is {verdict!r}")
    finite = value is not None and math.isfinite(value)
    return Check(
        recording=recording,
        animal=animal,
        place=place,
        check=name,
        value=float(value) if value is not None and finite else None,
        unit=unit,
        low=low,
        high=high,
        verdict=verdict,
        message=message,
    )


def within(value: float | None, low: float | None, high: float | None, otherwise: Verdict = "warn") -> Verdict:
    """Return ``pass`` where a value lies within its limits, else ``otherwise``; an undefined value never passes."""
    if value is None or not math.isfinite(value):
        return otherwise
    inside = (low is None or value >= low) and (high is None or value <= high)
    return "pass" if inside else otherwise


def frame(rows: list[Any], kind: type) -> pd.DataFrame:
    """Flat dataclasses as a data frame.

    Parameters
    ----------
    rows : list
        Instances of ``kind``.
    kind : type
        A dataclass.

    Returns
    -------
    data frame
        One row per instance and one column per field of ``kind``, even where there are no rows; None is a missing
        value.
    """
    names = [one.name for one in dataclasses.fields(kind)]
    return pd.DataFrame([[getattr(row, name) for name in names] for row in rows], columns=names)
