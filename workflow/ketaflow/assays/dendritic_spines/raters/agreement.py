"""Agreement of two raters of the same images: on places, on counts and on classes. ketaflow is one of the raters."""

import numpy as np
import pandas as pd

from ketaflow.assays.dendritic_spines.raters.matching import match_points

COUNTS = ["n_first", "n_second", "n_matched", "n_classed", "n_same_class"]
Pair = tuple[str, str]


def count_matches(marks: pd.DataFrame, pairs: list[Pair], *, pixel_um: float, match_um: float) -> pd.DataFrame:
    """Count the spines that two raters have in common in one image.

    Parameters
    ----------
    marks : data frame
        One row per mark: ``rater``, ``x_px``, ``y_px`` (pixels) and ``class`` (missing where none was given).
    pairs : list of (str, str)
        Names of the raters that are compared.
    pixel_um : float
        Size of a pixel (um).
    match_um : float
        Marks no farther apart than this are the same spine (um); each is matched once.

    Returns
    -------
    data frame
        One row per pair: ``first``, ``second``, ``n_first``, ``n_second``, ``n_matched``, ``n_classed`` (matched, and
        both gave a class), ``n_same_class``, and ``classes``, the list of both classes of these spines.
    """
    rows = []
    for first, second in pairs:
        one, two = (marks[marks["rater"].eq(name)] for name in (first, second))
        places_um = [own[["x_px", "y_px"]].to_numpy(float) * pixel_um for own in (one, two)]
        left, right = match_points(places_um[0], places_um[1], match_um)
        named = zip(one["class"].to_numpy()[left], two["class"].to_numpy()[right], strict=True)
        classes = [(mine, theirs) for mine, theirs in named if pd.notna(mine) and pd.notna(theirs)]
        same = sum(mine == theirs for mine, theirs in classes)
        rows.append((first, second, len(one), len(two), len(left), len(classes), same, classes))
    return pd.DataFrame(rows, columns=["first", "second", *COUNTS, "classes"])


def with_rates(counts: pd.DataFrame) -> pd.DataFrame:
    """Add the rates that follow from counts.

    Parameters
    ----------
    counts : data frame
        See ``count_matches``.

    Returns
    -------
    data frame
        With the columns ``precision`` (share of the first's spines that the second has too), ``recall`` (share of the
        second's that the first has), ``f1`` and ``count_bias_pct`` (excess of the first's count). NaN where undefined.
    """
    first, second, both = (counts[name].astype(float) for name in ("n_first", "n_second", "n_matched"))
    return counts.assign(
        precision=both / first.where(first > 0),
        recall=both / second.where(second > 0),
        f1=2 * both / (first + second).where(first + second > 0),
        count_bias_pct=100 * (first - second) / second.where(second > 0),
    )


def pooled(each: pd.DataFrame) -> pd.DataFrame:
    """Pool every pair over all its images.

    Parameters
    ----------
    each : data frame
        Counts of each image and pair.

    Returns
    -------
    data frame
        One row per pair: ``first``, ``second``, number of ``images``, sums of the counts, rates of the sums.
    """
    grouped = each.groupby(["first", "second"], sort=False)
    summed = grouped[COUNTS].sum().reset_index()
    summed.insert(2, "images", grouped.size().to_numpy())
    return with_rates(summed)


def cohen_kappa(classes: list[Pair]) -> float:
    """Agreement on class beyond chance.

    Parameters
    ----------
    classes : list of (str, str)
        The classes that two raters gave the same spines.

    Returns
    -------
    float
        Cohen's kappa [1]_; NaN without spines, or where chance alone would agree on all.

    References
    ----------
    .. [1] Cohen (1960), Educational and Psychological Measurement 20:37, doi:10.1177/001316446002000104
    """
    if not classes:
        return np.nan
    first, second = zip(*classes, strict=True)
    names = sorted({*first, *second})
    counts = pd.crosstab(pd.Categorical(first, names), pd.Categorical(second, names), dropna=False).to_numpy(float)
    share = counts / counts.sum()
    by_chance = float(share.sum(1) @ share.sum(0))
    return (float(np.trace(share)) - by_chance) / (1 - by_chance) if by_chance < 1 else np.nan
