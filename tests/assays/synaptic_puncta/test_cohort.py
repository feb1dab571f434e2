"""An animal is the sum of its sections."""

import pandas as pd
import pytest

from ketaflow.assays.synaptic_puncta.cohort import summarise
from ketaflow.assays.synaptic_puncta.model import CohortSettings


def section(animal, pairs, chance, synapses, tissue_um2):
    names = {"animal": animal, "region": "mPFC", "pre_marker": "VGluT1", "post_marker": "PSD95"}
    counts = {"pre_puncta": 2 * pairs, "post_puncta": 3 * pairs, "pairs": pairs, "chance_pairs": chance}
    return {**names, **counts, "synapses": synapses, "tissue_um2": tissue_um2}


def test_sections_are_weighted_by_their_tissue():
    sections = pd.DataFrame([section("M1", 100, 20, 90, 1000.0), section("M1", 10, 2, 9, 500.0)])
    animals = summarise({"sections": sections}, {}, CohortSettings()).tables["animals"]
    assert animals["sections"].tolist() == [2]
    assert animals["synapse_density_per_um2"].tolist() == [pytest.approx(99 / 1500)]
    assert animals["chance_colocalisation_pct"].tolist() == [pytest.approx(20)]


def test_an_animal_without_pairs_has_no_share_of_chance():
    sections = pd.DataFrame([section("M1", 0, 0, 0, 1000.0)])
    animals = summarise({"sections": sections}, {}, CohortSettings()).tables["animals"]
    assert animals["chance_colocalisation_pct"].isna().all()
    assert animals["synapse_density_per_um2"].tolist() == [0]


def test_nothing_measured_gives_no_table():
    assert summarise({}, {}, CohortSettings()).tables == {}
