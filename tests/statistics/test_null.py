"""Without an effect, 5 % of tests say there is one: not 47 %, as when spines are counted as animals."""

import numpy as np
import pytest
from scipy import stats
from threadpoolctl import threadpool_limits

from ketaflow.statistics.models import kenward_roger, linear, mixed

ANIMALS, SPINES, ICC = 4, 20, 0.3
ARM = np.repeat([0, 1], ANIMALS)


def cohorts(count, seed):
    rng = np.random.default_rng(seed)
    for _ in range(count):
        animal = rng.normal(0, np.sqrt(ICC), 2 * ANIMALS)
        yield animal[:, None] + rng.normal(0, np.sqrt(1 - ICC), (2 * ANIMALS, SPINES))


def design(arm):
    return np.column_stack([np.ones(len(arm)), arm])


def test_spines_counted_as_animals_find_effects_that_are_not_there():
    rng, count = np.random.default_rng(1), 10_000
    animal = rng.normal(0, np.sqrt(ICC), (count, 2, ANIMALS))
    spines = animal[..., None] + rng.normal(0, np.sqrt(1 - ICC), (count, 2, ANIMALS, SPINES))
    first, second = (spines[:, arm].reshape(count, -1) for arm in (0, 1))
    assert np.mean(stats.ttest_ind(first, second, axis=1).pvalue < 0.05) > 0.4


def test_unit_means_keep_the_error_rate():
    """The rate of 20,000 cohorts by the t test, which the linear model of animals' means is."""
    means = np.array([y.mean(axis=1) for y in cohorts(20_000, 2)]).reshape(-1, 2, ANIMALS)
    p = stats.ttest_ind(means[:, 0], means[:, 1], axis=1).pvalue
    assert abs(np.mean(p < 0.05) - 0.05) < 0.005
    for y, expected in zip(means[:40].reshape(40, -1), p[:40], strict=True):
        model = linear.least_squares(design(ARM), y).joint(np.eye(2)[1:])
        np.testing.assert_allclose(model.p_value, expected, rtol=1e-9)


def test_the_nested_model_keeps_the_error_rate():
    """Where the fit is not singular, its p is that of animals' means, whose rate is tested above."""
    matrix, codes, fits = design(np.repeat(ARM, SPINES)), np.repeat(np.arange(2 * ANIMALS), SPINES), 0
    grouping = mixed.Grouping("animal", codes, np.ones((len(codes), 1)))
    with threadpool_limits(1):
        for y in cohorts(80, 3):
            fit = mixed.fit(matrix, y.ravel(), [grouping])
            means = y.mean(axis=1).reshape(2, ANIMALS)
            if not fit.singular:
                fits += 1
                expected = stats.ttest_ind(*means).pvalue
                np.testing.assert_allclose(fit.joint(np.eye(2)[1:]).p_value, expected, rtol=1e-4)
    assert fits > 70


@pytest.mark.parametrize("spines", [5, SPINES])
def test_a_singular_fit_is_tested_as_eight_animals_not_as_all_spines(spines):
    """Kenward and Roger's test: the pooled standard error, with the degrees of freedom of the animals' means."""
    rng, codes, fits = np.random.default_rng(4), np.repeat(np.arange(2 * ANIMALS), spines), 0
    matrix, grouping = design(np.repeat(ARM, spines)), mixed.Grouping("animal", codes, np.ones((len(codes), 1)))
    difference = np.array([0.0, 1.0])
    while fits < 3:
        y = rng.normal(size=len(codes))
        fit = mixed.fit(matrix, y, [grouping])
        means = y.reshape(-1, spines).mean(axis=1)
        error = y - matrix @ np.linalg.lstsq(matrix, y, rcond=None)[0]
        between = spines * np.var(means.reshape(2, ANIMALS), axis=1, ddof=1).mean()
        within = np.sum((y - means[codes]) ** 2) / (2 * ANIMALS * (spines - 1))
        assert fit.singular == (between <= within)
        if not fit.singular:
            continue
        fits += 1
        planned = kenward_roger.adjusted(fit, matrix, [grouping]).estimate(difference)
        pooled = np.sqrt(error @ error / (len(codes) - 2) * 2 / (ANIMALS * spines))
        np.testing.assert_allclose((planned.df, planned.se), (2 * (ANIMALS - 1), pooled), rtol=1e-6)
        np.testing.assert_allclose(fit.estimate(difference).df, len(codes) - 2, rtol=1e-6)
