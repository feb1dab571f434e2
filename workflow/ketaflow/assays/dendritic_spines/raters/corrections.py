"""Corrections by a person, replayed on every run: spines added, dropped, moved and reclassified, in order.

A correction applies to the spine nearest to its place or, where the row gives no place, to the spine of its number.
Places outlive a change of scorer or settings; numbers do not. A spine that was added and is found later remains one
spine. A correction that applies to no spine is reported.
"""

from dataclasses import dataclass, replace

import numpy as np

from ketaflow.assays.dendritic_spines.model import Correction, HumanMark, Origin
from ketaflow.assays.dendritic_spines.raters import constants


@dataclass(frozen=True)
class CorrectedSpine:
    """A spine after corrections.

    Attributes
    ----------
    number : int
        Its number in the image, from 1.
    position_px : tuple of float
        Plane, y, x (pixels); the plane of an added spine is NaN where the row does not give it.
    index : int or None
        Its index among the spines found; None where a person added it.
    origin : {"found", "moved", "added"}
        How it came to be.
    given_class : str or None
        Class that a person gave it.
    """

    number: int
    position_px: tuple[float, float, float]
    index: int | None
    origin: Origin = "found"
    given_class: str | None = None


@dataclass(frozen=True)
class Replayed:
    """Spines after corrections, and the corrections that could not be applied, each with the reason."""

    spines: list[CorrectedSpine]
    failed: list[str]


def replay(rows: list[Correction], positions_px: np.ndarray, pixel_size_um: float, shape: tuple[int, ...]) -> Replayed:
    """Apply corrections to the spines found in an image.

    Parameters
    ----------
    rows : list of Correction
        In the order of their table.
    positions_px : (n, 3) float
        Spines found: plane, y, x (pixels). They are numbered from 1; added spines are numbered on from them.
    pixel_size_um : float
        Size of a pixel (um).
    shape : tuple of int
        Rows and columns of the image.

    Returns
    -------
    Replayed
        Spines after all corrections, in pixels, and the corrections that could not be applied.
    """
    spines = [
        CorrectedSpine(number, (float(z), float(y), float(x)), number - 1)
        for number, (z, y, x) in enumerate(positions_px, start=1)
    ]
    next_number, failed = len(spines) + 1, []
    for row in rows:
        if is_outside(row, shape):
            failed.append(f"{_described(row)}: the image is {shape[1]} x {shape[0]} pixels")
        elif row.action == "add":
            spines = _added(row, spines, next_number, pixel_size_um)
            next_number += 1
        else:
            spine, reason = _meant(row, spines, pixel_size_um)
            if spine is None:
                failed.append(f"{_described(row)}: {reason}")
            else:
                spines = _changed(row, spine, spines)
    return Replayed(spines, failed)


def is_outside(row: Correction | HumanMark, shape: tuple[int, ...]) -> bool:
    """Tell whether a row names a place outside an image of ``shape`` (rows, columns)."""
    return (row.y_px or 0) > shape[0] or (row.x_px or 0) > shape[1]


def _changed(row: Correction, spine: CorrectedSpine, spines: list[CorrectedSpine]) -> list[CorrectedSpine]:
    """Drop, move or reclassify a spine."""
    if row.action == "drop":
        return [other for other in spines if other is not spine]
    if row.action == "reclass":
        changed = replace(spine, given_class=row.spine_class)
    else:
        origin: Origin = "moved" if spine.index is not None else "added"
        changed = replace(spine, position_px=_position(row, otherwise=spine.position_px[0]), origin=origin)
    return [changed if other is spine else other for other in spines]


def _added(row: Correction, spines: list[CorrectedSpine], number: int, pixel_size_um: float) -> list[CorrectedSpine]:
    """Add a spine; where one was found at that place, that one only takes the class."""
    nearest, away_um = _nearest(row, spines, pixel_size_um)
    if nearest is None or away_um > constants.SAME_SPINE_UM:
        return [*spines, CorrectedSpine(number, _position(row, otherwise=np.nan), None, "added", row.spine_class)]
    named = replace(nearest, given_class=row.spine_class or nearest.given_class)
    return [named if other is nearest else other for other in spines]


def _meant(row: Correction, spines: list[CorrectedSpine], pixel_size_um: float) -> tuple[CorrectedSpine | None, str]:
    """Find the spine that a correction applies to, or the reason why there is none."""
    numbered = next((spine for spine in spines if spine.number == row.spine), None)
    if row.action == "move" and row.spine is not None:
        if numbered is None:
            return None, "there is no spine of that number"
        away_um = _nearest(row, [numbered], pixel_size_um)[1]
        if away_um > constants.MAX_MOVE_UM:
            reason = f"spine {row.spine:g} now lies {away_um:.1f} um from this place"
            return None, f"{reason}; spines were renumbered since, give x_px and y_px of the new place"
        return numbered, ""
    if row.x_px is None or row.y_px is None:
        return numbered, "there is no spine of that number"
    nearest, away_um = _nearest(row, spines, pixel_size_um)
    if nearest is not None and away_um <= constants.CLICK_UM:
        return nearest, ""
    where = "there are no spines" if nearest is None else f"the nearest spine lies {away_um:.1f} um away"
    return None, f"{where}, expected one within {constants.CLICK_UM:g} um"


def _nearest(
    row: Correction, spines: list[CorrectedSpine], pixel_size_um: float
) -> tuple[CorrectedSpine | None, float]:
    """Find the spine nearest to a row's place in the plane, and its distance (um)."""
    if not spines:
        return None, np.inf
    _, row_y, row_x = _position(row, otherwise=np.nan)
    away = [np.hypot(spine.position_px[1] - row_y, spine.position_px[2] - row_x) for spine in spines]
    return spines[int(np.argmin(away))], float(min(away)) * pixel_size_um


def _position(row: Correction, *, otherwise: float) -> tuple[float, float, float]:
    """Place of a row (plane, y, x); ``otherwise`` is the plane where the row gives none."""
    if row.x_px is None or row.y_px is None:
        raise ValueError(f"a correction '{row.action}' without a place")
    return (otherwise if row.z_px is None else row.z_px, row.y_px, row.x_px)


def _described(row: Correction) -> str:
    """Describe a row so that it can be found in its table."""
    words = [row.action]
    words += [f"spine {row.spine:g}"] if row.spine is not None else []
    words += [f"{name} {value:g}" for name, value in (("x_px", row.x_px), ("y_px", row.y_px)) if value is not None]
    words += [f"by {row.by}"] if row.by else []
    return ", ".join(words)
