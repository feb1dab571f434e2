"""Densities of simulated fields are those that were drawn."""

import numpy as np
import pytest

WIDE = {"width_px": 512, "height_px": 512}


def section(measured):
    return measured.sections[0]


@pytest.mark.parametrize("synapses", [150, 300, 600])
def test_synapse_density_is_right_within_a_tenth(drawn, synapses):
    alone = {"pre_alone": 250, "post_alone": 200}
    found = [drawn(seed, synapses=synapses, snr=8, **alone, **WIDE).measured for seed in range(2)]
    per_um2 = np.mean([section(measured).synapse_density_per_um2 for measured in found])
    assert per_um2 == pytest.approx(synapses / 51.2**2, rel=0.1)


def test_without_synapses_the_density_is_about_zero(drawn):
    found = [section(drawn(seed, synapses=0, pre_alone=600, post_alone=600, **WIDE).measured) for seed in range(4)]
    assert abs(np.mean([one.synapses for one in found])) < 12
    assert np.mean([one.chance_colocalisation_pct for one in found]) == pytest.approx(100, abs=15)


def test_the_intervals_hold_their_estimates(drawn):
    one = section(drawn(synapses=200, **WIDE).measured)
    assert one.chance_pairs_low <= one.chance_pairs <= one.chance_pairs_high
    assert one.synapses_low <= one.synapses <= one.synapses_high


def test_every_measure_is_given_once_for_a_section(drawn):
    measured = drawn().measured
    of_pairs = ["pre_density_per_um2", "post_density_per_um2", "synapse_density_per_um2", "chance_colocalisation_pct"]
    of_a_marker = ["puncta_density_per_um2", "mean_punctum_area_um2", "mean_punctum_intensity", "integrated_intensity"]
    assert [row.measure for row in measured.measurements] == [*of_pairs, *of_a_marker, *of_a_marker]
    assert {row.sample for row in measured.measurements} == {"S1"}
    both = ["VGluT1/PSD95"] * 2
    assert [row.analyte for row in measured.measurements] == ["VGluT1", "PSD95", *both, *["VGluT1"] * 4, *["PSD95"] * 4]


def test_partners_name_each_other(drawn):
    measured = drawn(synapses=80).measured
    table = measured.puncta
    pre, post = (table[table["channel"].eq(side)].set_index("punctum") for side in ("pre", "post"))
    paired = pre.dropna(subset=["partner"])
    assert len(paired) == section(measured).pairs > 0
    assert (post.loc[paired["partner"].astype(int), "partner"].to_numpy() == paired.index).all()


def test_an_empty_field_has_no_synapses_and_no_share_of_chance(drawn):
    measured = drawn(synapses=0, pre_alone=0, post_alone=0).measured
    values = {row.measure: row for row in measured.measurements}
    assert values["synapse_density_per_um2"].value == 0
    assert values["chance_colocalisation_pct"].value is None
    assert "no pair" in values["chance_colocalisation_pct"].reason


def test_a_nucleus_reduces_the_area_of_tissue(drawn):
    plain, holed = (drawn(1, synapses=400, nuclei=count, nucleus_um=9, **WIDE) for count in (0, 3))
    assert section(plain.measured).tissue_um2 == pytest.approx(51.2**2)
    true_um2 = holed.truth.tissue.sum() * 0.01
    assert section(holed.measured).tissue_um2 == pytest.approx(true_um2, rel=0.05)


def test_a_stack_is_measured_too(drawn):
    measured = drawn(planes=9, synapses=80, pre_alone=30, post_alone=30, snr=10).measured
    assert section(measured).synapses == pytest.approx(80, rel=0.15)
    assert measured.puncta["z_px"].notna().all()
