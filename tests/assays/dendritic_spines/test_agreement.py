"""Agreement between raters: counted by hand here, and drawn without loss."""

import numpy as np
import pandas as pd
import pytest
from simulated_dendrites import COHORT

from ketaflow.assays.dendritic_spines import cohort
from ketaflow.assays.dendritic_spines.model import HUMAN_SCORES
from ketaflow.assays.dendritic_spines.raters import agreement
from ketaflow.assays.dendritic_spines.raters.matching import match_points
from ketaflow.core.results import Summary


def marks(rater: str, image: str, xs, classes=None) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "image": image,
            "recording": image,
            "rater": rater,
            "x_px": np.array(xs, float),
            "y_px": 10.0,
            "class": classes,
        }
    )


def summarised(people: pd.DataFrame, found: pd.DataFrame, lengths: dict[str, float]) -> Summary:
    images, lengths_um = list(lengths), list(lengths.values())
    branches = pd.DataFrame(
        {"image": images, "recording": images, "animal": "m", "pixel_size_um": 0.1, "length_um": lengths_um}
    )
    tables = {"spines": found.drop(columns="rater"), "dendrites": branches}
    return cohort.summarise(tables, {HUMAN_SCORES: people}, COHORT)


@pytest.fixture(scope="module")
def summary() -> Summary:
    """Two images: anna marks 4 and 2 spines, ben 3 and 2 of them, ketaflow finds 3 of anna's and 1 other, then 2."""
    people = pd.concat([
        marks("anna", "a", [10, 40, 70, 100], ["thin", "thin", "stubby", "mushroom"]),
        marks("ben", "a", [11, 41, 71], ["thin", "stubby", "stubby"]),
        marks("anna", "b", [10, 50], ["thin", "mushroom"]),
        marks("ben", "b", [10, 50], ["thin", "mushroom"]),
    ])  # fmt: skip
    found = pd.concat([marks("", "a", [12, 42, 72, 150], "thin"), marks("", "b", [10, 50], "thin")])
    return summarised(people, found, {"a": 10.0, "b": 5.0})


def of_pair(summary: Summary, first: str, second: str, image: str | None = None) -> pd.Series:
    rows = summary.tables["agreement"]
    there = rows["image"].isna() if image is None else rows["image"].eq(image)
    return rows[there & rows["first"].eq(first) & rows["second"].eq(second)].iloc[0]


def test_each_point_is_matched_once_and_only_within_reach():
    first, second = np.array([[0.0, 0], [0.1, 0], [9, 9]]), np.array([[0.0, 0.05], [20, 20]])
    left, right = match_points(first, second, reach=1.0)
    assert (list(left), list(right)) == ([0], [0])


def test_counts_over_all_images_are_sums(summary):
    pair = of_pair(summary, "ketaflow", "anna")
    assert (pair["images"], pair["n_first"], pair["n_second"], pair["n_matched"]) == (2, 6, 6, 5)
    assert pair["f1"] == pytest.approx(10 / 12)
    assert pair["count_bias_pct"] == 0


def test_rates_of_one_image_follow_from_its_counts(summary):
    pair = of_pair(summary, "ketaflow", "ben", "a")
    assert (pair["precision"], pair["recall"]) == (0.75, 1.0)
    assert pair["count_bias_pct"] == pytest.approx(100 / 3)
    assert (pair["recording"], pair["animal"]) == ("a", "m")
    assert len(summary.tables["agreement"]) == 9


def test_densities_are_counts_by_the_traced_length(summary):
    pair = of_pair(summary, "ketaflow", "anna", "a")
    assert (pair["first_density_per_um"], pair["second_density_per_um"]) == (0.4, 0.4)
    assert of_pair(summary, "anna", "ben")["second_density_per_um"] == pytest.approx(5 / 15)


def test_kappa_of_two_raters_is_the_one_worked_by_hand(summary):
    """Five spines both marked: thin-thin, thin-stubby, stubby-stubby, thin-thin, mushroom-mushroom.

    Observed 4/5; by chance (3*2 + 1*2 + 1*1) / 25 = 9/25; kappa = (0.8 - 0.36) / 0.64.
    """
    pair = of_pair(summary, "anna", "ben")
    assert pair["class_agreement"] == 0.8
    assert pair["class_kappa"] == pytest.approx(0.44 / 0.64)


def test_kappa_is_undefined_where_chance_alone_would_agree():
    assert np.isnan(agreement.cohen_kappa([("thin", "thin")] * 4))
    assert np.isnan(agreement.cohen_kappa([]))
    assert agreement.cohen_kappa([("thin", "stubby"), ("stubby", "thin")]) == -1.0


def test_f1_does_not_depend_on_who_is_compared_with_whom(summary):
    swapped = {"first": "second", "second": "first", "n_first": "n_second", "n_second": "n_first"}
    there = of_pair(summary, "anna", "ben")
    back = agreement.with_rates(there.to_frame().T.rename(columns=swapped)).iloc[0]
    assert (back["f1"], back["precision"], back["recall"]) == (there["f1"], there["recall"], there["precision"])


def test_every_image_is_a_dot_of_the_densities_and_every_figure_has_its_legend(summary):
    density, difference, same = summary.figures
    assert density.content.count("<circle") == difference.content.count("<circle") == 2
    assert same.content.count("<circle") == 6
    assert list(summary.tables["legends"]["figure"]) == [figure.title for figure in summary.figures]
    assert "counts 9 % more than people" in density.caption


def test_an_image_in_which_nothing_was_found_still_counts():
    made = summarised(marks("anna", "a", [10]), marks("", "b", [1]), {"a": 10.0, "b": 10.0})
    pair = of_pair(made, "ketaflow", "anna")
    assert (pair["n_first"], pair["recall"]) == (0, 0)
    assert np.isnan(pair["precision"])


def test_a_single_image_is_drawn_without_limits_of_agreement():
    made = summarised(marks("anna", "a", [10]), marks("", "a", [10]), {"a": 10.0})
    assert "limits of agreement" not in made.figures[1].caption


def test_without_human_scores_there_is_no_agreement():
    assert cohort.summarise({}, {}, COHORT) == Summary()


@pytest.mark.shared
def test_eight_experts_who_named_the_same_spines_agree_as_little_as_published(shared):
    """Mean kappa of the 28 pairs 0.44, on two thirds of the spines of that figure."""
    experts = pd.read_csv(shared / "spine" / "spine_shape_raters" / "spines.csv").filter(like="rater_")
    kappas = [
        agreement.cohen_kappa(list(experts[[one, other]].dropna().itertuples(index=False, name=None)))
        for number, one in enumerate(experts)
        for other in list(experts)[number + 1 :]
    ]
    assert len(kappas) == 28
    assert np.mean(kappas) == pytest.approx(0.44, abs=0.03)
