"""One value per animal over all plates, controls between plates, and values after a rejection."""

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

sys.path.insert(0, str(Path(__file__).parent))
from drawn_plates import DEFAULTS, Kit, Layout, plate, responses, settings, standards_down

from ketaflow.assays.elisa.cohort import summarise
from ketaflow.assays.elisa.model import AnimalResult, CohortSettings, SampleResult
from ketaflow.assays.elisa.quantify import quantify
from ketaflow.assays.elisa.revise import revise
from ketaflow.core.inputs import build
from ketaflow.core.results import Measurement, frame, measurement

OWN = build(CohortSettings, DEFAULTS["cohort"])


def measured(name: str, in_well: dict[str, tuple[float, float]], control: float = 100.0):
    """A plate of animals (concentration in the well, dilution) and one control, without noise."""
    kit, layout = Kit(), Layout()
    standards_down(kit, layout)
    for row, (animal, (x, dilution)) in zip("ABCDEF", in_well.items(), strict=False):
        layout.put((f"{row}5", f"{row}6"), "animal", x, animal=animal, matrix="plasma", dilution_factor=dilution)
    layout.put(("G11", "G12"), "control", control, concentration_pg_per_ml=100.0, control="low")
    values = responses(kit, layout, np.random.default_rng(0), noise=0)
    return quantify(replace(plate(layout, values), name=name), settings())


def tables(*plates, failed: tuple[str, ...] = ()) -> dict[str, pd.DataFrame]:
    empty = [
        measurement("concentration_pg_per_ml", None, animal=None, recording=name, reason="no file") for name in failed
    ]
    return {
        "animals": frame([row for one in plates for row in one.animals], AnimalResult),
        "samples": frame([row for one in plates for row in one.samples], SampleResult),
        "measurements": frame(empty, Measurement),
    }


def wells(*rows: tuple[str, str, str]) -> dict[str, pd.DataFrame]:
    made = pd.DataFrame(rows, columns=["plate", "well", "animal"]).assign(
        sample="animal", analyte="BDNF", matrix="plasma"
    )
    return {"elisa_wells": made}


def by_animal(found):
    return {one.animal: one for one in found}


def test_an_animal_measured_again_at_a_higher_dilution_has_one_value():
    first = measured("P1", {"M01": (4000, 1.0), "M02": (200, 1.0)})
    again = measured("P2", {"M01": (400, 10.0)})
    found = summarise(tables(first, again), wells(), OWN).measurements
    assert [one.animal for one in found] == ["M01", "M02"]
    one = by_animal(found)["M01"]
    assert (one.recording, one.n, one.status, one.region, one.analyte) == ("P2", 2, "ok", "plasma", "BDNF")
    assert one.value == pytest.approx(4000, rel=1e-3)


def test_two_plates_with_a_value_are_averaged():
    found = summarise(tables(measured("P1", {"M01": (200, 1.0)}), measured("P2", {"M01": (220, 1.0)})), wells(), OWN)
    (one,) = found.measurements
    assert (one.value, one.n) == (pytest.approx(210, rel=1e-3), 4)


@pytest.mark.parametrize(("in_well", "reason"), [(5000, "> ULOQ"), (1.0, "< LLOQ")])
def test_a_value_outside_the_range_is_empty_with_that_reason(in_well, reason):
    (one,) = summarise(tables(measured("P1", {"M01": (in_well, 1.0)})), wells(), OWN).measurements
    assert (one.value, one.status, one.reason) == (None, "failed", reason)


def test_animals_of_a_plate_that_could_not_be_read_are_listed_unless_another_plate_has_them():
    given = tables(measured("P1", {"M01": (200, 1.0)}), failed=("P2",))
    listed = wells(("P2", "A5", "M01"), ("P2", "B5", "M02"), ("P2", "B6", "M02"))
    found = by_animal(summarise(given, listed, OWN).measurements)
    assert found["M01"].status == "ok"
    assert (found["M02"].value, found["M02"].reason, found["M02"].recording) == (None, "no file", "P2")


def test_controls_that_differ_between_plates_are_named():
    alike = summarise(tables(measured("P1", {}, 100), measured("P2", {}, 105)), wells(), OWN)
    assert [one.verdict for one in alike.checks] == ["pass"]
    assert alike.tables["controls"]["plates"].tolist() == [2]
    apart = summarise(tables(measured("P1", {}, 100), measured("P2", {}, 100), measured("P3", {}, 190)), wells(), OWN)
    assert [(one.check, one.recording) for one in apart.checks if one.verdict != "pass"] == [
        ("plate_to_plate", ""), ("plate_deviates", "P1"), ("plate_deviates", "P2"), ("plate_deviates", "P3"),
    ]  # fmt: skip


def test_after_a_rejection_the_other_plate_alone_gives_the_value():
    given = tables(measured("P1", {"M01": (200, 1.0), "M02": (100, 1.0)}), measured("P2", {"M01": (300, 1.0)}))
    (one,) = revise(given, {"P1": "wrong incubation"}, settings())
    assert (one.animal, one.recording, one.n) == ("M01", "P2", 2)
    assert one.value == pytest.approx(300, rel=1e-3)
