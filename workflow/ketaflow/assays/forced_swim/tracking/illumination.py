"""Brightness of places without animals, by which flicker and slow changes of the light are taken out."""

from dataclasses import dataclass

import numpy as np

from ketaflow.assays.forced_swim.tracking.scene import Cylinder

# The light is read in so many bands and at most so many pixels of each: a camera's noise of a few grey levels then
# moves a band's light by less than a fifth of a percent.
BANDS, BAND_PX = 6, 250


@dataclass
class ReferenceLight:
    """Brightness of places without animals, in bands from top to bottom: the reference that takes out lamp flicker."""

    rows: np.ndarray
    columns: np.ndarray
    starts: np.ndarray
    expected: np.ndarray
    centres: np.ndarray

    def gains(self, picture: np.ndarray) -> np.ndarray:
        """Light of each band relative to the background's."""
        seen = picture[self.rows, self.columns].astype(np.float32)
        return np.add.reduceat(seen, self.starts) / self.expected


def reference_light(background: np.ndarray, changes: np.ndarray, cylinders: list[Cylinder]) -> ReferenceLight:
    """Choose quiet, well-lit pixels outside the cylinders (inside, where none is left), a few hundred in each band."""
    height, width = background.shape
    quiet = (changes <= np.percentile(changes, 70)) & (background > 25) & (background < 250)
    for cylinder in cylinders:
        outside = quiet.copy()
        outside[int(cylinder.top) : int(cylinder.bottom), int(cylinder.left) - 2 : int(cylinder.right) + 3] = False
        quiet = outside if outside.mean() > 0.03 else quiet
    rows, columns = [], []
    for band in np.array_split(np.arange(height), BANDS):
        ys, xs = np.nonzero(quiet[band[0] : band[-1] + 1])
        picked = np.linspace(0, len(ys) - 1, min(len(ys), BAND_PX)).astype(int)
        if len(ys) >= 30:
            rows.append(ys[picked] + band[0])
            columns.append(xs[picked])
    if not rows:
        rows, columns = [np.arange(0, height, 4)], [np.full(len(range(0, height, 4)), width // 2)]
    starts = np.cumsum([0, *(len(part) for part in rows[:-1])])
    all_rows, all_columns = np.concatenate(rows), np.concatenate(columns)
    expected = np.add.reduceat(background[all_rows, all_columns], starts)
    return ReferenceLight(all_rows, all_columns, starts, expected, np.array([part.mean() for part in rows]))
