"""Sample size for the smallest effect that matters, and the smallest effect that this cohort could detect."""

from dataclasses import replace

import numpy as np

from ketaflow.statistics.adapters import pingouin_adapter, statsmodels_adapter
from ketaflow.statistics.dataset import Analysis
from ketaflow.statistics.results.rows import PowerRow
from ketaflow.statistics.tests import group_tests

NOTE = "pooled standard deviation between animals; animals' means if there are several rows"


def estimated(analysis: Analysis) -> list[PowerRow]:
    """Rows of the power table, from the standard deviation between the animals of this cohort.

    Parameters
    ----------
    analysis : Analysis
        The endpoint, with ``settings.power``.

    Returns
    -------
    list of PowerRow
        The smallest difference of two groups that this cohort detects (a sensitivity analysis in the sense of G*Power),
        and the sample sizes for ``smallest_effect`` if the plan has it. Empty without variance.
    """
    table, endpoint, power = analysis.table, analysis.endpoint, analysis.settings.power
    groups = list(table.groups.values()) if table.treatment else []
    if len(groups) < 2 or all(map(group_tests.is_constant, groups)):
        return []
    df = [len(group) - 1 for group in groups]
    sd = float(np.sqrt(np.average([np.var(group, ddof=1) for group in groups], weights=df)))
    reference, *others = map(len, groups)
    d = pingouin_adapter.detectable_d(min(others), reference, alpha=analysis.alpha, power=power)
    common = PowerRow(
        sd=sd, alpha=analysis.alpha, power=power, groups=len(groups), n_now=min(map(len, groups)), note=NOTE,
        unit=table.measure.unit if endpoint.scale == "identity" else {"log": "ratio", "logit": "logit"}[endpoint.scale],
    )  # fmt: skip
    detectable = float(np.exp(d * sd)) if endpoint.scale == "log" else d * sd
    test = "detectable difference, two groups, t test"
    rows = [replace(common, test=test, standardised_effect=d, detectable_effect=detectable)]
    smallest = endpoint.smallest_on_scale
    if smallest is None or endpoint.smallest_effect is None:
        return rows
    d, arms = smallest / sd, len(groups)
    f = d * float(np.sqrt(1 / (2 * arms)))
    sizes = (
        ("two groups, t test", d, statsmodels_adapter.t_test_n(d, alpha=analysis.alpha, power=power)),
        (
            "one-way anova, two arms apart by the smallest effect",
            f,
            statsmodels_adapter.anova_n(arms, f, alpha=analysis.alpha, power=power),
        ),
    )
    for test, size, n in sizes:
        rows.append(
            replace(
                common, test=test, standardised_effect=size, smallest_effect=endpoint.smallest_effect, n_exact=n,
                n_per_arm=float(np.ceil(n - 1e-9)),
            )
        )  # fmt: skip
    return rows
