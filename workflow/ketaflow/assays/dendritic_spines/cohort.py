"""Agreement with people, over the whole cohort: found against each rater, and rater against rater."""

import numpy as np
import pandas as pd

from ketaflow.assays.dendritic_spines.matching import matched

SCORES = "dendritic_spines_human_scores"
COLUMNS = [
    "image", "first", "second", "n_first", "n_second", "n_matched", "precision", "recall", "f1", "count_bias_pct",
    "class_agreement",
]  # fmt: skip


def summarise(
    tables: dict[str, pd.DataFrame], rows: dict[str, pd.DataFrame], *, match_um: float
) -> dict[str, pd.DataFrame]:
    """The table ``agreement``: per image and over all images (image empty), ketaflow and every pair of raters.

    ``first`` is judged against ``second``: precision is the share of the first's spines that the second has too,
    recall the share of the second's that the first has; ``count_bias_pct`` is how many more the first counts.
    """
    people = rows.get(SCORES)
    if people is None or not len(people):
        return {}
    sizes = tables.get("dendrites", pd.DataFrame(columns=["image", "pixel_size_um"]))
    pixel_um = sizes.drop_duplicates("image").set_index("image")["pixel_size_um"].to_dict()
    spines = tables.get("spines", pd.DataFrame(columns=["image", "x_px", "y_px", "class"]))
    found = spines[["image", "x_px", "y_px", "class"]].assign(rater="ketaflow")
    everyone = pd.concat([found, people.reindex(columns=["image", "x_px", "y_px", "class", "rater"])])
    pairs = [
        _pair(image, first, second, of_image, match_um / pixel_um[image])
        for image, of_image in everyone.groupby("image")
        if image in pixel_um and image in set(people["image"])
        for first, second in _pairs_of(people.loc[people["image"].eq(image), "rater"])
    ]
    if not pairs:
        return {}
    each = pd.DataFrame(pairs)
    totals = [_with_rates({"image": None, "first": first, "second": second, **group[COUNTS].sum().to_dict()})
              for (first, second), group in each.groupby(["first", "second"])]  # fmt: skip
    together = pd.DataFrame([_with_rates(pair) for pair in pairs] + totals)
    return {"agreement": together.reindex(columns=COLUMNS)}


COUNTS = ["n_first", "n_second", "n_matched", "n_classed", "n_same_class"]


def _pairs_of(raters: pd.Series) -> list[tuple[str, str]]:
    """Ketaflow against each rater, then each rater against each later one."""
    names = sorted(raters.unique())
    return [("ketaflow", name) for name in names] + [
        (first, second) for number, first in enumerate(names) for second in names[number + 1 :]
    ]


def _pair(image: str, first: str, second: str, of_image: pd.DataFrame, reach_px: float) -> dict:
    one, two = (of_image[of_image["rater"].eq(name)] for name in (first, second))
    left, right = matched(one[["x_px", "y_px"]].to_numpy(float), two[["x_px", "y_px"]].to_numpy(float), reach_px)
    classes = one["class"].to_numpy()[left], two["class"].to_numpy()[right]
    told = pd.notna(classes[0]) & pd.notna(classes[1])
    same = int((classes[0] == classes[1])[told].sum())
    return {
        "image": image, "first": first, "second": second, "n_first": len(one), "n_second": len(two),
        "n_matched": len(left), "n_classed": int(told.sum()), "n_same_class": same,
    }  # fmt: skip


def _with_rates(pair: dict) -> dict:
    first, second, both = pair["n_first"], pair["n_second"], pair["n_matched"]
    return {
        **pair,
        "precision": both / first if first else np.nan,
        "recall": both / second if second else np.nan,
        "f1": 2 * both / (first + second) if first + second else np.nan,
        "count_bias_pct": 100 * (first - second) / second if second else np.nan,
        "class_agreement": pair["n_same_class"] / pair["n_classed"] if pair["n_classed"] else np.nan,
    }
