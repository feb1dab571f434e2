"""Classical tests, power and Bayes factors by pingouin, in our names.

pingouin takes 1.1 s of CPU to import and renames its columns between versions: it is imported where it is used, and by
this module alone. Nothing is rounded: of the functions used, none rounds the columns that are read.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import pandas as pd

from ketaflow.statistics.adapters import TestResult
from ketaflow.statistics.model import Groups


@dataclass(frozen=True)
class PairTest:
    """A comparison of two groups: difference (level - reference), standard error, t, df and adjusted p."""

    level: str
    reference: str
    estimate: float
    se: float
    statistic: float
    df: float
    p_adjusted: float


def games_howell(groups: Groups) -> list[PairTest]:
    """Games and Howell's comparisons of all pairs; pairs without any variance are left out.

    Parameters
    ----------
    groups : mapping of str to (n_animals,) float
        Level and values, the reference first: of each pair, the earlier level is the reference.

    Returns
    -------
    list of PairTest
        Differences in the unit of the values, with adjusted p; ordered by reference, then by level.
    """
    import pingouin

    with np.errstate(divide="ignore", invalid="ignore"):
        found = pingouin.pairwise_gameshowell(_long(groups), dv="value", between="group")
    order, rows = list(groups), []
    for row in found[np.isfinite(found["df"])].to_dict("records"):
        sign = 1 if order.index(row["A"]) > order.index(row["B"]) else -1
        level, reference = (row["A"], row["B"]) if sign > 0 else (row["B"], row["A"])
        numbers = (sign * row["diff"], row["se"], sign * row["T"], row["df"], row["pval"])
        rows.append(PairTest(level, reference, *map(float, numbers)))
    return sorted(rows, key=lambda row: (order.index(row.reference), order.index(row.level)))


def friedman(values: pd.DataFrame) -> tuple[TestResult, float]:
    """Friedman's test of repeated measurements.

    Parameters
    ----------
    values : (n_animals, n_times) data frame
        Without missing cells.

    Returns
    -------
    result : TestResult
        Chi squared with its degrees of freedom and p.
    w : float
        Kendall's W, 0 to 1.
    """
    import pingouin

    found = pingouin.friedman(values.reset_index(drop=True)).iloc[0]
    return TestResult(float(found["Q"]), float(found["ddof1"]), np.nan, float(found["p_unc"])), float(found["W"])


def holm(p: np.ndarray) -> np.ndarray:
    """Holm's adjusted p.

    statsmodels' ``multipletests`` gives the same but collects garbage in every call (45 ms).

    Parameters
    ----------
    p : (n_tests,) float
        Unadjusted p.

    Returns
    -------
    (n_tests,) float
        Adjusted p, in the same order.
    """
    return _adjusted(p, "holm")


def benjamini_hochberg(p: np.ndarray) -> np.ndarray:
    """Benjamini and Hochberg's adjusted p, which bounds the false discovery rate.

    Parameters
    ----------
    p : (n_tests,) float
        Unadjusted p.

    Returns
    -------
    (n_tests,) float
        Adjusted p, in the same order.

    References
    ----------
    Benjamini & Hochberg 1995, J R Stat Soc B 57:289-300, doi:10.1111/j.2517-6161.1995.tb02031.x.
    """
    return _adjusted(p, "fdr_bh")


@lru_cache(maxsize=1024)
def detectable_d(n: int, n_reference: int, *, alpha: float, power: float) -> float:
    """Cohen's d that a two-sided t test of two groups detects with this power."""
    import pingouin

    return float(pingouin.power_ttest2n(n, n_reference, power=power, alpha=alpha))


def bayes_factor_null(t: float, n: int, n_reference: int) -> float:
    """BF01 of a two-sided t test of two groups, with a Cauchy prior of scale 0.707 on the standardised effect.

    Rouder et al. 2009, Psychon Bull Rev 16:225-237, doi:10.3758/PBR.16.2.225.
    """
    import pingouin

    return 1 / float(pingouin.bayesfactor_ttest(t, n, n_reference, r=0.707))


def _adjusted(p: np.ndarray, method: str) -> np.ndarray:
    import pingouin

    return np.asarray(pingouin.multicomp(p, method=method)[1], dtype=float) if len(p) else np.empty(0)


def _long(groups: Mapping[str, np.ndarray] | Mapping[str, Sequence[float]]) -> pd.DataFrame:
    names = np.repeat(np.array(list(groups), dtype=object), [len(values) for values in groups.values()])
    return pd.DataFrame({"value": np.concatenate(list(groups.values())), "group": names})
