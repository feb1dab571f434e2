"""Which row of bands belongs to which target.

In: the rows of bands of a membrane, its ladder (if any) and the targets shown in one picture. Out: one row for each
target. With a ladder it is the row nearest the expected mass. Without one, as many of the strongest rows are taken as
there are targets, and assigned from the top by falling mass, or in the order of the table where a mass is unknown.
"""

from dataclasses import dataclass

import numpy as np

from ketaflow.assays.western_blot.bands.band_rows import BandRow
from ketaflow.assays.western_blot.bands.molecular_weight import mass_at
from ketaflow.assays.western_blot.model import Ladder, Target


@dataclass(frozen=True)
class RowChoice:
    """The row of bands taken for a target.

    Attributes
    ----------
    row : BandRow or None
        None where no row fits.
    how : str
        How it was chosen, in words.
    places : (n_lanes,) float or None
        Row of the band in each lane, where a person gave the rows; None where the displacement of the lanes gives it.
    given_by : str
        Who gave the rows; empty if nobody did.
    """

    row: BandRow | None
    how: str
    places: np.ndarray | None = None
    given_by: str = ""


def choose_rows(
    targets: list[Target], rows: list[BandRow], ladder: Ladder | None, *, tolerance_pct: float
) -> dict[str, RowChoice]:
    """Choose a row of bands for each target.

    Parameters
    ----------
    targets : list of Target
        Targets shown in the picture.
    rows : list of BandRow
        Rows of bands, strongest first.
    ladder : Ladder or None
        None where no ladder could be read.
    tolerance_pct : float
        How far from its expected mass a protein may run (%); up to twice this is searched.

    Returns
    -------
    dict of str to RowChoice
        By the name of the target.
    """
    chosen: dict[str, RowChoice] = {}
    others = []
    for target in targets:
        if ladder is not None and target.kda:
            chosen[target.target] = _nearest_mass(target.kda, rows, ladder, tolerance_pct)
        else:
            others.append(target)
    taken = [choice.row for choice in chosen.values()]
    if all(target.kda for target in others):
        others = sorted(others, key=lambda target: -(target.kda or 0.0))
    free = [row for row in rows if row not in taken][: len(others)]
    if len(free) < len(others):
        how = f"{len(free)} rows of bands for {len(others)} targets: draw boxes"
        return chosen | {target.target: RowChoice(None, how) for target in others}
    how = "strongest row" if len(others) == 1 else "order from the top, by mass or table"
    for target, row in zip(others, sorted(free, key=lambda row: row.place), strict=True):
        chosen[target.target] = RowChoice(row, how)
    return chosen


def _nearest_mass(kda: float, rows: list[BandRow], ladder: Ladder, tolerance_pct: float) -> RowChoice:
    """The strongest row near a mass: each tolerance away costs a factor e, and two of them are the limit."""
    if not rows:
        return RowChoice(None, "no row of bands")
    masses = mass_at(ladder, np.array([row.place for row in rows]))
    away = np.abs(np.log(masses / kda)) / np.log1p(tolerance_pct / 100)
    if not (away <= 2).any():
        return RowChoice(None, f"no row of bands near {kda:g} kDa")
    worth = np.array([row.strength for row in rows]) * np.exp(-away)
    return RowChoice(rows[int(np.where(away <= 2, worth, -1).argmax())], "expected mass")
