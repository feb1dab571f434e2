"""Correlations between endpoints across animals."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import pandas as pd

from ketaflow.core import svg
from ketaflow.core.svg import SOFT, Canvas
from ketaflow.report import formatting
from ketaflow.report.endpoints import Endpoint

# Lengths in pixels.
CELL_PX = 46.0
LABEL_PX = 290.0
TOP_PX = 12.0
RIGHT_PX = 12.0
FOOT_PX = 34.0
TITLE_LETTERS = 40
TITLE_LINES = 2
LINE_PX = 14.0
# Opacity of a cell with a correlation of 1.
FULL_OPACITY = 0.62
# Differences below this share of the largest value are rounding: an endpoint constant within arms has no correlation.
ROUNDING = 1e-9


@dataclass(frozen=True)
class Correlations:
    """Pearson correlations of every pair of endpoints.

    Attributes
    ----------
    pooled, within : (n_endpoints, n_endpoints) data frame
        Over all animals, and within arms; NaN where too few animals have both.
    n_animals : (n_endpoints, n_endpoints) data frame
        Animals that have both.
    """

    pooled: pd.DataFrame
    within: pd.DataFrame
    n_animals: pd.DataFrame

    @property
    def has_any(self) -> bool:
        """Whether any pair has a correlation."""
        is_pair = ~np.eye(len(self.pooled), dtype=bool)
        return bool(self.pooled.notna().to_numpy()[is_pair].any())


def per_animal(endpoints: Sequence[Endpoint]) -> pd.DataFrame:
    """Return one value per animal and endpoint.

    Parameters
    ----------
    endpoints : sequence of Endpoint
        Those in which an animal has more than one arm (crossover) are left out.

    Returns
    -------
    (n_animals, n_endpoints) data frame
        Mean of the animal's values; NaN if it has none.
    """
    columns = {}
    for endpoint in endpoints:
        table = endpoint.counted_animals
        if len(table) and table["animal"].is_unique:
            columns[endpoint.name] = table.set_index("animal")["value"]
    return pd.DataFrame(columns)


def correlations(values: pd.DataFrame, arm_of: pd.Series, *, min_animals: int) -> Correlations:
    """Correlate every pair of endpoints.

    Within arms, the mean of the arm among the animals that have both values is subtracted from each value. What
    remains is how the two vary together apart from the effect of the dose.

    Parameters
    ----------
    values : (n_animals, n_endpoints) data frame
        As from ``per_animal``.
    arm_of : (n_animals,) series
        Arm of each animal, by animal.
    min_animals : int
        Fewest animals with both values; within arms, plus the number of arms.

    Returns
    -------
    Correlations
        Pearson's r over all animals and within arms, each (n_endpoints, n_endpoints); NaN for a pair with too few
        animals or a constant endpoint.
    """
    known = values.notna().to_numpy().astype(int)
    n_animals = pd.DataFrame(known.T @ known, index=values.columns, columns=values.columns)
    within = np.full(n_animals.shape, np.nan)
    arms, apart = arm_of.reindex(values.index), dict[tuple[int, bytes], pd.Series]()
    for j, i in combinations(range(len(within)), 2):
        has_both = known[:, i] & known[:, j] > 0
        arm = arms[has_both]
        if len(arm) < min_animals + arm.nunique():
            continue
        # Most pairs are known of the same animals, so that a column is taken apart once.
        animals = has_both.tobytes()
        for place in (i, j):
            if (place, animals) not in apart:
                apart[place, animals] = _within_arms(values.iloc[has_both, place], arm)
        residuals = pd.concat([apart[i, animals], apart[j, animals]], axis=1)
        if residuals.notna().any().all():
            within[i, j] = within[j, i] = residuals.corr().iloc[0, 1]
    table = pd.DataFrame(within, index=values.columns, columns=values.columns)
    return Correlations(values.corr(min_periods=min_animals), table, n_animals)


def _within_arms(column: pd.Series, arm: pd.Series) -> pd.Series:
    """Differences of values from the mean of their arm; NaN throughout if they are constant within arms."""
    residuals = column - column.groupby(arm).transform("mean")
    return residuals if residuals.abs().max() > ROUNDING * column.abs().max() else residuals * np.nan


def matrix(titles: Sequence[str], found: Correlations) -> str:
    """Draw correlations as a square.

    Parameters
    ----------
    titles : (n_endpoints,) sequence of str
        Titles of the endpoints.
    found : Correlations
        In the same order.

    Returns
    -------
    str
        The figure as SVG: all animals below the diagonal, within arms above it.
    """
    shown = halves(found)
    size_px = len(titles) * CELL_PX
    canvas = Canvas(LABEL_PX + size_px + RIGHT_PX, TOP_PX + size_px + FOOT_PX)
    for i, title in enumerate(titles):
        _draw_title(canvas, i, title, below_px=TOP_PX + size_px + 17)
        for j in range(len(titles)):
            if i == j:
                canvas.rectangle(*_corner(i, j), CELL_PX - 2, CELL_PX - 2, "var(--sunken)")
                continue
            _draw_cell(canvas, i, j, float(shown[i, j]))
    middle = CELL_PX / 2
    canvas.texts(
        [
            (_corner(i, j)[0] - 1 + middle, _corner(i, j)[1] + 3 + middle, formatting.fixed(shown[i, j], 2))
            for i, j in np.argwhere(np.isfinite(shown)).tolist()
        ],
        anchor="middle",
    )
    return canvas.svg(
        "Correlations between endpoints across animals: all animals below the diagonal, within arms above"
    )


def halves(found: Correlations) -> np.ndarray:
    """Return the correlations as they are shown.

    Parameters
    ----------
    found : Correlations
        Of all pairs.

    Returns
    -------
    (n_endpoints, n_endpoints) float
        Over all animals below the diagonal, within arms above it; NaN on the diagonal and where there is none.
    """
    shown = np.where(np.triu(np.ones(found.pooled.shape, dtype=bool)), found.within, found.pooled)
    np.fill_diagonal(shown, np.nan)
    return shown


def pairs(titles: Sequence[str], found: Correlations) -> pd.DataFrame:
    """List correlations by pair.

    Parameters
    ----------
    titles : (n_endpoints,) sequence of str
        Titles of the endpoints.
    found : Correlations
        In the same order.

    Returns
    -------
    data frame
        ``one``, ``other``, ``n`` (animals with both), ``r`` (all animals), ``within`` (within arms); pairs without
        common animals are left out.
    """
    rows = [
        (titles[i], titles[j], found.n_animals.iloc[i, j], found.pooled.iloc[i, j], found.within.iloc[i, j])
        for i in range(len(titles))
        for j in range(i)
        if found.n_animals.iloc[i, j]
    ]
    return pd.DataFrame(rows, columns=["one", "other", "n", "r", "within"])


def _corner(i: int, j: int) -> tuple[float, float]:
    """Upper left corner of the cell in row ``i`` and column ``j``."""
    return LABEL_PX + j * CELL_PX + 1, TOP_PX + i * CELL_PX + 1


def _draw_title(canvas: Canvas, i: int, title: str, *, below_px: float) -> None:
    """Draw title and number of a row, and the number of the column with the same endpoint."""
    middle = TOP_PX + (i + 0.5) * CELL_PX + 4
    lines = svg.wrapped(title, TITLE_LETTERS, TITLE_LINES)
    for place, line in enumerate(lines):
        y = middle + LINE_PX * place - LINE_PX / 2 * (len(lines) - 1)
        canvas.text(LABEL_PX - 28, y, line, anchor="end")
    canvas.text(LABEL_PX - 10, middle, str(i + 1), anchor="middle", fill=SOFT)
    canvas.text(LABEL_PX + (i + 0.5) * CELL_PX, below_px, str(i + 1), anchor="middle", fill=SOFT)


def _draw_cell(canvas: Canvas, i: int, j: int, value: float) -> None:
    x, y = _corner(i, j)
    if not np.isfinite(value):
        canvas.rectangle(x, y, CELL_PX - 2, CELL_PX - 2, "none")
        return
    fill, opacity = "var(--positive)" if value > 0 else "var(--negative)", FULL_OPACITY * abs(value)
    canvas.rectangle(x, y, CELL_PX - 2, CELL_PX - 2, fill, opacity=opacity)
