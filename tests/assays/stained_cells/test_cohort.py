"""Animals are summed over their fields, and a field that was recorded differently is flagged."""

import numpy as np
import pandas as pd
import pytest

from ketaflow.assays.stained_cells.cohort import summarise
from ketaflow.assays.stained_cells.model import CohortSettings

SETTINGS = CohortSettings(max_background_ratio=1.5, max_white_difference_pct=5)


def field(number, count=10, area=0.1, background=100.0, white=240.0, stain="fluorescence", exposure=None):
    names = {
        "recording": f"r{number}",
        "animal": f"M{number // 2}",
        "region": "mPFC",
        "marker": "c-Fos",
        "stain": stain,
    }
    whites = {"white_red": white, "white_green": white, "white_blue": white}
    recorded = {"exposure_ms": exposure, "gain": None}
    return {**names, "cell_count": count, "area_mm2": area, "background": background, **whites, **recorded}


def verdicts(*fields):
    checks = summarise({"fields": pd.DataFrame(fields)}, {}, SETTINGS).checks
    return [check.verdict for check in checks]


def test_fields_are_weighted_by_their_area():
    fields = pd.DataFrame([field(0, 30, 0.1), field(1, 10, 0.3)])
    animals = summarise({"fields": fields}, {}, SETTINGS).tables["animals"]
    assert animals["fields"].tolist() == [2]
    assert animals["cell_density_per_mm2"].tolist() == [pytest.approx(40 / 0.4)]


def test_a_brighter_background_is_flagged():
    assert verdicts(*(field(n) for n in range(4)), field(4, background=210)) == ["pass"] * 4 + ["warn"]


def test_another_white_level_is_flagged():
    own = [field(n, white=240 + n, stain="dab", background=np.nan) for n in range(3)]
    assert verdicts(*own, field(3, white=200, stain="dab", background=np.nan)) == ["pass"] * 3 + ["warn"]


def test_another_exposure_is_flagged_and_one_that_no_file_states_is_not_checked():
    found = [field(n, exposure=exposure) for n, exposure in enumerate((100.0, 100.0, 200.0, None))]
    checks = summarise({"fields": pd.DataFrame(found)}, {}, SETTINGS).checks
    own = [check.verdict for check in checks if check.check == "exposure"]
    assert own == ["pass", "pass", "warn", "warn"]
    assert not [check for check in checks if check.check == "gain"]


def test_two_fields_are_no_reference():
    assert verdicts(field(0), field(1, background=900)) == []


def test_nothing_measured_gives_no_table():
    assert summarise({}, {}, SETTINGS).tables == {}
