"""Which band of a lane is the protein that was asked for.

In: the rows of a membrane, the ladder's calibration (if any) and the targets shown in one picture. Out: one row each.
With a ladder the row nearest the expected mass; without one as many of the strongest rows as there are targets, given
out from the top by falling mass, or in the order of the table where a mass is unknown.
"""

from dataclasses import dataclass

import numpy as np

from ketaflow.assays.western_blot.bands.band_rows import Row
from ketaflow.assays.western_blot.bands.molecular_weight import Calibration


@dataclass(frozen=True)
class Choice:
    """The row taken for a target (None: no row fits) and how it was chosen, in words."""

    row: Row | None
    how: str


def choose(
    targets: list[dict], rows: list[Row], calibration: Calibration | None, *, tolerance_pct: float
) -> dict[str, Choice]:
    """A row for each target; ``targets`` are dicts with ``target`` and ``kda`` (None where unknown)."""
    chosen: dict[str, Choice] = {}
    by_mass = [target for target in targets if calibration is not None and target["kda"]]
    for target in by_mass:
        chosen[target["target"]] = _nearest_mass(target["kda"], rows, calibration, tolerance_pct)
    taken = [choice.row for choice in chosen.values()]
    others = [target for target in targets if target not in by_mass]
    if all(target["kda"] for target in others):
        others = sorted(others, key=lambda target: -target["kda"])
    free = [row for row in rows if row not in taken][: len(others)]
    how = "strongest row" if len(others) == 1 else "order from the top, by mass or table"
    if len(free) < len(others):
        free, how = [None] * len(others), f"{len(free)} rows of bands for {len(others)} targets: draw boxes"
    for target, row in zip(others, sorted(free, key=lambda row: row.place if row else 0), strict=True):
        chosen[target["target"]] = Choice(row, how)
    return chosen


def _nearest_mass(kda: float, rows: list[Row], calibration: Calibration, tolerance_pct: float) -> Choice:
    """Strong and near: each tolerance away costs e-fold; beyond two of them no row is taken."""
    if not rows:
        return Choice(None, "no row of bands")
    masses = calibration.mass(np.array([row.place for row in rows]))
    away = np.abs(np.log(masses / kda)) / np.log1p(tolerance_pct / 100)
    if not (away <= 2).any():
        return Choice(None, f"no row of bands near {kda:g} kDa")
    worth = np.array([row.strength for row in rows]) * np.exp(-away)
    return Choice(rows[int(np.where(away <= 2, worth, -1).argmax())], "expected mass")
