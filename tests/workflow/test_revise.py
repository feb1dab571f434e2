"""A rejection goes the whole way: what rested on the rejected recording is computed anew, for the reviewed data."""

import pandas as pd
import pytest

pytestmark = pytest.mark.slow

# As if the count of one animal had been made from the recording of another too.
REVISE = '''
"""Counts without what was rejected."""
from collections.abc import Mapping
from ketaflow.assays.nose_poke.model import QuantifySettings
from ketaflow.core.results import Measurement, Tables, measurement


def revise(tables: Tables, rejected: Mapping[str, str], settings: QuantifySettings) -> list[Measurement]:
    """A0 is counted in comparison with A1."""
    assert set(rejected.values()) == {"hole was taped over"}
    count = tables["counts"].set_index("recording").at["rA0", "pokes"]
    if "rA1" not in rejected:
        return []
    return [measurement("pokes", 10.0 * count, animal="A0", recording="rA0")]
'''


def test_a_rejected_recording_changes_what_rested_on_it_in_the_reviewed_data_alone(finished):
    (finished.folder / "workflow" / "ketaflow" / "assays" / "nose_poke" / "revise.py").write_text(REVISE)
    assert not (finished.results / "measurements_reviewed.csv").exists(), "nobody has decided anything yet"
    item = pd.read_csv(finished.results / "review_key.csv").set_index("recording").loc["rA1"]
    header = "code,decision,reason,note,reviewer,decided_at,item_sha256"
    row = f"{item['code']},reject,hole was taped over,,A.B.,2026-03-01,{item['item_sha256']}"
    finished.table("qc_decisions", header, [row])
    before = (finished.results / "measurements.csv").read_bytes()
    assert finished.planned().get("revise") == 1
    finished.run()
    assert (finished.results / "measurements.csv").read_bytes() == before
    reviewed = pd.read_csv(finished.results / "measurements_reviewed.csv").set_index("animal")["value"]
    assert (reviewed["A0"], reviewed["A1"], reviewed["A2"]) == (20, 3, 4)
    arms = pd.read_csv(finished.results / "statistics" / "descriptives.csv").set_index(["dataset", "arm"])
    assert arms.loc[("all", "ket10"), "mean"] == (2 + 4 + 6 + 8) / 4
    assert arms.loc[("reviewed", "ket10"), "mean"] == (20 + 4 + 6 + 8) / 4
    assert (arms.loc[("all", "vehicle"), "n"], arms.loc[("reviewed", "vehicle"), "n"]) == (4, 3)
    assert finished.planned() == {}, "a decision does not undo itself"
