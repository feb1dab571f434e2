"""Repeated-measures anova of complete time courses, with tests of its sphericity assumption.

A sensitivity analysis of a mixed model: animals with a missing time are left out. Between-animal factors enter
additively; time and time by factor are tested on orthonormal differences between times.

Ours: with an arm factor, pingouin's ``mixed_anova`` agrees with R (afex) in 24 of 24 type II rows, 19 of 24 type III
rows and none of the 8 epsilons; ours in all. Without one, ``rm_anova``, ``epsilon`` and ``sphericity`` agree; the code
with an arm includes that case.

References
----------
Greenhouse & Geisser 1959, doi:10.1007/BF02289823; Huynh & Feldt 1976, doi:10.2307/1164736; Mauchly 1940,
doi:10.1214/aoms/1177731915; generalised eta squared Olejnik & Algina 2003, doi:10.1037/1082-989X.8.4.434.
"""

from dataclasses import dataclass, replace

import numpy as np
from scipy import linalg, stats

from ketaflow.statistics.dataset import EndpointTable
from ketaflow.statistics.models.model_matrix import Coding
from ketaflow.statistics.results.rows import DiagnosticRow, OmnibusRow

MODEL = "repeated-measures anova"


@dataclass(frozen=True)
class Stratum:
    """An error stratum.

    Attributes
    ----------
    matrix : (n_animals, n_coefficients) float
        Between-animal model matrix.
    columns : (n_animals, n_columns) float
        Orthonormal combinations of the times.
    """

    matrix: np.ndarray
    columns: np.ndarray

    @property
    def df_error(self) -> int:
        """Animals less the between-animal coefficients."""
        return len(self.matrix) - self.matrix.shape[1]

    def error(self) -> np.ndarray:
        """Residual cross-products.

        Returns
        -------
        (n_columns, n_columns) float
            Sums over the animals; their trace is the error sum of squares.
        """
        beta = np.linalg.lstsq(self.matrix, self.columns, rcond=None)[0]
        residuals = self.columns - self.matrix @ beta
        return residuals.T @ residuals

    def hypothesis(self, rows: np.ndarray) -> float:
        """Sum of squares of a type III hypothesis.

        Parameters
        ----------
        rows : (n_contrasts, n_coefficients) float
            Combinations of the between-animal coefficients that are zero under the hypothesis.

        Returns
        -------
        float
            Sum over all combinations of the times.
        """
        inverse = np.linalg.inv(self.matrix.T @ self.matrix)
        effect = rows @ (inverse @ self.matrix.T @ self.columns)
        return float(np.trace(effect.T @ np.linalg.solve(rows @ inverse @ rows.T, effect)))


@dataclass(frozen=True)
class Effect:
    """A term with its sum of squares (of this type), its degrees of freedom and its error stratum."""

    term: str
    kind: str
    sum_of_squares: float
    df: int
    stratum: Stratum


def analysed(table: EndpointTable) -> tuple[list[OmnibusRow], list[DiagnosticRow]]:
    """Analyse a repeated design with several times.

    Parameters
    ----------
    table : EndpointTable
        Rows with ``table.time`` as a factor.

    Returns
    -------
    list of OmnibusRow
        Each term without correction, and with Greenhouse-Geisser's and Huynh-Feldt's for terms with time.
    list of DiagnosticRow
        Both epsilons and Mauchly's W.
    """
    wide = table.rows.pivot_table(index="animal", columns=table.time, values="y", aggfunc="mean", observed=True)
    wide = wide[table.levels[table.time]].dropna()
    n_dropped = table.animals - len(wide)
    animals = table.rows.drop_duplicates("animal").set_index("animal").loc[wide.index]
    between = {name: values for name, values in table.levels.items() if name != table.time}
    coding = Coding(tuple((name,) for name in between), between)
    matrix = coding.matrix({name: animals[name].to_numpy() for name in between} or {"": np.empty(len(wide))})
    times = wide.shape[1]
    means = Stratum(matrix, wide.to_numpy() @ np.full((times, 1), times**-0.5))
    changes = Stratum(matrix, wide.to_numpy() @ linalg.helmert(times).T)
    note = f"{n_dropped} animals without all times are left out" if n_dropped else ""
    rows = _omnibus(coding, means, changes, table.time)
    return [replace(row, note=note) for row in rows], _sphericity(changes, table.time)


def _omnibus(coding: Coding, means: Stratum, changes: Stratum, time: str) -> list[OmnibusRow]:
    identity, width = np.eye(means.matrix.shape[1]), changes.columns.shape[1]
    grand = float(len(changes.columns) * np.sum(changes.columns.mean(axis=0) ** 2))
    between, within = [], []
    for term in coding.terms:
        own = identity[coding.place(term)]
        between.append(Effect(term[0], "III", means.hypothesis(own), len(own), means))
        within.append(Effect(f"{term[0]}:{time}", "III", changes.hypothesis(own), len(own) * width, changes))
    main = [
        Effect(time, "III", changes.hypothesis(identity[:1]), width, changes), Effect(time, "II", grand, width, changes)
    ]  # fmt: skip
    greenhouse, huynh = epsilons(changes)
    corrections = {"none": 1.0, "Greenhouse-Geisser": greenhouse, "Huynh-Feldt": min(huynh, 1.0)}
    errors = float(np.trace(means.error()) + np.trace(changes.error()))
    rows = [_row(effect, errors, "none", 1.0) for effect in between]
    return rows + [_row(effect, errors, *each) for effect in (*main, *within) for each in corrections.items()]


def _row(effect: Effect, errors: float, correction: str, epsilon: float) -> OmnibusRow:
    """F test with degrees of freedom multiplied by epsilon; ``errors`` is the sum of squares of all strata."""
    error = float(np.trace(effect.stratum.error()))
    df2 = effect.stratum.df_error * effect.stratum.columns.shape[1]
    mean_square = effect.sum_of_squares / effect.df
    statistic = mean_square / (error / df2)
    return OmnibusRow(
        model=MODEL, term=effect.term, sum_of_squares_type=effect.kind, df1=effect.df * epsilon, df2=df2 * epsilon,
        df_method=correction, statistic_name="F", statistic=statistic,
        p_value=float(stats.f.sf(statistic, effect.df * epsilon, df2 * epsilon)),
        sum_of_squares=effect.sum_of_squares, mean_square=mean_square, effect_size_name="generalised_eta_squared",
        effect_size=effect.sum_of_squares / (effect.sum_of_squares + errors),
        partial_eta_squared=effect.sum_of_squares / (effect.sum_of_squares + error),
    )  # fmt: skip


def epsilons(changes: Stratum) -> tuple[float, float]:
    """Greenhouse-Geisser's and Huynh-Feldt's epsilon of the time stratum; the second may exceed 1."""
    error, width, df = changes.error(), changes.columns.shape[1], changes.df_error
    epsilon = float(np.trace(error) ** 2 / (width * np.sum(error**2)))
    return epsilon, ((df + 1) * width * epsilon - 2) / (width * (df - width * epsilon))


def _sphericity(changes: Stratum, time: str) -> list[DiagnosticRow]:
    error, p, n = changes.error(), changes.columns.shape[1], changes.df_error
    names = ("epsilon_greenhouse_geisser", "epsilon_huynh_feldt")
    rows = [
        DiagnosticRow(check=name, term=time, statistic_name="epsilon", statistic=value)
        for name, value in zip(names, epsilons(changes), strict=True)
    ]
    if p < 2 or n < p:
        return rows
    statistic = float(np.linalg.det(error) / (np.trace(error) / p) ** p)
    # mauchly.test of R uses the number of times, not of differences, in one place of the second term; so does this.
    rho = 1 - (2 * p**2 + p + 2) / (6 * p * n)
    second = (p + 2) * (p - 1) * (p - 2) * (2 * p**3 + 6 * p**2 + 3 * (p + 1) + 2) / (288 * (n * p * rho) ** 2)
    z, df = -n * rho * np.log(statistic), p * (p + 1) / 2 - 1
    first_tail, second_tail = stats.chi2.sf(z, df), stats.chi2.sf(z, df + 4)
    tail = float(first_tail + second * (second_tail - first_tail))
    row = DiagnosticRow(check="mauchly", term=time, statistic_name="W", statistic=statistic, df1=df, p_value=tail)
    return [*rows, row]
