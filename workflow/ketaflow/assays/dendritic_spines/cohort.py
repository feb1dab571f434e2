"""Agreement with people, over the whole cohort: found against each rater, and rater against rater."""

import numpy as np
import pandas as pd

from ketaflow.assays.dendritic_spines.figures import agreement_figures
from ketaflow.assays.dendritic_spines.raters import agreement

MAIN, SCORES = "dendritic_spines", "dendritic_spines_human_scores"
MACHINE = "ketaflow"
COLUMNS = [
    "image", "recording", "animal", "first", "second", "images", "n_first", "n_second", "n_matched", "precision",
    "recall", "f1", "count_bias_pct", "length_um", "first_density_per_um", "second_density_per_um",
    "n_classed", "class_agreement", "class_kappa",
]  # fmt: skip


def summarise(
    tables: dict[str, pd.DataFrame], rows: dict[str, pd.DataFrame], *, match_um: float
) -> dict[str, pd.DataFrame | list]:
    """The table ``agreement``, and its figures with their legends.

    One row per image and pair, and one per pair over all its images (``image`` empty). ``first`` is judged against
    ``second``; densities are counts by the length that was traced, whoever counted.
    """
    people = rows.get(SCORES)
    if people is None or not len(people):
        return {}
    each = _each(tables, people, match_um)
    if not len(each):
        return {}
    together = agreement.pooled(each)
    classes = each.groupby(["first", "second"], sort=False)["classes"].sum()
    together["class_kappa"] = [agreement.cohen_kappa(named) for named in classes]
    lengths = each.groupby(["first", "second"], sort=False)["length_um"].sum(min_count=1)
    told = pd.concat([each, together.assign(image=None, length_um=lengths.to_numpy())], ignore_index=True)
    told["class_agreement"] = told["n_same_class"] / told["n_classed"].replace(0, np.nan)
    for side in ("first", "second"):
        told[f"{side}_density_per_um"] = told[f"n_{side}"] / told["length_um"].where(told["length_um"] > 0)
    told = told.reindex(columns=COLUMNS)
    drawn = agreement_figures.agreement_figures(told[told["image"].notna()], MACHINE)
    legends = pd.DataFrame([{"figure": figure.title, "legend": figure.caption} for figure in drawn])
    return {"agreement": told, "figures": drawn, "legends": legends}


def _each(tables: dict[str, pd.DataFrame], people: pd.DataFrame, match_um: float) -> pd.DataFrame:
    """Every pair of every scored image in which a dendrite was found."""
    dendrites = tables.get("dendrites", pd.DataFrame())
    dendrites = dendrites.reindex(columns=["image", "animal", "pixel_size_um", "length_um"])
    first = {"animal": "first", "pixel_size_um": "first"}
    facts = dendrites.groupby("image").agg({**first, "length_um": "sum"}).to_dict("index")
    columns = ["image", "x_px", "y_px", "class", "rater"]
    found = tables.get("spines", pd.DataFrame(columns=columns)).assign(rater=MACHINE)
    everyone = pd.concat([found.reindex(columns=columns), people.reindex(columns=columns)])
    scored = everyone[everyone["image"].isin(set(people["image"]) & set(facts))]
    made = []
    for image, marks in scored.groupby("image"):
        raters = sorted(set(marks["rater"]) - {MACHINE})
        who = [(MACHINE, name) for name in raters]
        who += [(one, two) for number, one in enumerate(raters) for two in raters[number + 1 :]]
        for pair in agreement.count_matches(marks, who, facts[image]["pixel_size_um"], match_um):
            known = {"image": image, "recording": image, "animal": facts[image]["animal"], "images": 1}
            made.append({**known, "length_um": facts[image]["length_um"], **agreement.with_rates(pair)})
    return pd.DataFrame(made)
