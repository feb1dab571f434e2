"""Statistics: error rate and power of the nested design, over all fits and within singular fits.

Run: .venv/bin/python benchmarks/nested_null.py [seed]

In a balanced design every test is a function of three sums of squares, drawn here for a million cohorts. The models are
fitted to some cohorts, and p must be that of the formula.
"""

import sys
from pathlib import Path

import numpy as np
from scipy import stats

sys.path.insert(0, str(Path(__file__).parents[1] / "workflow"))

from threadpoolctl import threadpool_limits

from ketaflow.statistics.models import kenward_roger, mixed

ANIMALS, ALPHA = 4, 0.05
OBSERVATIONS, CORRELATIONS = (5, 20), (0.0, 0.05, 0.1, 0.3)
COHORTS, FITTED = 1_000_000, 60
# Difference of two animals' means in units of its standard error: a power of 71 % of the test of animals' means.
EFFECT = 3.0
TESTS = ("Kenward-Roger", "Satterthwaite", "animals' means", "conditional")


def p_values(arms, animals, rest, observations):
    """Whether the fit is singular, and p of each test, from the mean squares between arms, animals and observations.

    The conditional test has a level of 5 % within singular fits: p of the animals' means over the probability of a
    singular fit, given the total of arms and animals, and the rest (complete and sufficient without an effect).
    """
    between, within = 2 * (ANIMALS - 1), 2 * ANIMALS * (observations - 1)
    singular = animals <= rest
    pooled = np.where(singular, (between * animals + within * rest) / (between + within), animals)
    means = stats.f.sf(arms / animals, 1, between)
    total = arms + between * animals
    reach = stats.beta.sf(np.maximum(0, 1 - between * rest / total), 0.5, between / 2)
    satterthwaite = stats.f.sf(arms / pooled, 1, np.where(singular, between + within, between))
    conditional = np.where(singular, means / np.maximum(reach, 1e-300), means)
    return singular, np.array([stats.f.sf(arms / pooled, 1, between), satterthwaite, means, conditional])


def drawn(rng, observations, correlation, effect):
    """Mean squares of ``COHORTS`` cohorts."""
    ratio = 1 + observations * correlation / (1 - correlation)
    between, within = 2 * (ANIMALS - 1), 2 * ANIMALS * (observations - 1)
    arms = ratio * rng.normal(effect, 1, COHORTS) ** 2
    return arms, ratio * rng.chisquare(between, COHORTS) / between, rng.chisquare(within, COHORTS) / within


def largest_difference(rng, observations, correlation):
    """Largest difference of p between fitted models and the formula."""
    codes = np.repeat(np.arange(2 * ANIMALS), observations)
    matrix = np.column_stack([np.ones(len(codes)), codes >= ANIMALS])
    grouping, weights = mixed.Grouping("animal", codes, np.ones((len(codes), 1))), np.array([[0.0, 1.0]])
    found = []
    for _ in range(FITTED):
        own = rng.normal(0, np.sqrt(correlation), 2 * ANIMALS)
        y = own[codes] + rng.normal(0, np.sqrt(1 - correlation), len(codes))
        fit = mixed.fit(matrix, y, [grouping])
        planned = kenward_roger.adjusted(fit, matrix, [grouping]) if fit.singular else fit
        by_animal = y.reshape(2, ANIMALS, observations)
        means = by_animal.mean(axis=2)
        arms = observations * ANIMALS / 2 * (means[0].mean() - means[1].mean()) ** 2
        animals, rest = observations * means.var(axis=1, ddof=1).mean(), by_animal.var(axis=2, ddof=1).mean()
        singular, p = p_values(np.array(arms), np.array(animals), np.array(rest), observations)
        assert bool(singular) == fit.singular
        found.append([planned.joint(weights).p_value - p[0], fit.joint(weights).p_value - p[1]])
    return np.abs(found).max()


def main():
    rng = np.random.default_rng(int(sys.argv[1]) if len(sys.argv) > 1 else 11)
    print(f"2 arms x {ANIMALS} animals, {COHORTS:,} cohorts, alpha {ALPHA}: p < alpha (%), all fits / singular fits")
    for effect, title in ((0.0, "without an effect"), (EFFECT, "with an effect")):
        print(f"{title}\n  rows  ICC   singular  {'  '.join(f'{name:>14s}' for name in TESTS)}")
        for observations in OBSERVATIONS:
            for correlation in CORRELATIONS:
                singular, p = p_values(*drawn(rng, observations, correlation, effect), observations)
                rates = [
                    f"{100 * (each < ALPHA).mean():6.1f} /{100 * (each[singular] < ALPHA).mean():6.1f}" for each in p
                ]
                print(f"  {observations:4d}  {correlation:4.2f}  {100 * singular.mean():7.1f}  {'  '.join(rates)}")
    with threadpool_limits(1):
        differences = [largest_difference(rng, rows, share) for rows in OBSERVATIONS for share in CORRELATIONS]
    print(
        f"largest difference between a fitted model's p and the formula's, {8 * FITTED} cohorts: {max(differences):.1e}"
    )


if __name__ == "__main__":
    main()
