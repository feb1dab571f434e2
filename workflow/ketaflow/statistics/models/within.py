"""Repeated-measures anova of complete time courses, with what its sphericity assumption costs.

Shown beside a mixed model, never instead of one: an animal with a missing time drops out. Between-animal
factors enter additively; time and time by factor are tested on orthonormal differences between times.
Greenhouse & Geisser 1959, doi:10.1007/BF02289823; Huynh & Feldt 1976, doi:10.2307/1164736; Mauchly 1940,
doi:10.1214/aoms/1177731915; generalised eta squared Olejnik & Algina 2003, doi:10.1037/1082-989X.8.4.434.
"""

from dataclasses import dataclass

import numpy as np
from scipy import linalg, stats

from ketaflow.statistics.dataset import EndpointTable
from ketaflow.statistics.model import Endpoint, Line
from ketaflow.statistics.models.model_matrix import Coding

MODEL = "repeated-measures anova"


@dataclass(frozen=True)
class Stratum:
    """One error stratum: what a set of orthonormal columns shows between animals, and what is left."""

    matrix: np.ndarray
    columns: np.ndarray

    @property
    def df_error(self) -> int:
        """Animals less the between-animal coefficients."""
        return len(self.matrix) - self.matrix.shape[1]

    def error(self) -> np.ndarray:
        """Residual cross-products (n_columns, n_columns)."""
        beta = np.linalg.lstsq(self.matrix, self.columns, rcond=None)[0]
        residuals = self.columns - self.matrix @ beta
        return residuals.T @ residuals

    def hypothesis(self, rows: np.ndarray) -> float:
        """Sum of squares of a type III hypothesis (rows of coefficients are zero)."""
        inverse = np.linalg.inv(self.matrix.T @ self.matrix)
        effect = rows @ (inverse @ self.matrix.T @ self.columns)
        return float(np.trace(effect.T @ np.linalg.solve(rows @ inverse @ rows.T, effect)))


def analysed(table: EndpointTable, endpoint: Endpoint) -> tuple[list[Line], list[Line]]:
    """Omnibus lines and diagnostics (Mauchly's W, both epsilons) of a repeated design with several times."""
    wide = table.rows.pivot_table(index="animal", columns=table.time, values="y", aggfunc="mean", observed=True)
    wide = wide[table.levels[table.time]].dropna()
    dropped = table.animals - len(wide)
    facts = table.rows.drop_duplicates("animal").set_index("animal").loc[wide.index]
    between = {name: values for name, values in table.levels.items() if name != table.time}
    coding = Coding(tuple((name,) for name in between), between)
    matrix = coding.matrix({name: facts[name].to_numpy() for name in between} or {"": np.empty(len(wide))})
    times = wide.shape[1]
    differences = linalg.helmert(times).T
    means = Stratum(matrix, wide.to_numpy() @ np.full((times, 1), times**-0.5))
    changes = Stratum(matrix, wide.to_numpy() @ differences)
    note = f"{dropped} animals lack a time and are left out" if dropped else ""
    rows = [row | {"note": note} for row in _omnibus(coding, means, changes, table)]
    return rows, _sphericity(changes, table.time)


def _omnibus(coding: Coding, means: Stratum, changes: Stratum, table: EndpointTable) -> list[Line]:
    identity = np.eye(means.matrix.shape[1])
    errors = float(np.trace(means.error()) + np.trace(changes.error()))
    epsilon, huynh = epsilons(changes)
    rows = []
    for term in coding.terms:
        sum_of_squares = means.hypothesis(identity[coding.place(term)])
        rows += _lines(term[0], "III", sum_of_squares, len(identity[coding.place(term)]), means, errors, {"none": 1.0})
    corrections = {"none": 1.0, "Greenhouse-Geisser": epsilon, "Huynh-Feldt": min(huynh, 1.0)}
    width = changes.columns.shape[1]
    grand = float(len(changes.columns) * np.sum(changes.columns.mean(axis=0) ** 2))
    for kind, sum_of_squares in (("III", changes.hypothesis(identity[:1])), ("II", grand)):
        rows += _lines(table.time, kind, sum_of_squares, width, changes, errors, corrections)
    for term in coding.terms:
        own = identity[coding.place(term)]
        named = f"{term[0]}:{table.time}"
        rows += _lines(named, "III", changes.hypothesis(own), len(own) * width, changes, errors, corrections)
    return rows


def _lines(term: str, kind: str, sum_of_squares: float, df1: int, stratum: Stratum, errors: float, corrections) -> list:
    """One line for each correction of the degrees of freedom."""
    error = float(np.trace(stratum.error()))
    df2 = stratum.df_error * stratum.columns.shape[1]
    statistic = sum_of_squares / df1 / (error / df2)
    return [
        {
            "model": MODEL,
            "term": term,
            "sum_of_squares_type": kind,
            "df1": df1 * epsilon,
            "df2": df2 * epsilon,
            "df_method": correction,
            "statistic_name": "F",
            "statistic": statistic,
            "p_value": float(stats.f.sf(statistic, df1 * epsilon, df2 * epsilon)),
            "sum_of_squares": sum_of_squares,
            "mean_square": sum_of_squares / df1,
            "effect_size_name": "generalised_eta_squared",
            "effect_size": sum_of_squares / (sum_of_squares + errors),
            "partial_eta_squared": sum_of_squares / (sum_of_squares + error),
        }
        for correction, epsilon in corrections.items()
    ]


def epsilons(changes: Stratum) -> tuple[float, float]:
    """Greenhouse-Geisser's and Huynh-Feldt's epsilon; the second may exceed 1."""
    error, width, df = changes.error(), changes.columns.shape[1], changes.df_error
    epsilon = float(np.trace(error) ** 2 / (width * np.sum(error**2)))
    return epsilon, ((df + 1) * width * epsilon - 2) / (width * (df - width * epsilon))


def _sphericity(changes: Stratum, time: str) -> list[Line]:
    error, p, n = changes.error(), changes.columns.shape[1], changes.df_error
    epsilon, huynh = epsilons(changes)
    rows = [
        {"check": "epsilon_greenhouse_geisser", "term": time, "statistic_name": "epsilon", "statistic": epsilon},
        {"check": "epsilon_huynh_feldt", "term": time, "statistic_name": "epsilon", "statistic": huynh},
    ]
    if p < 2 or n < p:
        return rows
    statistic = float(np.linalg.det(error) / (np.trace(error) / p) ** p)
    # R's mauchly.test has the number of times, not of differences, in one place of the second term; so have we.
    rho = 1 - (2 * p**2 + p + 2) / (6 * p * n)
    second = (p + 2) * (p - 1) * (p - 2) * (2 * p**3 + 6 * p**2 + 3 * (p + 1) + 2) / (288 * (n * p * rho) ** 2)
    z, df = -n * rho * np.log(statistic), p * (p + 1) / 2 - 1
    first_tail, second_tail = stats.chi2.sf(z, df), stats.chi2.sf(z, df + 4)
    tail = float(first_tail + second * (second_tail - first_tail))
    return [
        *rows,
        {"check": "mauchly", "term": time, "statistic_name": "W", "statistic": statistic, "df1": df, "p_value": tail},
    ]
