"""How many animals the next cohort needs for the smallest effect that would matter."""

import numpy as np
from scipy import optimize, special, stats

from ketaflow.statistics.dataset import EndpointTable
from ketaflow.statistics.model import Endpoint, Line


def planned(table: EndpointTable, endpoint: Endpoint, *, alpha: float, power: float) -> list[Line]:
    """Animals per arm for the declared smallest effect, from this cohort's spread between animals."""
    smallest = endpoint.smallest_effect
    if smallest is None or not table.treatment or endpoint.scale == "logit":
        return []
    groups = list(table.groups.values())
    df = [len(group) - 1 for group in groups]
    sd = float(np.sqrt(np.average([np.var(group, ddof=1) for group in groups], weights=df)))
    effect = float(np.log(smallest)) if endpoint.scale == "log" else float(smallest)
    arms = len(table.levels[table.treatment])
    common = {
        "smallest_effect": smallest, "unit": table.facts.get("unit", ""), "sd": sd, "alpha": alpha, "power": power,
        "n_now": min(map(len, groups)), "groups": arms,
    }  # fmt: skip
    d = effect / sd
    f = d * np.sqrt(1 / (2 * arms))
    rows = []
    for test, size, n in (
        ("two groups, t test", d, t_test_n(d, alpha=alpha, power=power)),
        ("one-way anova, two arms apart by the smallest effect", f, anova_n(arms, f, alpha=alpha, power=power)),
    ):
        rows.append(
            common | {"test": test, "standardised_effect": size, "n_exact": n, "n_per_arm": int(np.ceil(n - 1e-9))}
        )
    return rows


def anova_power(n: float, groups: int, f: float, *, alpha: float) -> float:
    """Power of a one-way anova with ``n`` animals in each of ``groups`` arms at Cohen's f."""
    df1, df2 = groups - 1, groups * (n - 1)
    return float(1 - special.ncfdtr(df1, df2, groups * n * f**2, stats.f.isf(alpha, df1, df2)))


def t_test_power(n: float, d: float, *, alpha: float) -> float:
    """Power of a two-sided t test (the rejection in the wrong direction left out, as R and G*Power do by default)."""
    df = 2 * (n - 1)
    return float(1 - special.nctdtr(df, d * np.sqrt(n / 2), stats.t.isf(alpha / 2, df)))


def anova_n(groups: int, f: float, *, alpha: float, power: float) -> float:
    """Animals per arm, not rounded."""
    return _smallest(lambda n: anova_power(n, groups, f, alpha=alpha), power)


def t_test_n(d: float, *, alpha: float, power: float) -> float:
    """Animals per arm, not rounded."""
    return _smallest(lambda n: t_test_power(n, d, alpha=alpha), power)


def _smallest(power_at, power: float) -> float:
    high = 4.0
    while power_at(high) < power and high < 1e7:
        high *= 2
    if power_at(2.0) >= power:
        return 2.0
    return float(optimize.brentq(lambda n: power_at(n) - power, 2.0, high, xtol=1e-10))
