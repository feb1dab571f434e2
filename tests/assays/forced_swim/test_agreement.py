"""Agreement of two scorers against published results and another program."""

import numpy as np
import pandas as pd
import pytest

from ketaflow.assays.forced_swim.raters import agreement


def test_icc_equals_the_published_example_of_shrout_and_fleiss():
    # Shrout & Fleiss (1979), Psychol Bull 86:420-428, table 2; ICC(2,1) = 0.29 in table 4.
    ratings = np.array([[9, 2, 5, 8], [6, 1, 3, 2], [8, 4, 6, 8], [7, 1, 2, 6], [10, 5, 6, 9], [6, 2, 4, 7]], float)
    icc, low, high = agreement.icc_2_1(ratings)
    assert icc == pytest.approx(0.29, abs=0.005)
    assert low < icc < high


def test_icc_and_its_interval_equal_pingouin():
    import pingouin

    rng = np.random.default_rng(1)
    ratings = rng.normal(100, 30, (12, 1)) + rng.normal(0, 10, (12, 2)) + [0, 8]
    long = pd.DataFrame({"target": np.repeat(np.arange(12), 2), "rater": [0, 1] * 12, "score": ratings.ravel()})
    table = pingouin.intraclass_corr(long, "target", "rater", "score").set_index("Type").iloc[1]
    icc, low, high = agreement.icc_2_1(ratings)
    assert icc == pytest.approx(table["ICC"], abs=1e-6)
    np.testing.assert_allclose([low, high], table["CI95"], atol=0.006)


def test_bland_altman_limits_are_bias_and_two_standard_deviations():
    limits = agreement.limits_of_agreement(np.array([1.0, 2.0, 3.0]))
    assert (limits.bias, limits.low, limits.high) == pytest.approx((2, 2 - 1.96, 2 + 1.96))


def test_intervals_of_bias_and_limits_equal_the_worked_example():
    # Bland & Altman (1986): 17 subjects, differences of peak flow with mean -2.1 and sd 38.8 l/min. Bias -22.0 to 17.8,
    # lower limit -114.3 to -45.1, upper 40.9 to 110.1, where a limit lies 2 sd away and has a standard error of
    # sqrt(3 sd^2 / n): here 1.96 sd, so the limits lie 1.6 nearer and their intervals are as wide within 0.5.
    rng = np.random.default_rng(0)
    differences = rng.normal(size=17)
    differences = -2.1 + 38.8 * (differences - differences.mean()) / differences.std(ddof=1)
    limits = agreement.limits_of_agreement(differences)
    assert limits.bias_ci == pytest.approx((-22.0, 17.8), abs=0.15)
    assert np.add(limits.low_ci, -1.552) == pytest.approx((-114.3, -45.1), abs=0.5)
    assert np.add(limits.high_ci, 1.552) == pytest.approx((40.9, 110.1), abs=0.5)


def test_kappa_of_chance_agreement_is_zero():
    first, second = np.array([0, 0, 1, 1]), np.array([0, 1, 0, 1])
    assert agreement.kappa(first, second) == 0
    assert agreement.kappa(first, first) == 1


def test_pairwise_kappa_equals_kappa_over_the_common_length():
    rng = np.random.default_rng(4)
    first, second = ([rng.random(size) < 0.3 for size in sizes] for sizes in ((50, 40), (50, 50, 45)))
    table = agreement.pairwise_kappa(first, second)
    for i, one in enumerate(first):
        for j, other in enumerate(second):
            n = min(len(one), len(other))
            assert table[i, j] == pytest.approx(agreement.kappa(one[:n], other[:n]), abs=1e-6)
