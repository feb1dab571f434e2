"""Statistics: type I error of the nested design without an effect, over all fits and within singular fits.

Run: .venv/bin/python benchmarks/nested_null.py [cohorts]
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


def rejections(count, observations, correlation, rng):
    """Of each cohort: whether the fit is singular; p of the plan's test, of Satterthwaite's and of animals' means."""
    arm = np.repeat([0.0, 1.0], ANIMALS * observations)
    matrix, codes = np.column_stack([np.ones(len(arm)), arm]), np.repeat(np.arange(2 * ANIMALS), observations)
    grouping = mixed.Grouping("animal", codes, np.ones((len(codes), 1)))
    weights, found = np.array([[0.0, 1.0]]), []
    for _ in range(count):
        animal = rng.normal(0, np.sqrt(correlation), 2 * ANIMALS)
        y = animal[codes] + rng.normal(0, np.sqrt(1 - correlation), len(codes))
        fit = mixed.fit(matrix, y, [grouping])
        planned = kenward_roger.adjusted(fit, matrix, [grouping]) if fit.singular else fit
        means = y.reshape(2, ANIMALS, observations).mean(axis=2)
        p = (planned.joint(weights).p_value, fit.joint(weights).p_value, stats.ttest_ind(*means).pvalue)
        found.append((fit.singular, *(value < ALPHA for value in p)))
    return np.array(found, dtype=bool)


def main():
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 2000
    rng = np.random.default_rng(11)
    print(
        f"2 arms x {ANIMALS} animals, {count} cohorts each, alpha {ALPHA}; rejected (%): all fits, then singular fits"
    )
    print("  rows  ICC   singular |  plan  Satterthwaite  means |  plan  Satterthwaite  means")
    with threadpool_limits(1):
        for observations in OBSERVATIONS:
            for correlation in CORRELATIONS:
                found = rejections(count, observations, correlation, rng)
                singular = found[found[:, 0], 1:]
                everything, within = 100 * found[:, 1:].mean(axis=0), 100 * singular.mean(axis=0)
                print(
                    f"  {observations:4d}  {correlation:4.2f}  {100 * found[:, 0].mean():7.1f}  | "
                    f"{everything[0]:5.1f}  {everything[1]:13.1f}  {everything[2]:5.1f} | "
                    f"{within[0]:5.1f}  {within[1]:13.1f}  {within[2]:5.1f}",
                    flush=True,
                )


if __name__ == "__main__":
    main()
