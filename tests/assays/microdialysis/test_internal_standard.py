"""An internal standard takes out what befell the whole injection; where it is missing there is no number."""

import sys
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parent))
from dialysate import Animal, fraction_row, fractions, measure, table, values

from ketaflow.assays.microdialysis.cohort_rows import StandardRow
from ketaflow.assays.microdialysis.model import Chromatogram, Dialysate, VendorPeak
from ketaflow.core.errors import IngestError

TRUTH_UM = [1.0, 1.0, 1.0, 1.0, 1.5, 2.0, 1.6, 1.3, 1.1]
LEVELS_UM = (0.5, 1.0, 2.0, 4.0)
ROWS = [fraction_row(n, -80 + 20 * n, -60 + 20 * n, chromatogram=f"f{n}.csv") for n in range(len(TRUTH_UM))]


def results(areas: dict[str, float]) -> Chromatogram:
    peaks = [VendorPeak(name, 3.0, area=area) for name, area in areas.items()]
    return Chromatogram(np.empty(0), np.empty(0), "counts", vendor_peaks=peaks)


def animal(recovered: list[float], internals: dict[str, str] | None = None, without: int | None = None) -> Animal:
    """Result tables of an animal: ``recovered`` is what an injection brought of both analyte and standard."""
    traces = {}
    for level in LEVELS_UM:
        traces[f"s{level}.csv"] = results(
            {"glutamate": 900 * level, "gaba": 400 * level, "d5-glu": 5000, "d6-gaba": 700}
        )
    for index, (value, share) in enumerate(zip(TRUTH_UM, recovered, strict=True)):
        areas = {"glutamate": 900 * value * share, "gaba": 400 * value, "d5-glu": 5000 * share, "d6-gaba": 700}
        if index == without:
            del areas["d5-glu"]
        traces[f"f{index}.csv"] = results(areas)
    standards = [
        StandardRow(f"s{level}.csv", name, level, None, (internals or {}).get(name))
        for level in LEVELS_UM
        for name in ("glutamate", "gaba", "d5-glu", "d6-gaba")
    ]
    return Animal(Dialysate("M1", fractions(ROWS), standards, traces))


LOSSES = [1.0, 0.7, 1.2, 0.9, 1.0, 0.5, 1.1, 0.8, 1.0]


def test_without_it_losses_are_taken_for_changes():
    found = values(measure(animal(LOSSES)), "concentration_um")
    np.testing.assert_allclose(found, np.array(TRUTH_UM) * LOSSES, rtol=1e-6)


def test_with_it_losses_leave_no_trace():
    found = measure(animal(LOSSES), internal_standard="d5-glu")
    np.testing.assert_allclose(values(found, "concentration_um"), TRUTH_UM, rtol=1e-6)


def test_each_analyte_may_have_its_own():
    own = {"glutamate": "d5-glu", "gaba": "d6-gaba"}
    found = measure(animal(LOSSES, own))
    for analyte in ("glutamate", "gaba"):
        np.testing.assert_allclose(values(found, "concentration_um", analyte), TRUTH_UM, rtol=1e-6)
    assert {line.analyte for line in found.calibration} == {"glutamate", "gaba"}, "a standard is not calibrated itself"


def test_an_injection_without_it_has_no_number_and_says_why():
    found = table(measure(animal(LOSSES, {"glutamate": "d5-glu"}, without=5)), "measurements")
    own = found[found["measure"].eq("concentration_um") & found["analyte"].eq("glutamate")]
    assert own["value"].isna().tolist() == [index == 5 for index in range(9)]
    assert own["reason"].iloc[5] == "no peak of its internal standard d5-glu"


def test_one_that_no_standard_holds_stops_the_animal_in_words():
    with pytest.raises(IngestError, match="'d5-glutamate' of glutamate is in no row of microdialysis_standards"):
        measure(animal(LOSSES), internal_standard="d5-glutamate")
