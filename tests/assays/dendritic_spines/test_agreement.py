"""Agreement of those who looked: counted by hand here, and drawn without loss."""

import numpy as np
import pandas as pd
import pytest

from ketaflow.assays.dendritic_spines import cohort
from ketaflow.assays.dendritic_spines.raters import agreement

SCORES = "dendritic_spines_human_scores"


def marks(rater: str, image: str, xs, classes=None) -> pd.DataFrame:
    return pd.DataFrame({"image": image, "rater": rater, "x_px": np.array(xs, float), "y_px": 10.0, "class": classes})


def summarised(people: pd.DataFrame, found: pd.DataFrame, lengths: dict[str, float]) -> dict:
    sizes = pd.DataFrame({"image": list(lengths), "pixel_size_um": 0.1, "length_um": list(lengths.values())})
    tables = {"spines": found.drop(columns="rater"), "dendrites": sizes}
    return cohort.summarise(tables, {SCORES: people}, match_um=1.0)


@pytest.fixture
def made() -> dict:
    """Two images: anna marks 4 and 2 spines, ben 3 and 2 of them, ketaflow finds 3 of anna's and 1 other, then 2."""
    people = pd.concat([
        marks("anna", "a", [10, 40, 70, 100], ["thin", "thin", "stubby", "mushroom"]),
        marks("ben", "a", [11, 41, 71], ["thin", "stubby", "stubby"]),
        marks("anna", "b", [10, 50], ["thin", "mushroom"]),
        marks("ben", "b", [10, 50], ["thin", "mushroom"]),
    ])  # fmt: skip
    found = pd.concat([marks("", "a", [12, 42, 72, 150], "thin"), marks("", "b", [10, 50], "thin")])
    return summarised(people, found, {"a": 10.0, "b": 5.0})


def of_pair(made: dict, first: str, second: str, image: str | None = None) -> pd.Series:
    told = made["agreement"]
    there = told["image"].isna() if image is None else told["image"].eq(image)
    return told[there & told["first"].eq(first) & told["second"].eq(second)].iloc[0]


def test_counts_over_all_images_are_sums(made):
    mine = of_pair(made, "ketaflow", "anna")
    assert (mine["images"], mine["n_first"], mine["n_second"], mine["n_matched"]) == (2, 6, 6, 5)
    assert mine["f1"] == pytest.approx(10 / 12)
    assert mine["count_bias_pct"] == 0


def test_densities_are_counts_by_the_traced_length(made):
    mine = of_pair(made, "ketaflow", "anna", "a")
    assert (mine["first_density_per_um"], mine["second_density_per_um"]) == (0.4, 0.4)
    assert of_pair(made, "anna", "ben")["second_density_per_um"] == pytest.approx(5 / 15)


def test_kappa_of_two_raters_is_the_one_worked_by_hand(made):
    """Five spines both have seen: thin-thin, thin-stubby, stubby-stubby, thin-thin, mushroom-mushroom.

    Observed 4/5; by chance (3*2 + 1*2 + 1*1) / 25 = 9/25; kappa = (0.8 - 0.36) / 0.64.
    """
    pair = of_pair(made, "anna", "ben")
    assert pair["class_agreement"] == 0.8
    assert pair["class_kappa"] == pytest.approx(0.44 / 0.64)


def test_kappa_is_undefined_where_chance_alone_would_agree():
    assert np.isnan(agreement.cohen_kappa([("thin", "thin")] * 4))
    assert np.isnan(agreement.cohen_kappa([]))
    assert agreement.cohen_kappa([("thin", "stubby"), ("stubby", "thin")]) == -1.0


def test_whom_one_compares_with_whom_does_not_matter_for_f1(made):
    swapped = {"first": "second", "second": "first", "n_first": "n_second", "n_second": "n_first"}
    there = of_pair(made, "anna", "ben").to_dict()
    back = agreement.with_rates({swapped.get(name, name): value for name, value in there.items()})
    assert (back["f1"], back["precision"], back["recall"]) == (there["f1"], there["recall"], there["precision"])


def test_every_image_is_a_dot_of_the_densities_and_every_figure_has_its_legend(made):
    density, difference, same = made["figures"]
    assert density.content.count("<circle") == difference.content.count("<circle") == 2
    assert same.content.count("<circle") == 6
    assert list(made["legends"]["figure"]) == [figure.title for figure in made["figures"]]
    assert "counts 9 % more than people" in density.caption


def test_an_image_that_only_one_rater_marked_and_nothing_was_found_in_still_counts():
    made = summarised(marks("anna", "a", [10]), marks("", "b", [1]), {"a": 10.0, "b": 10.0})
    mine = of_pair(made, "ketaflow", "anna")
    assert (mine["n_first"], mine["recall"]) == (0, 0)
    assert np.isnan(mine["precision"])


def test_one_image_is_drawn_without_limits_of_agreement():
    made = summarised(marks("anna", "a", [10]), marks("", "a", [10]), {"a": 10.0})
    assert "limits of agreement" not in made["figures"][1].caption


@pytest.mark.shared
def test_eight_experts_who_named_the_same_spines_agree_as_little_as_published(shared):
    """Mean kappa of the 28 pairs 0.44, on two thirds of the spines that figure is of."""
    experts = pd.read_csv(shared / "spine" / "spine_shape_raters" / "spines.csv").filter(like="rater_")
    pairs = [
        agreement.cohen_kappa(list(experts[[one, other]].dropna().itertuples(index=False, name=None)))
        for number, one in enumerate(experts)
        for other in list(experts)[number + 1 :]
    ]
    assert len(pairs) == 28
    assert np.mean(pairs) == pytest.approx(0.44, abs=0.03)
