"""The results page shows every animal, what was left out, effects before p values; and is the same every time."""

import base64
import copy
import re
from html.parser import HTMLParser

import numpy as np
import pandas as pd
import pytest

from ketaflow.report import endpoints, formatting, palette, results_page
from ketaflow.report.figures import effect_overview, endpoint_figures
from ketaflow.report.sections import content


@pytest.fixture(scope="module")
def shown(study) -> dict[str, endpoints.Endpoint]:
    made = endpoints.build(
        study["tables"], study["measurements"], study["allocation"], study["plan"], study["measures"]
    )
    return {endpoint.name: endpoint for endpoint in made}


@pytest.fixture(scope="module")
def arms(study) -> list[palette.Arm]:
    return palette.arms(study["arms"])


@pytest.fixture(scope="module")
def text(page_path) -> str:
    return page_path.read_text(encoding="utf-8")


class Outline(HTMLParser):
    """Levels of headings in order, and tags left open."""

    def __init__(self):
        super().__init__()
        self.levels, self.open = [], []

    def handle_starttag(self, tag, attributes):
        if re.fullmatch(r"h[1-6]", tag):
            self.levels.append(int(tag[1]))
        if tag not in ("meta", "link", "br", "input", "img", "circle", "path", "rect", "line"):
            self.open.append(tag)

    def handle_endtag(self, tag):
        if tag not in ("circle", "path", "rect"):
            assert self.open.pop() == tag


def test_the_page_is_well_formed_and_its_headings_step_down_one_by_one(text):
    outline = Outline()
    outline.feed(text)
    assert not outline.open
    assert outline.levels[0] == 1 and outline.levels.count(1) == 1
    assert all(b - a <= 1 for a, b in zip(outline.levels, outline.levels[1:], strict=False))


def test_sections_come_in_the_order_of_the_argument(text):
    order = re.findall(r'<section id="([a-z]+)"', text)
    assert order == [
        "failed", "asked", "excluded", "checks", "cascade", "endpoints", "correlations", "tests", "methods", "arrive",
        "versions",
    ]  # fmt: skip


def test_no_p_value_stands_before_the_tests_but_in_what_is_folded_away(text):
    before = re.sub(r"<details>.*?</details>", "", text[: text.index('<section id="tests"')], flags=re.DOTALL)
    assert "p_value" not in before and "p_adjusted" not in before
    assert 'data-name="p_adjusted"' in text


def test_every_animal_of_every_endpoint_is_a_point(shown, arms):
    for endpoint in shown.values():
        svg = endpoint_figures.animals(endpoint, arms)
        for animal in endpoint.per_animal["animal"]:
            assert f"<title>{animal}: " in svg, (endpoint.name, animal)


def test_what_is_left_out_is_a_cross_with_its_reason_and_not_counted(shown, arms):
    svg = endpoint_figures.animals(shown["immobility"], arms)
    assert "left out: rule of the plan: did not swim at all" in svg
    assert svg.count("n = 6") == 1 and svg.count("n = 8") == 3
    table = shown["immobility"].per_animal.set_index("animal")
    assert table.loc["M09", "left_out"] and "M05" not in table.index


def test_a_flagged_animal_is_hollow(shown, arms):
    assert "M11: " in endpoint_figures.animals(shown["sucrose"], arms)
    assert "; flagged" in endpoint_figures.animals(shown["sucrose"], arms)


def test_differences_stand_on_the_scale_of_the_animals(shown):
    endpoint = shown["immobility"]
    control = endpoint.lines("descriptives").set_index("arm").loc["vehicle", "mean"]
    values, differences = endpoint_figures.value_limits(endpoint), endpoint_figures.difference_limits(endpoint)
    np.testing.assert_allclose(np.array(values) - control, differences)


def test_a_ratio_has_a_scale_of_its_own(shown, arms):
    assert "ratio to Vehicle" in endpoint_figures.differences(shown["psd95"], arms)
    assert "× 1" in endpoint_figures.differences(shown["psd95"], arms)


def test_nested_samples_lie_behind_their_animal(shown, arms):
    svg = endpoint_figures.animals(shown["spines"], arms)
    assert svg.count('r="1.9"') == 32 * 5
    assert svg.count("(mean of 5)") == 32


def test_a_time_course_has_a_line_for_each_animal_and_each_arm(shown, arms):
    svg = endpoint_figures.time_course(shown["glutamate"], arms)
    assert svg.count('opacity="0.28"') == 32
    assert svg.count('stroke-width="2.4"') == 4
    assert endpoint_figures.time_course(shown["immobility"], arms) == ""


def test_without_review_nothing_is_shown_twice_and_with_it_both_stand_side_by_side(study, reviewed, tmp_path):
    path = tmp_path / "results.html"
    results_page.write(path, **reviewed)
    page = path.read_text(encoding="utf-8")
    effects = page[page.index('id="table-immobility_effects"') :].split("</table>")[0]
    assert effects.count(">reviewed<") == effects.count(">all<") == 4
    untouched = page[page.index('id="table-sucrose_effects"') :].split("</table>")[0]
    assert ">reviewed<" not in untouched
    assert "Artefact" in page[page.index('id="excluded"') :]


def test_the_cascade_follows_the_mechanism_and_says_what_is_missing(shown, arms):
    steps = effect_overview.steps(list(shown.values()))
    assert [[endpoint.name for endpoint in own] for _, own in steps] == [
        ["glutamate"], ["mtor"], ["psd95"], ["spines"], ["immobility", "sucrose"],
    ]  # fmt: skip
    alone = effect_overview.figure([shown["immobility"]], arms)
    assert alone.count("not measured in this cohort") == 4


def test_less_immobility_points_to_the_right(shown, arms):
    rows = effect_overview.effects(shown["immobility"], arms)
    table = shown["immobility"].differences.set_index("level")
    for row in rows:
        assert row.effect == -table.loc[row.arm.name, "effect_size"]
        assert row.low <= row.effect <= row.high


def test_a_ratio_enters_the_cascade_in_standard_deviations():
    # t = 3 with 8 and 8 animals: d = 3 * sqrt(1/8 + 1/8) = 1.5; times J(28) = 0.97293 (Hedges 1981, exact).
    row = {"estimate": 0.3, "ci_low": 0.1, "ci_high": 0.5, "se": 0.1, "df": 28.0, "n": 8, "n_reference": 8}
    size, (low, high) = effect_overview.standardised(row)
    assert size == pytest.approx(1.5 * 0.97293, rel=1e-5)
    assert (low, high) == (pytest.approx(size / 3), pytest.approx(size * 5 / 3))
    assert np.isnan(effect_overview.standardised({"estimate": 0.3})[0])


def test_correlation_within_arms_is_blind_to_the_difference_between_arms():
    rng = np.random.default_rng(3)
    arm_of = pd.Series(np.repeat(["a", "b"], 20), index=[f"M{n}" for n in range(40)])
    gain = np.where(arm_of.eq("a"), 0, 10)
    values = pd.DataFrame({"x": gain + rng.normal(size=40), "y": gain + rng.normal(size=40)}, index=arm_of.index)
    found = effect_overview.correlations(values, arm_of, least=8)
    assert found.pooled.loc["x", "y"] > 0.9
    assert abs(found.within.loc["x", "y"]) < 0.4
    assert found.together.loc["x", "y"] == 40


def test_too_few_animals_give_no_correlation():
    arm_of = pd.Series(["a"] * 4 + ["b"] * 4, index=list("abcdefgh"))
    values = pd.DataFrame({"x": range(8), "y": [1, 5, 2, 8, 3, 9, 4, np.nan]}, index=arm_of.index, dtype=float)
    found = effect_overview.correlations(values, arm_of, least=8)
    assert np.isnan(found.pooled.loc["x", "y"]) and not found.has_any


def test_a_published_curve_goes_through_its_own_points(shown):
    endpoint = copy.copy(shown["immobility"])
    parameters = {"e0": 150.0, "emax": -80.0, "ed50": 5.0}
    rows = [
        {
            "dataset": "all",
            "drug": "ketamine",
            "model": "emax",
            "parameter": name,
            "estimate": value,
            "estimable": "yes",
        }
        for name, value in parameters.items()
    ]
    endpoint.tables = {**endpoint.tables, "dose_response": pd.DataFrame(rows)}
    curve = endpoints.curves(endpoint)["ketamine"]
    at = np.interp([0, 5, 20], curve["dose_mg_per_kg"], curve["value"])
    np.testing.assert_allclose(at, [150, 110, 86], atol=0.1)


SWIM = {"assay": "forced_swim", "measure": "immobility_s"}
GLUTAMATE = {"assay": "microdialysis", "measure": "pct_baseline", "analyte": "glutamate"}
SUCROSE = {"assay": "sucrose_preference", "measure": "sucrose_preference_pct"}
BY_SEX = {**SWIM, "design": "factorial", "fixed": ["arm", "sex"]}
CUSTOM = {"name": "any dose", "weights": {"vehicle": -1, "ket5": 0.3, "ket10": 0.3, "ket20": 0.4}}


@pytest.mark.parametrize(
    ("planned", "drawn"),
    [
        (BY_SEX | {"contrasts": ["simple", "interaction"]}, []),
        (BY_SEX | {"contrasts": ["interaction", "dunnett"]}, ["ket5", "ket10", "ket20"]),
        ({**SWIM, "design": "ancova", "covariates": ["weight_g"]}, ["ket5", "ket10", "ket20"]),
        ({**SWIM, "alternative": "less"}, ["ket5", "ket10", "ket20"]),
        ({**SWIM, "contrasts": ["pairwise"]}, ["ket5", "ket10", "ket20"]),
        ({**SWIM, "contrasts": [CUSTOM]}, ["any dose"]),
        ({**SWIM, "contrasts": ["jonckheere"]}, []),
        ({**SWIM, "arms": ["vehicle", "ket10"]}, ["ket10"]),
        ({**SWIM, "cluster": ["cage"]}, ["ket5", "ket10", "ket20"]),
        ({**SUCROSE, "scale": "logit"}, ["ket5", "ket10", "ket20"]),
        ({**GLUTAMATE, "design": "repeated", "contrasts": ["simple"]}, []),
        ({**GLUTAMATE, "summary": "mean"}, ["ket5", "ket10", "ket20"]),
    ],
)
def test_every_design_has_a_page_and_draws_what_can_stand_side_by_side(study_of, tmp_path, planned, drawn):
    study = study_of({"endpoints": {"one": planned}})
    results_page.write(tmp_path / "results.html", **study)
    (endpoint,) = endpoints.build(
        study["tables"], study["measurements"], study["allocation"], study["plan"], study["measures"]
    )
    assert list(endpoint.differences["level"]) == drawn
    page = (tmp_path / "results.html").read_text(encoding="utf-8")
    assert "nan" not in re.sub(r"<style>.*?</style>|<script>.*?</script>", "", page, flags=re.DOTALL).lower().split()


def test_a_comparison_within_a_level_is_told_in_words():
    assert formatting.level("ket5 | time_min=-40", {"ket5": "Ketamine 5 mg/kg"}) == "Ketamine 5 mg/kg, time (min) −40"
    assert formatting.level("ket10+ket20", {"ket10": "K 10", "ket20": "K 20"}) == "K 10 + K 20"


def test_an_assay_s_figures_and_legends_are_shown_as_it_made_them(text, study):
    section = text[text.index('id="by-assay"') : text.index('<section id="methods"')]
    picture = base64.b64encode(study["shown"][0]["figures"][0]["content"].encode()).decode()
    assert picture in section
    assert "Two raters" in section and "Mean against difference." in section
    assert "Lanes 1 to 6, background taken off." in section


def test_a_study_with_nothing_to_show_by_assay_has_no_such_section(study, tmp_path):
    results_page.write(tmp_path / "results.html", **{**study, "shown": []})
    assert "by-assay" not in (tmp_path / "results.html").read_text()


def test_failed_recordings_stand_at_the_top(text):
    assert "1 recording could not be measured" in text
    assert text.index("the video ends after 40 s") < text.index('id="asked"')


def test_a_table_knows_the_exact_value_behind_what_it_shows(shown, study):
    part = content.endpoint_part(shown["immobility"], palette.arms(study["arms"]), [])
    described = next(table for table in part["tables"] if table.name.endswith("descriptives"))
    place = [column.name for column in described.columns].index("mean")
    exact = study["tables"]["descriptives"].query("endpoint == 'immobility'")["mean"]
    assert [float(row[place][1]) for row in described.rows] == list(exact)
    assert all(len(row[place][0]) <= 6 for row in described.rows)


def test_names_cannot_become_markup(study, tmp_path):
    nasty = {**study, "cohort_name": "<script>x</script>", "methods_paragraph": "<img src=x onerror=y>"}
    nasty["arms"] = study["arms"].assign(label=["<b>Vehicle</b>", *study["arms"]["label"][1:]])
    results_page.write(tmp_path / "results.html", **nasty)
    page = (tmp_path / "results.html").read_text(encoding="utf-8")
    assert "<script>x" not in page and "<img src=x" not in page and "<b>Vehicle" not in page


def test_equal_input_gives_equal_bytes(study, page_path, tmp_path):
    results_page.write(tmp_path / "again.html", **study)
    assert (tmp_path / "again.html").read_bytes() == page_path.read_bytes()


def test_a_cohort_without_plan_values_or_checks_still_has_a_page(study, tmp_path):
    empty = {
        **study,
        "tables": {name: table.iloc[:0] for name, table in study["tables"].items()},
        "measurements": study["measurements"].iloc[:0],
        "checks": study["checks"].iloc[:0],
        "recordings": study["recordings"].iloc[:0],
        "plan": None,
        "plan_lock": {},
        "sentences": [],
    }
    results_page.write(tmp_path / "results.html", **empty)
    assert "There is no plan" in (tmp_path / "results.html").read_text(encoding="utf-8")


def test_values_that_failed_leave_an_endpoint_with_a_word_instead_of_a_figure(study, tmp_path):
    nothing = {**study, "measurements": study["measurements"].assign(value=np.nan)}
    results_page.write(tmp_path / "results.html", **nothing)
    assert "No value of this endpoint could be had." in (tmp_path / "results.html").read_text(encoding="utf-8")


def test_results_are_held_back_until_the_review_is_complete(tmp_path):
    results_page.hold(tmp_path / "results.html", cohort_name="demo", review=None, n_items=12)
    page = (tmp_path / "results.html").read_text(encoding="utf-8")
    assert "0 of 12" in page and "12 are pending" in page and 'href="qc.html"' in page


def test_what_a_paper_must_tell_and_the_tables_lack_is_listed(text):
    report = text[text.index('id="arrive"') :]
    missing = re.findall(r'missing</span><span class="topic">([^<]+)', report)
    assert missing == ["Blinding of quality review", "Age", "Litter"]


def test_how_well_something_was_measured_is_no_step_of_the_mechanism(shown):
    loading = copy.copy(shown["p_mtor"]) if "p_mtor" in shown else copy.copy(next(iter(shown.values())))
    loading.plan = {**loading.plan, "assay": "western_blot", "measure": "loading_factor", "analyte": "GAPDH"}
    assert not [own for _, endpoints in effect_overview.steps([loading]) for own in endpoints]


def test_a_comparison_with_two_arms_names_both_by_their_labels():
    labels = {"vehicle": "Vehicle", "ket20": "Ketamine 20 mg/kg"}
    assert formatting.level("vehicle and ket20", labels) == "Vehicle and Ketamine 20 mg/kg"
    assert formatting.level("vehicle+ket20", labels) == "Vehicle + Ketamine 20 mg/kg"
