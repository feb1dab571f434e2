"""After the review: what was computed from a rejected recording is replaced, everything else stays as it was."""

import sys
from pathlib import Path

import pandas as pd

from ketaflow.core.results import MEASUREMENT_COLUMNS, measurement
from ketaflow.engine import revise

sys.path.insert(0, str(Path(__file__).parents[1] / "assays" / "microdialysis"))
from dialysate import DEFAULTS, fraction_row, measure, table, with_concentrations

REJECTED = pd.DataFrame(
    [{"assay": "microdialysis", "recording": "c/5.txt", "animal": "M1", "reviewer": "A.B.", "reason": "bubble"}]
)


def study() -> tuple[pd.DataFrame, dict]:
    """Measurements of a study of one dialysed animal, and of one that swam; what quantify published."""
    rows = [fraction_row(n, -60 + 20 * n, -40 + 20 * n, chromatogram=f"c/{n}.txt") for n in range(9)]
    found = measure(with_concentrations(rows, {"glutamate": [2.0, 2.0, 2.0, 3.0, 3.0, 30.0, 3.0, 3.0, 3.0]}))
    published = {"microdialysis": {"fractions": table(found, "fractions")}}
    swim = measurement("immobility_s", 150.0, animal="M1", recording="M1")
    parts = [
        table(found, "measurements").assign(assay="microdialysis"),
        pd.DataFrame([{**vars(swim), "assay": "forced_swim"}]),
    ]
    return pd.concat(parts, ignore_index=True).reindex(columns=list(MEASUREMENT_COLUMNS)).assign(unit="uM"), published


def revised() -> tuple[pd.DataFrame, pd.DataFrame]:
    before, published = study()
    return before, revise.revised(before, REJECTED, {"microdialysis": DEFAULTS}, published)


def areas(rows: pd.DataFrame) -> list[float]:
    return rows.loc[rows["measure"].eq("auc_pct_min"), "value"].astype(float).round(6).tolist()


def test_what_is_computed_from_all_fractions_is_computed_without_the_rejected_one():
    before, after = revised()
    assert areas(before) == [20 * (5 * 50 + 1400)]
    assert areas(after) == [120 * 50]


def test_every_other_row_stays():
    before, after = revised()
    assert len(before) == len(after)
    assert tuple(after) == MEASUREMENT_COLUMNS
    for kept in ("concentration_um", "immobility_s"):
        one, other = (rows[rows["measure"].eq(kept)].reset_index(drop=True) for rows in (before, after))
        pd.testing.assert_frame_equal(one, other)


def test_rejections_of_an_assay_without_derived_values_change_nothing():
    before, published = study()
    swim = REJECTED.assign(assay="forced_swim", recording="M1")
    assert revise.revised(before, swim, {"forced_swim": {}}, published) is before
