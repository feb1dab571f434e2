"""Patterns over the plate: wells at the edge against the others, and a drift along rows or columns.

Only differences between replicates of one sample are used, since samples differ among each other. A design without
replicates in different rows, columns or distances from the edge shows no pattern.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import stdtr

from ketaflow.assays.elisa.model import Well
from ketaflow.assays.elisa.readers.cells import ROW_LETTERS
from ketaflow.assays.elisa.samples import replicates


@dataclass(frozen=True)
class Pattern:
    """One pattern.

    Attributes
    ----------
    name : str
        ``edge_effect``, ``drift_over_rows`` or ``drift_over_columns``.
    place : str
        Which wells differ from which.
    message : str
        The same in words.
    change_pct : float
        Response at the edge against the inside, or in the last row or column against the first (%).
    probability : float
        Of such a change by chance (t test, two-sided).
    """

    name: str
    place: str
    message: str
    change_pct: float
    probability: float


def patterns(wells: Sequence[Well], response: np.ndarray) -> list[Pattern]:
    """Estimate edge effect and drifts from the replicates of all samples.

    Parameters
    ----------
    wells : sequence of Well
        Wells of the table.
    response : (n_rows, n_columns) float
        Responses of the whole plate.

    Returns
    -------
    list of Pattern
        Those that the replicates can show. With few of them the t test asks for a larger change.

    Notes
    -----
    Least squares of log responses on the three patterns, with a mean for each group of replicates, one at a time.
    """
    n_rows, n_columns = response.shape
    last_row, last = ROW_LETTERS[n_rows - 1], n_columns
    places = {
        "edge_effect": (f"rows A and {last_row}, columns 1 and {last}", "at the edge and inside"),
        "drift_over_rows": (f"row A to {last_row}", f"in row {last_row} and in row A"),
        "drift_over_columns": (f"column 1 to {last}", f"in column {last} and in column 1"),
    }
    groups = [group for group in replicates(wells) if len(group) > 1]
    usable = [group for group in groups if all(np.isfinite(well.response) and well.response > 0 for well in group)]
    if not usable:
        return []
    logs, columns = [], []
    for group in usable:
        values = np.log([well.response for well in group])
        design = np.array(
            [
                [
                    float(well.row in (0, n_rows - 1) or well.column in (0, n_columns - 1)),
                    well.row / (n_rows - 1),
                    well.column / (n_columns - 1),
                ]
                for well in group
            ]
        )
        logs.append(values - values.mean())
        columns.append(design - design.mean(axis=0))
    y, x = np.concatenate(logs), np.concatenate(columns)
    df = len(y) - len(usable) - 1
    made = []
    for number, (name, (place, message)) in enumerate(places.items()):
        spread = float((x[:, number] ** 2).sum())
        if spread < 1e-9 or df < 1:
            continue
        change = float(x[:, number] @ y / spread)
        rest = float(((y - change * x[:, number]) ** 2).sum() / df)
        t = change / np.sqrt(max(rest, np.finfo(float).tiny) / spread)
        made.append(Pattern(name, place, message, float(100 * np.expm1(change)), float(2 * stdtr(df, -abs(t)))))
    return made
