"""Checks that every image assay makes: scale, saturation, doubts about the file, equal exposure and gain."""

import math
from collections.abc import Callable
from typing import NamedTuple

import pandas as pd

from ketaflow.core.results import Check, check, within

# ``check`` for one recording of one animal.
CheckOf = Callable[..., Check]
# Smallest relative difference of two exposures or gains that counts: metadata are rounded.
ACQUISITION_TOLERANCE = 0.001
# Columns of a table of acquisitions: what must be equal for intensities to be comparable, and its unit.
ACQUISITION = {"exposure_ms": ("exposure", "ms"), "gain": ("gain", "")}


class ChannelSaturation(NamedTuple):
    """Share of the saturated pixels (%), None where the level is unknown; of which pixels, and in which channel."""

    share_pct: float | None
    what: str
    place: str | None = None


def pixel_size_check(check_of: CheckOf, size_um: float, source: str, *, high_um: float, consequence: str) -> Check:
    """Check that pixels are small enough.

    Parameters
    ----------
    check_of : callable
        ``check`` for the recording.
    size_um : float
        Width of a pixel (um).
    source : str
        Where that comes from.
    high_um : float
        Largest width that passes (um).
    consequence : str
        What happens above it, as in ``small cells are lost``.

    Returns
    -------
    Check
    """
    return check_of(
        "pixel size",
        size_um,
        unit="um",
        high=high_um,
        verdict=within(size_um, None, high_um),
        message=f"A pixel is {size_um:.3g} um wide (from: {source}). Above {high_um:g} um {consequence}.",
    )


def saturation_check(check_of: CheckOf, found: ChannelSaturation, *, high_pct: float) -> Check:
    """Check that few pixels are saturated.

    Parameters
    ----------
    check_of : callable
        ``check`` for the recording.
    found : ChannelSaturation
        What was found.
    high_pct : float
        Largest share that passes (%).

    Returns
    -------
    Check
        Passes where the saturation level of the file is unknown, and says so.
    """
    share = found.share_pct
    known = share is not None
    where = {} if found.place is None else {"place": found.place}
    return check_of(
        "saturation",
        share,
        unit="%",
        high=high_pct,
        verdict=within(share, None, high_pct) if known else "pass",
        message=f"{share:.3g} % of the {found.what}." if known else "The saturation level of this file is not known.",
        **where,
    )


def file_checks(check_of: CheckOf, notes: tuple[str, ...]) -> list[Check]:
    """List doubts about a file as checks.

    Parameters
    ----------
    check_of : callable
        ``check`` for the recording.
    notes : tuple of str
        Doubts that the reader noted.

    Returns
    -------
    list of Check
        One warning for each.
    """
    return [
        check_of("file", None, verdict="warn", message=f"{note[:1].upper()}{note[1:]}".rstrip(".") + ".")
        for note in notes
    ]


def acquisition_checks(recorded: pd.DataFrame) -> list[Check]:
    """Compare exposure and gain of each file with those of most files of the same marker.

    Parameters
    ----------
    recorded : data frame
        One row per file and marker: ``recording``, ``animal``, ``place``, ``marker``, ``exposure_ms`` and ``gain``
        (missing where the file states none), and ``control``: name of a control image, which has a check only where it
        differs; empty for a recording.

    Returns
    -------
    list of Check
        One per recording, marker and quantity, where any file of the marker states that quantity.
    """
    checks = []
    for _, own in recorded.groupby("marker", sort=True):
        for column, (name, unit) in ACQUISITION.items():
            stated = pd.to_numeric(own[column], errors="coerce")
            if stated.isna().all():
                continue
            usual = float(stated.mode().iloc[0])
            for row, value in zip(own.to_dict("records"), stated, strict=True):
                is_equal = math.isclose(value, usual, rel_tol=ACQUISITION_TOLERANCE)
                if is_equal and row["control"]:
                    continue
                message = _acquisition_message(name, unit, value, usual)
                checks.append(
                    check(
                        name,
                        value,
                        recording=row["recording"],
                        animal=row["animal"],
                        place=row["place"],
                        unit=unit,
                        low=usual,
                        high=usual,
                        verdict="pass" if is_equal else "warn",
                        message=f"Secondary-only image {row['control']}: {message}" if row["control"] else message,
                    )
                )
    return checks


def _acquisition_message(name: str, unit: str, value: float, usual: float) -> str:
    """What a file states beside what most files of the marker state."""
    most = f"{usual:g} {unit}".strip()
    if math.isnan(value):
        return f"The file does not state the {name}; most files of this marker state {most}."
    if math.isclose(value, usual, rel_tol=ACQUISITION_TOLERANCE):
        return f"{name.capitalize()} {most}, as in most files of this marker."
    return (
        f"{name.capitalize()} {value:g} {unit}".strip() + f"; most files of this marker have {most}. Intensities and "
        "counts are comparable at equal exposure and gain only."
    )
