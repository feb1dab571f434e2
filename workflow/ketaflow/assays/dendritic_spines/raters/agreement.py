"""How far two who looked for spines in the same images agree: on places, on counts, on classes."""

import numpy as np
import pandas as pd

from ketaflow.assays.dendritic_spines.raters.matching import match_points

COUNTS = ["n_first", "n_second", "n_matched", "n_classed", "n_same_class"]


def count_matches(marks: pd.DataFrame, who: list[tuple[str, str]], pixel_um: float, match_um: float) -> list[dict]:
    """Counts for each pair of raters in one image.

    ``marks`` has ``rater``, ``x_px``, ``y_px`` and ``class`` (missing where none was given); ``classes`` of the result
    lists the two classes of every spine that both have seen and named.
    """
    told = []
    for first, second in who:
        one, two = (marks[marks["rater"].eq(name)] for name in (first, second))
        places = [of_one[["x_px", "y_px"]].to_numpy(float) * pixel_um for of_one in (one, two)]
        left, right = match_points(*places, match_um)
        named = zip(one["class"].to_numpy()[left], two["class"].to_numpy()[right], strict=True)
        both = [(mine, theirs) for mine, theirs in named if pd.notna(mine) and pd.notna(theirs)]
        told.append({
            "first": first, "second": second, "n_first": len(one), "n_second": len(two), "n_matched": len(left),
            "n_classed": len(both), "n_same_class": sum(mine == theirs for mine, theirs in both), "classes": both,
        })  # fmt: skip
    return told


def with_rates(counts: dict) -> dict:
    """The counts of a pair, with what follows from them; undefined ones are NaN.

    The first is judged by the second: precision is the share of the first's spines that the second has too, recall
    the share of the second's that the first has; ``count_bias_pct`` is how many more the first counts.
    """
    first, second, both = counts["n_first"], counts["n_second"], counts["n_matched"]
    return {
        **counts,
        "precision": both / first if first else np.nan,
        "recall": both / second if second else np.nan,
        "f1": 2 * both / (first + second) if first + second else np.nan,
        "count_bias_pct": 100 * (first - second) / second if second else np.nan,
    }


def pooled(each: pd.DataFrame) -> pd.DataFrame:
    """Every pair over all its images: counts added up, rates of the sums."""
    grouped = each.groupby(["first", "second"], sort=False)
    summed = grouped[COUNTS].sum().reset_index()
    summed.insert(2, "images", grouped.size().to_numpy())
    return pd.DataFrame([with_rates(row) for row in summed.to_dict("records")])


def cohen_kappa(classes: list[tuple[str, str]]) -> float:
    """Agreement on class beyond chance: Cohen's kappa; NaN where chance alone would agree on all.

    Cohen 1960, Educational and Psychological Measurement 20:37, doi:10.1177/001316446002000104
    """
    if not classes:
        return np.nan
    first, second = zip(*classes, strict=True)
    names = sorted({*first, *second})
    table = pd.crosstab(pd.Categorical(first, names), pd.Categorical(second, names), dropna=False).to_numpy(float)
    table = table / table.sum()
    by_chance = float(table.sum(1) @ table.sum(0))
    return (float(np.trace(table)) - by_chance) / (1 - by_chance) if by_chance < 1 else np.nan
