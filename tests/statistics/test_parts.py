"""The parts under the analysis: probabilities, families, sizes of effect, power, ranks, mixed models, curves."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from threadpoolctl import threadpool_limits

from ketaflow.statistics.adapters import posthocs_adapter, statsmodels_adapter
from ketaflow.statistics.models import kenward_roger, mixed
from ketaflow.statistics.results import multiplicity
from ketaflow.statistics.results.rows import ContrastRow
from ketaflow.statistics.tests import dose_curves, effect_sizes, group_tests, multivariate_t

EQUAL = np.full((3, 3), 0.5) + 0.5 * np.eye(3)


# --- probabilities of several t at once -----------------------------------------------------------------------------


def test_one_t_is_students_t():
    p = multivariate_t.adjusted_p(np.array([2.1]), np.array([7.0]), np.eye(1), "two-sided")
    assert p[0] == pytest.approx(2 * stats.t.sf(2.1, 7), rel=1e-9)


@pytest.mark.parametrize(("df", "one_sided", "two_sided"), [(10, 2.34, 2.76), (20, 2.19, 2.54), (60, 2.10, 2.41)])
def test_critical_values_are_those_of_dunnetts_tables(df, one_sided, two_sided):
    """Three treatments, alpha .05, equal groups: Dunnett 1955 table 1a, 1964 table 2 (doi:10.2307/2528490)."""
    assert round(multivariate_t.critical_value(0.95, EQUAL, df, "greater"), 2) == one_sided
    assert round(multivariate_t.critical_value(0.95, EQUAL, df, "two-sided"), 2) == pytest.approx(two_sided, abs=0.011)


def test_the_lattice_agrees_with_the_quadrature():
    limits = multivariate_t.limits(2.3, 3, "two-sided")
    assert multivariate_t._by_lattice(*limits, EQUAL, 12.0) == pytest.approx(
        multivariate_t.inside(*limits, EQUAL, 12.0), abs=5e-5
    )


def test_steep_correlations_are_still_summed_exactly():
    loadings = np.array([0.95, 0.9, 0.97, 0.99])
    correlation = np.outer(loadings, loadings)
    np.fill_diagonal(correlation, 1)
    limits = multivariate_t.limits(2.2, 4, "two-sided")
    drawn = stats.multivariate_t(shape=correlation, df=9, seed=1).rvs(400_000)
    assert multivariate_t.inside(*limits, correlation, 9.0) == pytest.approx(
        np.mean(np.abs(drawn).max(axis=1) < 2.2), abs=2e-3
    )


def test_the_studentised_range_is_scipys():
    assert multivariate_t.range_p(3.6, 4, 16) == pytest.approx(stats.studentized_range.sf(3.6, 4, 16), rel=1e-7)
    assert multivariate_t.range_critical(0.95, 4, 16) == pytest.approx(
        stats.studentized_range.ppf(0.95, 4, 16), rel=1e-6
    )


@settings(max_examples=30, deadline=None)
@given(t=st.floats(-8, 8), shift=st.floats(-8, 8), df=st.floats(2, 200))
def test_the_noncentral_t_has_no_gaps(t, shift, df):
    p = multivariate_t.noncentral(t, df, shift)
    assert -1e-9 <= p <= 1 + 1e-9
    assert p + multivariate_t.noncentral(-t, df, -shift) == pytest.approx(1, abs=1e-6)


# --- families -------------------------------------------------------------------------------------------------------


def holm(p):
    order = np.argsort(p)
    return np.minimum(np.maximum.accumulate(np.sort(p) * np.arange(len(p), 0, -1)), 1)[np.argsort(order)]


@given(p=st.lists(st.floats(1e-6, 1), min_size=1, max_size=8))
def test_single_hypotheses_get_holms_own_p(p):
    p = np.array(p)
    np.testing.assert_allclose(multiplicity.across(p, p, np.arange(len(p)), "holm"), holm(p))
    np.testing.assert_allclose(multiplicity.across(p, p, np.arange(len(p)), "bh"), stats.false_discovery_control(p))


def test_one_endpoint_alone_keeps_dunnetts_p():
    p = np.array([0.01, 0.2, 0.04])
    for method in ("holm", "hochberg", "fixed_sequence"):
        np.testing.assert_allclose(multiplicity.across(p, p, np.zeros(3), method), p)


def test_an_endpoint_counts_until_its_last_hypothesis_falls():
    """Two endpoints of two doses: the second's first p is doubled while the first's larger p stands."""
    p, groups = np.array([0.001, 0.5, 0.02, 0.03]), np.array([0, 0, 1, 1])
    np.testing.assert_allclose(multiplicity.across(p, p, groups, "holm"), [0.002, 0.5, 0.04, 0.06])


def test_a_fixed_sequence_stops_at_its_first_doubt():
    p = np.array([0.01, 0.2, 0.001])
    np.testing.assert_allclose(multiplicity.across(p, p, np.arange(3), "fixed_sequence"), [0.01, 0.2, 0.2])


def test_a_comparison_that_was_not_made_counts_and_stays_empty():
    p = np.array([0.01, np.nan])
    adjusted = multiplicity.across(p, p, np.arange(2), "holm")
    assert adjusted[0] == pytest.approx(0.02)
    assert np.isnan(adjusted[1])


@pytest.mark.parametrize("method", ["holm", "hochberg", "fixed_sequence"])
def test_the_family_keeps_its_error_rate(method):
    """Two endpoints, three doses each with Dunnett's p; one dose acts strongly on the first endpoint."""
    rng = np.random.default_rng(4)
    groups, wrong, count = np.repeat([0, 1], 3), 0, 3000
    critical = [multivariate_t.critical_value(level, EQUAL, 1e6, "two-sided") for level in (0.95, 0.975)]
    grid = np.array([multivariate_t.adjusted_p(np.array([t]), np.array([1e6]), EQUAL, "two-sided")[0] for t in STEPS])
    for _ in range(count):
        shared = rng.normal(size=2).repeat(3)
        z = np.sqrt(0.5) * (shared + rng.normal(size=6))
        p = np.interp(np.abs(z), STEPS, grid)
        p[0] = 1e-8
        wrong += np.any(multiplicity.across(p, p, groups, method)[1:] <= 0.05)
    assert wrong / count < 0.05 + 0.012
    assert critical[1] > critical[0]


STEPS = np.linspace(0, 6, 121)


# --- sizes of effect ------------------------------------------------------------------------------------------------


def test_hedges_g_has_the_sign_of_the_difference():
    low, high = np.array([1.0, 2, 3, 4]), np.array([3.0, 4, 5, 6])
    up, down = effect_sizes.hedges_g(high, low, level=0.95), effect_sizes.hedges_g(low, high, level=0.95)
    assert up.value > 0 > down.value
    assert (up.low, up.high) == pytest.approx((-down.high, -down.low))


def test_hedges_g_without_variance_is_not_a_number():
    assert np.isnan(effect_sizes.hedges_g(np.ones(3), np.ones(3), level=0.95).value)


def test_cliffs_delta_counts_pairs():
    size = effect_sizes.cliffs_delta(np.array([3.0, 5.0, 7.0]), np.array([1.0, 4.0]), level=0.95)
    assert size.value == pytest.approx(4 / 6)
    assert -1 <= size.low < size.value < size.high <= 1
    apart = effect_sizes.cliffs_delta(np.array([5.0, 6.0, 7.0]), np.array([1.0, 2.0, 3.0]), level=0.95)
    assert apart.value == 1
    assert apart.low < 1


def test_equivalence_and_its_interval_agree():
    for estimate in (-3.0, 0.4, 1.9, 2.6):
        row = ContrastRow(estimate=estimate, se=0.8, df=14)
        row = effect_sizes.with_equivalence(row, margin=3.0, alpha=0.05)
        inside = row.equivalence_low > -3 and row.equivalence_high < 3
        assert inside == (row.equivalence_p_value < 0.05)


def test_sample_sizes_give_the_power_asked_for():
    n = statsmodels_adapter.anova_n(4, 0.4, alpha=0.05, power=0.8)
    critical = stats.f.isf(0.05, 3, 4 * (n - 1))
    assert stats.ncf.sf(critical, 3, 4 * (n - 1), 4 * n * 0.4**2) == pytest.approx(0.8, abs=1e-6)
    assert statsmodels_adapter.t_test_n(20.0, alpha=0.05, power=0.8) == 2
    assert statsmodels_adapter.anova_n(4, 20.0, alpha=0.05, power=0.8) == 2
    assert statsmodels_adapter.t_test_n(0.001, alpha=0.05, power=0.8) == pytest.approx(15_697_722, rel=1e-6)


# --- ranks ----------------------------------------------------------------------------------------------------------


def dunn_by_hand(groups):
    """Dunn 1964 with the tie correction."""
    values = np.concatenate(groups)
    parts = np.split(stats.rankdata(values), np.cumsum([len(group) for group in groups])[:-1])
    count, ties = len(values), np.unique(values, return_counts=True)[1].astype(float)
    variance = (count * (count + 1) - np.sum(ties**3 - ties) / (count - 1)) / 12
    means, sizes = np.array([part.mean() for part in parts]), np.array([len(part) for part in parts])
    return np.subtract.outer(means, means) / np.sqrt(variance * np.add.outer(1 / sizes, 1 / sizes))


def test_dunns_z_is_that_of_the_formula():
    rng = np.random.default_rng(6)
    groups = [np.round(rng.normal(shift, 1, 6), 1) for shift in (0, 0.5, 1)]
    np.testing.assert_allclose(posthocs_adapter.dunn_z(groups), dunn_by_hand(groups), rtol=1e-9, atol=1e-12)


def test_jonckheere_counts_the_pairs_that_rise():
    rng = np.random.default_rng(6)
    groups = [np.round(rng.normal(shift, 1, 6), 1) for shift in (0, 0.5, 1)]
    j, z, p = group_tests.jonckheere(groups, "greater")
    assert j == sum(
        np.sum(b[:, None] > a) + np.sum(b[:, None] == a) / 2 for i, b in enumerate(groups) for a in groups[:i]
    )
    assert z > 0
    assert p == pytest.approx(stats.norm.sf(z))


# --- mixed models ---------------------------------------------------------------------------------------------------


def crossed(seed=8):
    rng = np.random.default_rng(seed)
    animal, day = np.repeat(np.arange(12), 6), np.tile(np.arange(6), 12)
    y = rng.normal(0, 2, 12)[animal] + rng.normal(0, 1, 6)[day] + rng.normal(size=72)
    matrix = np.column_stack([np.ones(72), animal % 2])
    ones = np.ones((72, 1))
    return matrix, y, [mixed.Grouping("animal", animal, ones), mixed.Grouping("day", day, ones)]


def dense_deviance(matrix, y, groupings, variances, residual):
    covariance = residual * np.eye(len(y))
    for grouping, variance in zip(groupings, variances, strict=True):
        covariance += variance * (grouping.codes[:, None] == grouping.codes)
    solved = np.linalg.solve(covariance, matrix)
    beta = np.linalg.solve(matrix.T @ solved, solved.T @ y)
    left = y - matrix @ beta
    return (
        np.linalg.slogdet(covariance)[1] + np.linalg.slogdet(matrix.T @ solved)[1]
        + left @ np.linalg.solve(covariance, left) + (len(y) - matrix.shape[1]) * np.log(2 * np.pi)
    )  # fmt: skip


def test_the_profile_is_the_dense_likelihood():
    matrix, y, groupings = crossed()
    profile, theta = mixed.Profile(matrix, y, groupings), np.array([1.3, 0.6])
    _, left_over, _, _ = profile.parts(theta)
    residual = left_over / (len(y) - 2)
    dense = dense_deviance(matrix, y, groupings, residual * theta**2, residual)
    assert profile.deviance(theta) == pytest.approx(dense, rel=1e-10)


def test_the_fit_is_the_optimum():
    matrix, y, groupings = crossed()
    fit = mixed.fit(matrix, y, groupings)
    variances = {part.group: part.variance for part in fit.components}
    best = dense_deviance(matrix, y, groupings, [variances["animal"], variances["day"]], variances["residual"])
    assert best == pytest.approx(-2 * fit.reml_log_likelihood, rel=1e-9)
    for factor in (0.97, 1.03):
        for i in range(2):
            moved = [variances["animal"], variances["day"]]
            moved[i] *= factor
            assert dense_deviance(matrix, y, groupings, moved, variances["residual"]) > best


def test_without_spread_between_animals_the_variance_is_zero_and_the_fit_goes_on():
    animal = np.repeat(np.arange(6), 4)
    y = np.tile([1.0, 2.0, 3.0, 4.0], 6) + np.tile([0.0, 0.1], 12)
    matrix = np.column_stack([np.ones(24), animal % 2])
    fit = mixed.fit(matrix, y, [mixed.Grouping("animal", animal, np.ones((24, 1)))])
    assert fit.singular
    assert fit.components[0].variance == 0
    assert fit.estimate(np.array([0.0, 1.0])).df == pytest.approx(22, rel=1e-6)


def test_satterthwaite_and_kenward_roger_agree_where_groups_are_equal():
    animal = np.repeat(np.arange(8), 5)
    y = np.random.default_rng(9).normal(size=8)[animal] * 2 + np.random.default_rng(10).normal(size=40)
    matrix = np.column_stack([np.ones(40), animal % 2])
    groupings = [mixed.Grouping("animal", animal, np.ones((40, 1)))]
    fit = mixed.fit(matrix, y, groupings)
    weights = np.array([0.0, 1.0])
    adjusted = kenward_roger.adjusted(fit, matrix, groupings)
    assert fit.estimate(weights).df == pytest.approx(6, rel=1e-5)
    assert adjusted.estimate(weights).df == pytest.approx(6, rel=1e-6)
    assert adjusted.estimate(weights).se == pytest.approx(fit.estimate(weights).se, rel=1e-6)


def test_variances_agree_with_statsmodels():
    smf = pytest.importorskip("statsmodels.formula.api")
    rng = np.random.default_rng(11)
    frame = pd.DataFrame({"animal": np.repeat(np.arange(10), 7)})
    frame["y"] = rng.normal(0, 1.5, 10)[frame["animal"]] + rng.normal(size=70) + frame["animal"] % 2
    frame["arm"] = frame["animal"] % 2
    with threadpool_limits(1):
        theirs = smf.mixedlm("y ~ arm", frame, groups=frame["animal"]).fit()
        matrix = np.column_stack([np.ones(70), frame["arm"]])
        ours = mixed.fit(
            matrix, frame["y"].to_numpy(), [mixed.Grouping("animal", frame["animal"].to_numpy(), np.ones((70, 1)))]
        )
    assert ours.reml_log_likelihood == pytest.approx(theirs.llf, rel=1e-8)
    np.testing.assert_allclose(ours.beta, theirs.fe_params, rtol=1e-4)


# --- curves ---------------------------------------------------------------------------------------------------------


def emax_data(noise, ed50=6.0, seed=2):
    doses = np.repeat([0.0, 2.5, 5.0, 10.0, 20.0], 6)
    return doses, 100 - 60 * doses / (ed50 + doses) + np.random.default_rng(seed).normal(0, noise, len(doses))


def test_an_emax_curve_is_found_again():
    curve = dose_curves.fit(dose_curves.EMAX, *emax_data(1e-6))
    e0, emax, log_ed50 = curve.parameters
    assert (e0, emax, np.exp(log_ed50)) == pytest.approx((100, -60, 6), rel=1e-4)


def test_a_logistic_curve_is_found_again():
    doses = np.repeat([0.0, 1.0, 2.0, 4.0, 8.0, 16.0, 32.0], 4)
    y = 8 + (0.5 - 8) / (1 + 25 / np.maximum(doses, 1e-9) ** 2)
    control, change, log_slope, log_ed50 = dose_curves.fit(dose_curves.LOGISTIC, doses, y).parameters
    assert (control, control + change, np.exp(log_slope), np.exp(log_ed50)) == pytest.approx((8, 0.5, 2, 5), rel=1e-4)


def lines_of(lab, doses, y):
    frame = pd.DataFrame({"animal": [f"a{i}" for i in range(len(y))], "arm": [f"d{d:g}" for d in doses], "value": y})
    levels = sorted(set(doses))
    tables = lab.study(frame, lab.arms([f"d{d:g}" for d in levels], doses=levels))
    return lab.analyse(tables, {"endpoints": {"e": {}}})["dose_response"].set_index(["model", "parameter"])


def test_a_clear_curve_is_printed_with_its_interval(lab):
    lines = lines_of(lab, *emax_data(3.0))
    ed50 = lines.loc[("emax", "ed50")]
    assert ed50["estimable"] == "yes"
    assert ed50["ci_low"] < 6 < ed50["ci_high"]
    assert lines.loc[("step-down", "minimum_effective_dose"), "estimate"] == 2.5


@pytest.mark.parametrize(
    ("noise", "ed50", "says"),
    [
        (500.0, 6.0, "the doses do not differ"),
        (1.0, 400.0, "outside the doses given"),
        (35.0, 1.0, "ED50"),
    ],
)
def test_a_curve_the_doses_cannot_carry_is_not_estimable(lab, noise, ed50, says):
    line = lines_of(lab, *emax_data(noise, ed50)).loc[("emax", "ed50")]
    assert line["estimable"] == "no"
    assert says in line["note"]
    assert np.isnan(line["estimate"])


def test_four_doses_hold_no_four_parameters(lab):
    doses, y = emax_data(1.0)
    lines = lines_of(lab, doses[doses != 2.5], y[doses != 2.5])
    assert "4 dose levels cannot identify a curve of 4" in lines.loc[("four_parameter_logistic", "ed50"), "note"]


def test_a_search_that_jumped_to_zero_is_brought_back(monkeypatch):
    """Some versions of the optimiser step onto the bound at once, where the criterion is level."""
    matrix, y, groupings = crossed()
    undisturbed = mixed.fit(matrix, y, groupings)
    search, calls = mixed._search, []

    def jumping(profile, start):
        calls.append(start)
        return np.zeros(len(start)) if len(calls) == 1 else search(profile, start)

    monkeypatch.setattr(mixed, "_search", jumping)
    fit = mixed.fit(matrix, y, groupings)
    assert len(calls) > 1
    np.testing.assert_allclose(fit.theta, undisturbed.theta, atol=1e-4)
    np.testing.assert_allclose(fit.covariance, undisturbed.covariance, rtol=1e-3)
