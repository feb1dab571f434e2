"""The results page shows every animal, what was left out, effects before p values; and is the same every time."""

import copy
import dataclasses
import re
from html.parser import HTMLParser
from urllib.parse import unquote

import numpy as np
import pandas as pd
import pytest

from ketaflow.report import endpoints, formatting, model, palette, results_page
from ketaflow.report.figures import correlations, effect_overview, values
from ketaflow.report.figures.dose_response import dose_response
from ketaflow.report.figures.time_course import time_course
from ketaflow.report.sections import answer
from ketaflow.report.sections.courses import _described, courses
from ketaflow.report.sections.endpoint import endpoint_section


@pytest.fixture(scope="module")
def shown(study) -> dict[str, endpoints.Endpoint]:
    return {endpoint.name: endpoint for endpoint in endpoints.build(study)}


@pytest.fixture(scope="module")
def arms(study) -> list[palette.Arm]:
    return palette.arms(study.arms)


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
        "answer", "failed", "asked", "excluded", "checks", "cascade", "endpoints", "correlations", "tests", "methods",
        "arrive", "versions",
    ]  # fmt: skip


def rows_of(text, table) -> pd.DataFrame:
    own = text[text.index(f'id="table-{table}"') :].split("</table>")[0]
    names = re.findall(r'data-name="(\w+)"', own)
    rows = [
        re.findall(r"<td[^>]*>(.*?)</td>", row) for row in re.findall(r"<tr>(.*?)</tr>", own.split("<tbody>")[1], re.S)
    ]
    return pd.DataFrame(rows, columns=names)


def test_a_p_value_stands_in_the_row_of_its_difference(text, study):
    shown = rows_of(text, "sucrose_effects")
    table = study.statistics["contrasts"].query("endpoint == 'sucrose' and contrast == 'dunnett'")
    planned = table[table["sensitivity"].fillna("").eq("")]
    assert shown["p"].tolist()[:3] == [formatting.p_value(p) for p in planned["p_family"]]
    assert 'data-name="p_adjusted"' in text[text.index('<section id="tests"') :]


def test_absence_of_an_effect_has_its_test_and_bayes_factor_where_the_plan_names_a_margin(text, study):
    shown = rows_of(text, "immobility_effects")
    table = study.statistics["contrasts"].query("endpoint == 'immobility' and contrast == 'dunnett'")
    planned = table[table["sensitivity"].fillna("").eq("")]
    assert shown["bayes_factor_null"].tolist()[:3] == [formatting.number(bf) for bf in planned["bayes_factor_null"]]
    assert shown["equivalence_p_value"].tolist()[:3] == [formatting.p_value(p) for p in planned["equivalence_p_value"]]
    assert "bayes_factor_null" not in rows_of(text, "sucrose_effects")


def test_every_animal_of_every_endpoint_is_a_point(shown, arms):
    for endpoint in shown.values():
        svg = values.animals(endpoint, arms)
        for animal in endpoint.per_animal["animal"]:
            assert f"<title>{animal}: " in svg, (endpoint.name, animal)


def test_an_excluded_animal_is_a_cross_with_its_reason_and_is_not_counted(shown, arms):
    svg = values.animals(shown["immobility"], arms)
    assert "excluded: rule of the plan: did not swim at all" in svg
    assert svg.count("n = 6") == 1 and svg.count("n = 8") == 3
    table = shown["immobility"].per_animal.set_index("animal")
    assert table.loc["M09", "excluded"] and "M05" not in table.index


def test_animals_named_by_long_numbers_are_told_apart(study):
    def numbered(table: pd.DataFrame) -> pd.DataFrame:
        """A cohort whose measurements were made elsewhere: transponder numbers, and no recordings."""
        return table.assign(animal=table["animal"].str.replace("M", "9000790001234"), recording="")

    tables = {name: numbered(table) if "animal" in table else table for name, table in study.statistics.items()}
    own = dataclasses.replace(
        study,
        measurements=numbered(study.measurements),
        allocation=numbered(study.allocation),
        statistics=tables,
    )
    endpoint = endpoints.endpoint_of("immobility", study.executed_plan.endpoints["immobility"], own)
    excluded = endpoint.per_animal.query("excluded != ''")
    assert excluded["animal"].tolist() == ["900079000123409"]


def test_a_flagged_animal_is_hollow(shown, arms):
    assert "M11: " in values.animals(shown["sucrose"], arms)
    assert "; flagged" in values.animals(shown["sucrose"], arms)


def test_differences_have_the_scale_of_the_animals(shown):
    endpoint = shown["immobility"]
    control = endpoint.rows("descriptives").set_index("arm").loc["vehicle", "mean"]
    differences = np.array(values.value_limits(endpoint)) - control
    np.testing.assert_allclose(differences, values.difference_limits(endpoint))


def test_ratios_have_their_own_scale(shown, arms):
    assert "ratio to Vehicle" in values.differences(shown["psd95"], arms)
    assert "× 1" in values.differences(shown["psd95"], arms)


def test_nested_samples_are_drawn_behind_their_animal(shown, arms):
    svg = values.animals(shown["spines"], arms)
    assert sum(path.count("h0") for path in re.findall(r'<path d="([^"]*)"[^>]*stroke-width="3.8"', svg)) == 32 * 5
    assert svg.count("(mean of 5)") == 32


def test_a_time_course_has_a_line_for_each_animal_and_each_arm(shown, arms):
    svg = time_course(shown["glutamate"], arms)
    assert sum(path.count("M") for path in re.findall(r'<path d="([^"]*)"[^>]*opacity="0.28"', svg)) == 32
    assert svg.count('stroke-width="2.4"') == 4
    assert time_course(shown["immobility"], arms) == ""


def test_both_data_sets_are_shown_only_where_the_review_changes_something(reviewed, settings, tmp_path):
    path = tmp_path / "results.html"
    results_page.write(path, reviewed, settings)
    page = path.read_text(encoding="utf-8")
    effects = page[page.index('id="table-immobility_effects"') :].split("</table>")[0]
    assert effects.count(">reviewed<") == effects.count(">all<") == 4
    untouched = page[page.index('id="table-sucrose_effects"') :].split("</table>")[0]
    assert ">reviewed<" not in untouched
    assert "Artefact" in page[page.index('id="excluded"') :]


def test_the_effect_overview_follows_the_mechanism_and_names_missing_steps(shown, arms):
    steps = effect_overview.steps(list(shown.values()))
    assert [[endpoint.name for endpoint in step.endpoints] for step in steps] == [
        ["glutamate"], ["mtor"], ["psd95"], ["spines"], ["immobility", "sucrose"],
    ]  # fmt: skip
    alone = effect_overview.effect_overview([shown["immobility"]], arms)
    assert alone.count("not measured in this cohort") == 4


def test_less_immobility_points_to_the_right(shown, arms):
    by_level = {row.level: row for row in shown["immobility"].differences}
    for row in effect_overview.effects(shown["immobility"], arms):
        assert row.size.effect == -by_level[row.arm.name].effect_size
        assert row.size.low <= row.size.effect <= row.size.high


def test_a_measure_may_add_a_step_of_its_own_to_the_effect_overview(shown):
    own = dataclasses.replace(shown["immobility"].info, step=model.MechanismStep("Stained cells", "signalling"))
    titles = [step.title for step in effect_overview.steps(list(shown.values()))]
    with_own = effect_overview.steps([*shown.values(), dataclasses.replace(shown["immobility"], info=own)])
    place = [step.title for step in with_own].index("Stained cells")
    assert [step.title for step in with_own] == [*titles[:place], "Stained cells", *titles[place:]]
    assert "signalling" in titles[place - 1]
    assert [endpoint.info.step for endpoint in with_own[place].endpoints] == [own.step]


def test_a_ratio_enters_the_effect_overview_in_standard_deviations(shown):
    # t = 3 with 8 and 8 animals: d = 3 * sqrt(1/8 + 1/8) = 1.5; times J(28) = 0.97293 (Hedges 1981, exact).
    numbers = {"estimate": 0.3, "ci_low": 0.1, "ci_high": 0.5, "se": 0.1, "df": 28.0, "n": 8, "n_reference": 8}
    row = dataclasses.replace(shown["psd95"].differences[0], **numbers)
    size, low, high = effect_overview.standardised(row)
    assert size == pytest.approx(1.5 * 0.97293, rel=1e-5)
    assert (low, high) == (pytest.approx(size / 3), pytest.approx(size * 5 / 3))
    assert np.isnan(effect_overview.standardised(dataclasses.replace(row, se=np.nan)).effect)


def test_correlation_within_arms_ignores_differences_between_arms():
    rng = np.random.default_rng(3)
    arm_of = pd.Series(np.repeat(["a", "b"], 20), index=[f"M{n}" for n in range(40)])
    gain = np.where(arm_of.eq("a"), 0, 10)
    values = pd.DataFrame({"x": gain + rng.normal(size=40), "y": gain + rng.normal(size=40)}, index=arm_of.index)
    found = correlations.correlations(values, arm_of, min_animals=8)
    assert found.pooled.loc["x", "y"] > 0.9
    assert abs(found.within.loc["x", "y"]) < 0.4
    assert found.n_animals.loc["x", "y"] == 40


def test_an_endpoint_constant_within_arms_but_for_rounding_has_no_correlation():
    arm_of = pd.Series(np.repeat(["a", "b", "c"], 10), index=[f"M{n}" for n in range(30)])
    flat = arm_of.map({"a": 0.1, "b": 0.3, "c": 0.7}).to_numpy()
    values = pd.DataFrame({"x": flat, "y": np.random.default_rng(4).normal(size=30)}, index=arm_of.index)
    assert np.isnan(correlations.correlations(values, arm_of, min_animals=8).within.loc["x", "y"])


def test_too_few_animals_give_no_correlation():
    arm_of = pd.Series(["a"] * 4 + ["b"] * 4, index=list("abcdefgh"))
    values = pd.DataFrame({"x": range(8), "y": [1, 5, 2, 8, 3, 9, 4, np.nan]}, index=arm_of.index, dtype=float)
    found = correlations.correlations(values, arm_of, min_animals=8)
    assert np.isnan(found.pooled.loc["x", "y"]) and not found.has_any


@pytest.mark.parametrize(("scale", "middle"), [("identity", 110.0), ("log", np.exp(1.1)), ("logit", 75.026)])
def test_a_fitted_curve_has_its_band_and_the_unit_of_the_measure(shown, arms, scale, middle):
    rows = pd.DataFrame({"drug": "ketamine", "model": "emax", "dose": [0.0, 10.0, 20.0]})
    rows["estimate"] = {"identity": [150.0, 110, 90], "log": [0.0, 1.1, 1.2], "logit": [0.0, 1.1, 1.2]}[scale]
    rows = rows.assign(dataset="all", ci_low=rows["estimate"] - 1, ci_high=rows["estimate"] + 1)
    endpoint = copy.copy(shown["immobility"])
    endpoint.plan = dataclasses.replace(endpoint.plan, scale=scale)
    endpoint.tables = {**endpoint.tables, "dose_curves": rows}
    curve = endpoints.curves(endpoint)["ketamine"]
    assert curve["dose_mg_per_kg"].tolist() == [0, 10, 20]
    assert curve.loc[1, "value"] == pytest.approx(middle, rel=1e-4)
    assert (curve["low"] < curve["value"]).all() and (curve["value"] < curve["high"]).all()
    assert dose_response(endpoint, arms, {}) == ""
    assert "fill-opacity" in dose_response(endpoint, arms, endpoints.curves(endpoint))
    assert endpoint_section(endpoint, arms, []).figures.dose_response


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
def test_every_design_has_a_page_and_draws_comparisons_with_one_reference(study_of, settings, tmp_path, planned, drawn):
    study = study_of({"endpoints": {"one": planned}})
    (endpoint,) = results_page.write(tmp_path / "results.html", study, settings)
    assert [row.level for row in endpoint.differences] == drawn
    page = (tmp_path / "results.html").read_text(encoding="utf-8")
    assert "nan" not in re.sub(r"<style>.*?</style>|<script>.*?</script>", "", page, flags=re.DOTALL).lower().split()


def test_a_comparison_within_a_level_is_put_in_words():
    assert formatting.level("ket5 | time_min=-40", {"ket5": "Ketamine 5 mg/kg"}) == "Ketamine 5 mg/kg, time (min) −40"
    assert formatting.level("ket10+ket20", {"ket10": "K 10", "ket20": "K 20"}) == "K 10 + K 20"


def test_an_assay_s_figures_and_legends_are_shown_as_it_made_them(text, study):
    section = text[text.index('id="by-assay"') : text.index('<section id="methods"')]
    (picture,) = re.findall(r'src="data:image/svg\+xml,([^"]*)"', section)
    assert unquote(picture).replace("'", '"') == study.assays[0].figures[0].content
    assert "Two raters" in section and "Mean against difference." in section
    assert "Lanes 1 to 6, background subtracted." in section


def test_a_study_with_nothing_to_show_by_assay_has_no_such_section(study, settings, tmp_path):
    results_page.write(tmp_path / "results.html", dataclasses.replace(study, assays=()), settings)
    assert "by-assay" not in (tmp_path / "results.html").read_text()


def test_a_measure_over_time_is_drawn_where_the_plan_does_not_compare_it(study, settings, study_of, tmp_path, arms):
    measures = copy.deepcopy(study.measures)
    own = dict(measures["microdialysis"])
    own["pct_baseline"] = dataclasses.replace(own["pct_baseline"], time_course=True)
    marked = {**measures, "microdialysis": own}
    planned = dataclasses.replace(study, measures=marked)
    assert courses(planned, arms, endpoints.build(planned)) == []
    other = dataclasses.replace(study_of({"endpoints": {"one": SWIM}}), measures=marked)
    (course,) = courses(other, arms, endpoints.build(other))
    assert course.title == "Glutamate: concentration, share of baseline (mPFC)"
    assert course.figure.count("<circle") >= 4 * 9, "a mean of each arm at each time"
    results_page.write(tmp_path / "results.html", other, settings)
    page = (tmp_path / "results.html").read_text(encoding="utf-8")
    assert '<section id="courses">' in page


def test_the_interval_of_a_course_is_that_of_the_t_distribution():
    rows = [("a", 0.0, f"M{number}", value) for number, value in enumerate((90.0, 100.0, 110.0))] + [
        ("a", 20.0, "M1", 5.0)
    ]
    described = _described(pd.DataFrame(rows, columns=["arm", "time_min", "animal", "value"]))
    assert described.loc[0, ["mean", "ci_low", "ci_high"]].tolist() == pytest.approx([100, 75.16, 124.84], abs=0.01)
    assert described.loc[1, ["ci_low", "ci_high"]].isna().all(), "one animal has no interval"


def test_failed_recordings_are_at_the_top(text):
    assert "1 recording could not be measured" in text
    assert text.index("the video ends after 40 s") < text.index('id="asked"')


def test_a_table_keeps_the_exact_value_of_each_number(shown, study):
    part = endpoint_section(shown["immobility"], palette.arms(study.arms), [])
    described = next(table for table in part.tables if table.name.endswith("descriptives"))
    place = [column.name for column in described.columns].index("mean")
    exact = study.statistics["descriptives"].query("endpoint == 'immobility'")["mean"]
    assert [float(row[place].exact) for row in described.rows] == list(exact)
    assert all(len(row[place].text) <= 6 for row in described.rows)


def test_names_cannot_become_markup(study, settings, tmp_path):
    nasty = dataclasses.replace(
        study,
        name="<script>x</script>",
        methods_paragraph="<img src=x onerror=y>",
        arms=study.arms.assign(label=["<b>Vehicle</b>", *study.arms["label"][1:]]),
    )
    results_page.write(tmp_path / "results.html", nasty, settings)
    page = (tmp_path / "results.html").read_text(encoding="utf-8")
    assert "<script>x" not in page and "<img src=x" not in page and "<b>Vehicle" not in page


def test_equal_input_gives_equal_bytes(study, settings, page_path, tmp_path):
    results_page.write(tmp_path / "again.html", study, settings)
    assert (tmp_path / "again.html").read_bytes() == page_path.read_bytes()


def test_a_cohort_without_plan_values_or_checks_still_has_a_page(study, settings, tmp_path):
    empty = dataclasses.replace(
        study,
        statistics={name: table.iloc[:0] for name, table in study.statistics.items()},
        measurements=study.measurements.iloc[:0],
        checks=study.checks.iloc[:0],
        recordings=study.recordings.iloc[:0],
        plan=None,
        lock=model.PlanLock(),
        sentences=(),
    )
    results_page.write(tmp_path / "results.html", empty, settings)
    assert "There is no plan" in (tmp_path / "results.html").read_text(encoding="utf-8")


def test_an_endpoint_without_values_has_a_note_instead_of_a_figure(study, settings, tmp_path):
    nothing = dataclasses.replace(study, measurements=study.measurements.assign(value=np.nan))
    results_page.write(tmp_path / "results.html", nothing, settings)
    assert "This endpoint has no values." in (tmp_path / "results.html").read_text(encoding="utf-8")


def test_results_are_withheld_until_the_review_is_complete(tmp_path):
    results_page.hold(tmp_path / "results.html", cohort_name="demo", review=None, n_items=12)
    page = (tmp_path / "results.html").read_text(encoding="utf-8")
    assert "0 of 12" in page and "12 are pending" in page and 'href="qc.html"' in page


def test_the_checklist_names_what_the_tables_lack(text):
    report = text[text.index('id="arrive"') :]
    missing = re.findall(r'missing</span><span class="topic">([^<]+)', report)
    assert missing == ["Blinding of quality review", "Age", "Litter"]


def test_a_measure_of_quality_belongs_to_no_step_of_the_mechanism(shown):
    planned = model.PlannedEndpoint("western_blot", "loading_factor", {"analyte": ("GAPDH",)})
    loading = dataclasses.replace(shown["psd95"], plan=planned)
    assert not [endpoint for step in effect_overview.steps([loading]) for endpoint in step.endpoints]


def test_a_comparison_of_two_arms_gives_both_labels():
    labels = {"vehicle": "Vehicle", "ket20": "Ketamine 20 mg/kg"}
    assert formatting.level("vehicle and ket20", labels) == "Vehicle and Ketamine 20 mg/kg"
    assert formatting.level("vehicle+ket20", labels) == "Vehicle + Ketamine 20 mg/kg"


def test_the_primary_endpoint_is_answered_before_anything_else(text):
    head = text[text.index('<section id="answer"') : text.index('<section id="failed"')]
    assert "primary endpoint" in head
    assert re.search(r"95\s% CI −?[\d.]+ to −?[\d.]+", head)
    assert re.search(r"p (?:= 0\.\d+|< 0\.001)", head)


@pytest.mark.parametrize(("p_family", "arrow"), [(0.293, "–"), (0.05, "↓"), (np.nan, "↓")])
def test_an_arrow_follows_the_adjusted_p_beside_it_and_not_the_interval(shown, arms, p_family, arrow):
    """An interval that excludes no difference beside p = 0.293 across the family is no difference."""
    endpoint = next(each for each in shown.values() if answer.answer([each], arms).secondary)
    tables = {**endpoint.tables}
    tables["contrasts"] = tables["contrasts"].assign(
        estimate=-3.0, ci_low=-5.0, ci_high=-1.0, p_adjusted=0.03, p_family=p_family, conf_level=0.95
    )
    found = answer.answer([dataclasses.replace(endpoint, tables=tables)], arms).secondary[0].comparison
    assert found.arrow == arrow


def test_residuals_are_drawn_against_fitted_values_and_normal_quantiles(text):
    assert "normal quantile" in text and "standardised residual" in text


@pytest.mark.parametrize(
    ("analyte", "step"),
    [
        ("p-mTOR", "signalling"), ("p-mTOR (Ser2448)", "signalling"), ("pmTOR", "signalling"),
        ("phospho-S6", "signalling"), ("pS6", "signalling"), ("p-ERK1/2", "signalling"), ("4E-BP1", "signalling"),
        ("PSD-95", "synaptic_proteins"), ("GluA1", "synaptic_proteins"),
        ("glutamate/glutamine", "transmitter"), ("5-HT", "transmitter"), ("IL-6", ""),
    ],
)  # fmt: skip
def test_an_analyte_is_at_its_step_however_it_is_written(shown, analyte, step):
    titles = {one["name"]: one["title"] for one in effect_overview.MECHANISM["steps"]}
    planned = model.PlannedEndpoint("elisa", "concentration_pg_per_ml", {"analyte": (analyte,)})
    endpoint = dataclasses.replace(shown["psd95"], plan=planned)
    (found,) = [one.title for one in effect_overview.steps([endpoint]) if one.endpoints]
    assert found == titles.get(step, effect_overview.MECHANISM["other"])


@pytest.mark.parametrize(
    ("changed", "times"),
    [({}, "−40 to 120 min"), ({"window_min": (0.0, 60.0)}, "0 to 60 min"), ({"where": {"time_min": (240,)}}, "4 h")],
)
def test_an_endpoint_over_time_says_its_time(shown, changed, times):
    endpoint = copy.copy(shown["glutamate"])
    endpoint.plan = dataclasses.replace(endpoint.plan, **changed)
    assert endpoint.times == times and times in endpoint.title
    assert shown["immobility"].times == ""


def test_endpoints_are_named_by_their_titles(text):
    assert set(rows_of(text, "exclusions")["endpoint"]) <= {"Immobility", "Sucrose preference"}
    assert "Immobility" in set(rows_of(text, "tests")["endpoint"])


def test_the_primary_endpoint_is_drawn_at_the_head_of_the_page(text):
    head = text[text.index('<section id="answer"') : text.index("</section>", text.index('<section id="answer"'))]
    assert "difference of each arm, with interval" in head
    assert head.count("<circle") == 3


def test_no_effect_and_no_end_of_an_interval_is_cut_off_without_a_mark(shown, arms):
    rows = [row for row in effect_overview.effects(shown["immobility"], arms) if row.arm]
    far = [dataclasses.replace(row, size=effect_overview.Standardised(5.0, 2.0, 8.0)) for row in rows]
    low, high = effect_overview.limits([far])
    assert low < -1 and 5 < high < 6, "the axis holds the effects, not all of their intervals"
    further = [dataclasses.replace(row, size=effect_overview.Standardised(50.0, 20.0, 80.0)) for row in rows]
    assert effect_overview.limits([further])[1] < 9
    for layout in (effect_overview.WIDE, effect_overview.NARROW):
        drawn = effect_overview.effect_overview(list(shown.values()), arms, layout)
        assert "goes on beyond the scale" in drawn
