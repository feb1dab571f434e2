"""Agreement with people over the whole cohort: ketaflow with each rater, and raters with each other."""

import numpy as np
import pandas as pd

from ketaflow.assays.dendritic_spines.constants import MACHINE
from ketaflow.assays.dendritic_spines.figures.agreement_figures import agreement_figures
from ketaflow.assays.dendritic_spines.model import HUMAN_SCORES, CohortSettings
from ketaflow.assays.dendritic_spines.raters import agreement
from ketaflow.core.inputs import recording_names
from ketaflow.core.results import Summary, Tables

COLUMNS = [
    "image", "recording", "animal", "first", "second", "images", "n_first", "n_second", "n_matched", "precision",
    "recall", "f1", "count_bias_pct", "length_um", "first_density_per_um", "second_density_per_um", "n_classed",
    "class_agreement", "class_kappa",
]  # fmt: skip
MARK_COLUMNS = ["recording", "x_px", "y_px", "class", "rater"]


def summarise(tables: Tables, cohort: Tables, settings: CohortSettings) -> Summary:
    """Compare the spines found with those that people marked.

    Parameters
    ----------
    tables : mapping of str to data frame
        What ``quantify`` published; ``spines`` and ``dendrites`` are used.
    cohort : mapping of str to data frame
        Tables of the cohort; ``dendritic_spines_human_scores`` is used.
    settings : CohortSettings
        Distance within which two marks are the same spine.

    Returns
    -------
    Summary
        The table ``agreement``, its figures and their ``legends``; empty without human scores. ``agreement`` has one
        row per image and pair, and one per pair over all its images (``image`` empty). ``first`` is compared with
        ``second``; densities are counts divided by the traced length, whoever counted.
    """
    people = cohort.get(HUMAN_SCORES)
    if people is None or people.empty:
        return Summary()
    each = _compared(tables, people, settings.match_um)
    if each.empty:
        return Summary()
    rows = pd.concat([each, _pooled(each)], ignore_index=True)
    rows["class_agreement"] = rows["n_same_class"] / rows["n_classed"].replace(0, np.nan)
    for side in ("first", "second"):
        rows[f"{side}_density_per_um"] = rows[f"n_{side}"] / rows["length_um"].where(rows["length_um"] > 0)
    rows = rows.reindex(columns=COLUMNS)
    figures = agreement_figures(rows[rows["image"].notna()])
    legends = pd.DataFrame([{"figure": figure.title, "legend": figure.caption} for figure in figures])
    return Summary(tables={"agreement": rows, "legends": legends}, figures=figures)


def _pooled(each: pd.DataFrame) -> pd.DataFrame:
    """Pool every pair over its images, with the kappa of all its spines."""
    grouped = each.groupby(["first", "second"], sort=False)
    return agreement.pooled(each).assign(
        image=None,
        class_kappa=[agreement.cohen_kappa(classes) for classes in grouped["classes"].sum()],
        length_um=grouped["length_um"].sum(min_count=1).to_numpy(),
    )


def _compared(tables: Tables, people: pd.DataFrame, match_um: float) -> pd.DataFrame:
    """Compare every pair in every scored image in which a dendrite was found."""
    branches = tables.get("dendrites", pd.DataFrame())
    branches = branches.reindex(columns=["image", "recording", "animal", "pixel_size_um", "length_um"])
    images = branches.groupby("recording").agg(
        {"image": "first", "animal": "first", "pixel_size_um": "first", "length_um": "sum"}
    )
    people = people.assign(recording=recording_names(people, branches))
    found = tables.get("spines", pd.DataFrame()).reindex(columns=MARK_COLUMNS).assign(rater=MACHINE)
    everyone = pd.concat([found, people.reindex(columns=MARK_COLUMNS)])
    scored = everyone[everyone["recording"].isin(set(people["recording"]) & set(images.index))]
    parts = []
    for recording, marks in scored.groupby("recording"):
        raters = sorted(set(marks["rater"]) - {MACHINE})
        pairs = [(MACHINE, name) for name in raters]
        pairs += [(one, two) for number, one in enumerate(raters) for two in raters[number + 1 :]]
        own = images.loc[[recording]].iloc[0]
        counts = agreement.count_matches(marks, pairs, pixel_um=float(own["pixel_size_um"]), match_um=match_um)
        parts.append(counts.assign(
            image=own["image"], recording=recording, animal=own["animal"], images=1, length_um=own["length_um"]
        ))  # fmt: skip
    return agreement.with_rates(pd.concat(parts, ignore_index=True)) if parts else pd.DataFrame()
