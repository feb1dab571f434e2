"""Corrections by a person, replayed on every run: cells added and dropped, in order.

A correction names a place in the image, not the number of a cell: places outlive a change of settings. A correction
that changes nothing is reported.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from ketaflow.assays.stained_cells.detection.cells import Objects
from ketaflow.assays.stained_cells.model import Correction


@dataclass(frozen=True)
class Corrected:
    """Cells after corrections.

    Attributes
    ----------
    cells : data frame
        The columns given, and ``origin`` (found or added). A cell that was added where there is no object has the
        label 0 and no measures.
    dropped : int
        Cells that were dropped.
    unmatched : int
        Corrections that changed nothing.
    """

    cells: pd.DataFrame
    dropped: int
    unmatched: int


def apply(
    rows: Sequence[Correction], cells: pd.DataFrame, objects: Objects, roi: np.ndarray, scale_px: float
) -> Corrected:
    """Apply corrections to the cells of a field.

    Parameters
    ----------
    rows : sequence of Correction
        In the order of their table.
    cells : data frame
        Rows of the objects that are counted.
    objects : Objects
        All objects.
    roi : (rows, columns) bool ndarray
        The region of interest; corrections outside it change nothing.
    scale_px : float
        Pixels of the image along the side of a pixel of ``roi``.

    Returns
    -------
    Corrected
        The cells after all corrections, and how many corrections dropped a cell or changed nothing.
    """
    kept = cells.assign(origin="found")
    dropped = unmatched = 0
    for row in rows:
        y, x = ((place + 0.5) / scale_px - 0.5 for place in (row.y_px, row.x_px))
        label = _label_at(objects.labels, roi, y, x)
        if label is None:
            unmatched += 1
            continue
        is_cell = label > 0 and kept["label"].eq(label).any()
        if row.action == "drop" and is_cell:
            kept, dropped = kept[kept["label"].ne(label)], dropped + 1
        elif row.action == "add" and not is_cell:
            own = objects.table[objects.table["label"].eq(label)]
            one = own if label else pd.DataFrame({"label": [0], "y": [y], "x": [x]})
            kept = pd.concat([kept, one.assign(origin="added")], ignore_index=True)
        else:
            unmatched += 1
    return Corrected(kept, dropped, unmatched)


def _label_at(labels: np.ndarray, roi: np.ndarray, y: float, x: float) -> int | None:
    """The object at a place, 0 if there is none; None outside the region of interest."""
    row, column = round(y), round(x)
    if not (0 <= row < labels.shape[0] and 0 <= column < labels.shape[1] and roi[row, column]):
        return None
    return int(labels[row, column])
