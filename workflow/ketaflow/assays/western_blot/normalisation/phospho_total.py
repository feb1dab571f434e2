"""Phosphorylated over total protein where the two stand on parallel membranes, loaded with the same samples.

In: the measurements and the table ``targets`` of the whole cohort. Out: ratios by animal, and what was divided by what.
Nothing cancels from one membrane to the other, so each side is its membrane's normalised density (its own loading, its
own reference) before the animal's values are divided. Totals of the same membrane go first; they are divided lane by
lane where they are measured.
"""

import numpy as np
import pandas as pd

from ketaflow.assays.western_blot.normalisation.normalise import geometric_mean
from ketaflow.core.measures import check, measurement

RATIO, DENSITY = "phospho_to_total_ratio", "normalised_density"


def ratios(measured: pd.DataFrame, targets: pd.DataFrame, images: pd.DataFrame) -> tuple[list[dict], list[dict]]:
    """Measurements and checks of every phosphorylated protein whose total stands on another membrane."""
    made, told = [], []
    for own in targets[targets["role"].eq("phospho")].itertuples():
        mine = measured["recording"].eq(own.image) & measured["analyte"].eq(own.target)
        if (mine & measured["measure"].eq(RATIO)).any():
            continue
        asked = _asked(images, own)
        if asked is None:
            continue
        total, why = _total(targets, measured, own, *asked)
        if total is None:
            told.append(check("total_found", None, recording=own.image, place=own.target, verdict="warn", message=why))
            continue
        made += _rows(measured, own, total)
        message = (
            f"{own.target} is divided by {total.target} of a parallel membrane, each over its own loading first; lane "
            "by lane on one membrane is more exact"
        )
        told.append(
            check("parallel_membranes", 1, recording=own.image, place=own.target, verdict="pass", message=message)
        )
    return made, told


def _asked(images: pd.DataFrame, own: object) -> tuple[str, str | None] | None:
    """The total and its membrane as the cohort's table names them; None where it names no total."""
    rows = images[images["image"].eq(own.image) & images["target"].eq(own.target) & images["membrane"].eq(own.membrane)]
    row = rows.iloc[0] if len(rows) else {}
    total, membrane = row.get("total_target"), row.get("total_membrane")
    return None if pd.isna(total) else (total, None if pd.isna(membrane) else membrane)


def _total(
    targets: pd.DataFrame, measured: pd.DataFrame, own: object, name: str, membrane: str | None
) -> tuple[object | None, str]:
    """The one picture of another membrane that shows the total of the same animals, or None and why there is none."""
    shown = targets[targets["target"].eq(name) & targets["role"].isin(["total", "target"])]
    shown = shown[shown["membrane"].eq(membrane)] if membrane else shown[shown["membrane"].ne(own.membrane)]
    animals = _densities(measured, own).index
    shared = [len(animals.intersection(_densities(measured, row).index)) for row in shown.itertuples()]
    fitting = shown[np.array(shared, int) >= max(2, 0.5 * len(animals))] if len(shown) else shown
    repeats = fitting[fitting["repeat"].eq(own.repeat)]
    fitting = repeats if len(repeats) else fitting
    if len(fitting) == 1:
        return next(fitting.itertuples()), ""
    if fitting.empty:
        return None, f"no other membrane shows {name} of the animals of {own.target}: no ratio"
    found = ", ".join(sorted(set(fitting["membrane"])))
    return None, f"{name} stands on several membranes ({found}): name one in the column total_membrane"


def _densities(measured: pd.DataFrame, target: object) -> pd.DataFrame:
    """Normalised densities of one target of one picture and membrane, by animal."""
    sample = f"{target.membrane}_{target.repeat}" if target.repeat else target.membrane
    same = measured["recording"].eq(target.image) & measured["analyte"].eq(target.target)
    rows = measured[same & measured["measure"].eq(DENSITY) & measured["sample"].eq(sample)]
    return rows.drop_duplicates("animal").set_index("animal")


def _rows(measured: pd.DataFrame, own: object, total: object) -> list[dict]:
    """The ratio of each animal of the phosphorylated protein's membrane."""
    above, below = _densities(measured, own), _densities(measured, total)
    ratio = above["value"].astype(float) / below["value"].astype(float).reindex(above.index)
    if not own.reference == total.reference == "pool":
        ratio = ratio / geometric_mean(ratio.to_numpy(float))
    made = []
    for animal, row in above.iterrows():
        other = below.loc[animal] if animal in below.index else None
        under = f"total: no lane on membrane {total.membrane}" if other is None else _said("total: ", other["reason"])
        words = "; ".join(filter(None, [_said("", row["reason"]), under]))
        value = float(ratio[animal])
        known = np.isfinite(value)
        made.append(
            measurement(
                RATIO, value if known else None, unit="ratio", animal=animal, recording=own.image,
                status="flagged" if known and words else None, reason=words or ("" if known else "no value to divide"),
                analyte=own.target, region=row["region"], sample=row["sample"],
                n=int(min(row["n"], other["n"])) if other is not None else 0,
            )
        )  # fmt: skip
    return made


def _said(before: str, reason: object) -> str:
    return f"{before}{reason}" if isinstance(reason, str) and reason else ""
