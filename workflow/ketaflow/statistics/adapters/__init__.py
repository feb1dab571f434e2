"""How is each library called? One module per library: our column names, nothing rounded."""

from dataclasses import dataclass


@dataclass(frozen=True)
class TestResult:
    """A test statistic with its degrees of freedom and p; ``df2`` is NaN if there is one."""

    statistic: float
    df1: float
    df2: float
    p_value: float
