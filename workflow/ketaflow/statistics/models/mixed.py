"""Linear mixed models by restricted maximum likelihood, with Satterthwaite's degrees of freedom.

The likelihood is profiled as in lme4 (Bates et al. 2015, J Stat Softw 67(1), doi:10.18637/jss.v067.i01): only
cross-products of the groupings enter, and the largest grouping with random intercepts alone, whose block is diagonal,
is eliminated by division. Degrees of freedom follow lmerTest (Kuznetsova et al. 2017, J Stat Softw 82(13),
doi:10.18637/jss.v082.i13); F tests Fai & Cornelius 1996, doi:10.1080/00949659608811740.

statsmodels' MixedLM fits the same models in seven times the CPU time and has no denominator degrees of freedom (sleep
deprivation data: p = 1.3e-11 for the slope, 3.3e-6 with Satterthwaite's). ``glmm`` 0.6.2 has them and agrees with ours
in 76 of 76 degrees of freedom; it has one author and is in beta.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import optimize
from scipy.linalg import lapack

from ketaflow.statistics.adapters import statsmodels_adapter
from ketaflow.statistics.models.linear import Estimate, FTest
from ketaflow.statistics.models.random_effects import Component, Grouping, effect_sums, overlap, scaled

# Step of the numerical derivatives, as a share of a parameter (of 0.1 for smaller ones).
STEP = 3e-4
# A standard deviation below this share of the residual's is zero (singular fit).
BOUNDARY = 1e-4
# A standard deviation below this share of the residual's is compared with zero.
NEAR_ZERO = 0.02
# Where the search looks beside zero, as shares of the residual's standard deviation, and how often.
LIFTS = (0.03, 0.1, 0.3, 1.0)
MOST_LIFTS = 5


class Profile:
    """The REML criterion as a function of the variance parameters alone.

    Parameters
    ----------
    matrix : (n_rows, n_columns) float
        Fixed effects.
    y : (n_rows,) float
        Response.
    groupings : sequence of Grouping
        Random terms.
    """

    def __init__(self, matrix: np.ndarray, y: np.ndarray, groupings: Sequence[Grouping]):
        by_size = sorted(groupings, key=lambda grouping: -grouping.size * (len(grouping.effects) == 1))
        self.groupings = by_size
        self.rows, self.width = matrix.shape
        both = np.column_stack([matrix, y])
        self.fixed_cross = both.T @ both
        self.mixed_cross = [effect_sums(grouping, both) for grouping in by_size]
        self.splits = np.cumsum([grouping.parameters for grouping in by_size])[:-1]
        self.diagonal_first = len(by_size[0].effects) == 1
        self.diagonal = effect_sums(by_size[0], by_size[0].columns)[:, 0] if self.diagonal_first else np.empty(0)
        self.random_cross = [
            [np.empty(0) if i == 0 and self.diagonal_first else overlap(a, b) for b in by_size[: i + 1]]
            for i, a in enumerate(by_size)
        ]

    def start(self) -> np.ndarray:
        """Starting values: every random effect has the variance of the residual.

        Returns
        -------
        (n_parameters,) float
            Variance parameters of all groupings.
        """
        return np.concatenate([np.eye(len(g.effects))[np.tril_indices(len(g.effects))] for g in self.groupings])

    def bounds(self) -> list[tuple[float | None, None]]:
        """Diagonal parameters are not negative."""
        diagonal = self.start() == 1
        return [(0.0, None) if on else (None, None) for on in diagonal]

    def roots(self, theta: np.ndarray) -> list[tuple[Grouping, np.ndarray]]:
        """Each grouping with the root of its effects' covariance.

        Parameters
        ----------
        theta : (n_parameters,) float
            Variance parameters of all groupings.

        Returns
        -------
        list of (Grouping, (n_effects, n_effects) float)
            In the order of the groupings, see ``Grouping.root``.
        """
        return [(g, g.root(part)) for g, part in zip(self.groupings, np.split(theta, self.splits), strict=True)]

    def parts(self, theta: np.ndarray) -> tuple[float, float, np.ndarray, np.ndarray]:
        """Profile the fixed effects at given variance parameters.

        Parameters
        ----------
        theta : (n_parameters,) float
            Variance parameters of all groupings.

        Returns
        -------
        logdet : float
            Log determinants of the random block and of the fixed effects' cross-product.
        left_over : float
            Penalised residual sum of squares.
        beta : (n_columns,) float
            Coefficients of the fixed effects.
        inverse : (n_columns, n_columns) float
            Their covariance divided by the residual variance.
        """
        logdet, reduced = self._reduced(theta)
        root = np.linalg.cholesky(reduced[:-1, :-1])
        inverse_root = np.linalg.inv(root)
        inverse = inverse_root.T @ inverse_root
        beta = inverse @ reduced[:-1, -1]
        left_over = float(reduced[-1, -1] - reduced[:-1, -1] @ beta)
        return logdet + 2 * np.log(np.diag(root)).sum(), left_over, beta, inverse

    def deviance(self, theta: np.ndarray) -> float:
        """Minus twice the restricted log likelihood, maximised over the residual variance.

        Parameters
        ----------
        theta : (n_parameters,) float
            Variance parameters of all groupings.

        Returns
        -------
        float
            Smaller is better.
        """
        logdet, left_over, _, _ = self.parts(theta)
        df = self.rows - self.width
        return logdet + df * (1 + np.log(2 * np.pi * max(left_over, 1e-300) / df))

    def _reduced(self, theta: np.ndarray) -> tuple[float, np.ndarray]:
        """Log determinant of the random block, and the fixed block with the random effects taken out."""
        roots = [root for _, root in self.roots(theta)]
        cross = [scaled(root, sums) for root, sums in zip(roots, self.mixed_cross, strict=True)]
        reduced, logdet, first = self.fixed_cross, 0.0, 0
        if self.diagonal_first:
            scale = roots[0][0, 0]
            diagonal = scale**2 * self.diagonal + 1
            reduced = reduced - (cross[0].T / diagonal) @ cross[0]
            logdet, first = np.log(diagonal).sum(), 1
        if first == len(roots):
            return logdet, reduced
        block = self._block(roots, first)
        lower = np.concatenate(cross[first:])
        if first:
            link = np.concatenate([scaled(roots[i], self.random_cross[i][0] * scale) for i in range(1, len(roots))])
            block = block - (link / diagonal) @ link.T
            lower = lower - link @ (cross[0] / diagonal[:, None])
        root = np.linalg.cholesky(block)
        solved = lapack.dtrtrs(root, lower, lower=1)[0]
        return logdet + 2 * np.log(np.diag(root)).sum(), reduced - solved.T @ solved

    def _block(self, roots: list[np.ndarray], first: int) -> np.ndarray:
        rows = []
        for i in range(first, len(roots)):
            row = [scaled(roots[i], scaled(roots[j], self.random_cross[i][j].T).T) for j in range(first, i + 1)]
            rows.append(row)
        sizes = [row[-1].shape[0] for row in rows]
        block = np.zeros((sum(sizes),) * 2)
        edges = np.concatenate([[0], np.cumsum(sizes)])
        for i, row in enumerate(rows):
            for j, piece in enumerate(row):
                block[edges[i] : edges[i + 1], edges[j] : edges[j + 1]] = piece
                block[edges[j] : edges[j + 1], edges[i] : edges[i + 1]] = piece.T
        block[np.diag_indices(len(block))] += 1
        return block


@dataclass(frozen=True)
class MixedFit:
    """A fitted mixed model.

    Attributes
    ----------
    beta : (n_columns,) float
    covariance : (n_columns, n_columns) float
    theta : (n_parameters,) float
        Roots of the random effects' covariances, relative to the residual standard deviation.
    sigma2 : float
        Residual variance.
    components : tuple of Component
    random_covariance : mapping of str to (n_effects, n_effects) float
        By grouping.
    reml_log_likelihood : float
    singular : bool
        Whether a variance is estimated as zero.
    slopes : (n_free_parameters, n_columns, n_columns) float
        Derivatives of ``covariance`` in the variance parameters.
    parameter_covariance : (n_free_parameters, n_free_parameters) float
    residuals : (n_rows,) float
        Response less the fixed effects.
    """

    beta: np.ndarray
    covariance: np.ndarray
    theta: np.ndarray
    sigma2: float
    components: tuple[Component, ...]
    random_covariance: Mapping[str, np.ndarray]
    reml_log_likelihood: float
    singular: bool
    slopes: np.ndarray
    parameter_covariance: np.ndarray
    residuals: np.ndarray
    df_method: str = "Satterthwaite"

    def estimate(self, weights: np.ndarray) -> Estimate:
        """Estimate one contrast, with Satterthwaite's degrees of freedom.

        Parameters
        ----------
        weights : (n_columns,) float
            Weights of the coefficients.

        Returns
        -------
        Estimate
            Value, standard error and degrees of freedom.
        """
        variance = weights @ self.covariance @ weights
        gradient = np.einsum("i,kij,j->k", weights, self.slopes, weights)
        spread = gradient @ self.parameter_covariance @ gradient
        return Estimate(float(weights @ self.beta), float(np.sqrt(variance)), float(2 * variance**2 / spread))

    def joint(self, weights: np.ndarray) -> FTest:
        """F test of several contrasts, with the degrees of freedom of Fai and Cornelius.

        Parameters
        ----------
        weights : (n_contrasts, n_columns) float
            Weights of the coefficients, of full row rank.

        Returns
        -------
        FTest
            F with both degrees of freedom.
        """
        covariance = weights @ self.covariance @ weights.T
        vectors = np.linalg.eigh(covariance)[1]
        turned = vectors.T @ weights
        parts = [self.estimate(row) for row in turned]
        statistic = float(np.mean([(part.value / part.se) ** 2 for part in parts]))
        df2 = _joint_df(np.array([part.df for part in parts]))
        return FTest(statistic, len(weights), df2, statistic * len(weights) * self.sigma2)


def fit(matrix: np.ndarray, y: np.ndarray, groupings: Sequence[Grouping]) -> MixedFit:
    """Fit a mixed model by REML.

    Parameters
    ----------
    matrix : (n_rows, n_columns) float
        Fixed effects, of full column rank.
    y : (n_rows,) float
        Response on the scale of the analysis.
    groupings : sequence of Grouping
        Random terms, nested or crossed.

    Returns
    -------
    MixedFit
        Coefficients and variance components; singular where a variance is estimated as zero.
    """
    scales = [np.sqrt((grouping.columns**2).mean(axis=0)) for grouping in groupings]
    unit = [Grouping(g.name, g.codes, g.columns / s, g.effects) for g, s in zip(groupings, scales, strict=True)]
    profile = Profile(matrix, y, unit)
    theta = _optimum(profile)
    _, left_over, beta, inverse = profile.parts(theta)
    sigma2 = left_over / (profile.rows - profile.width)
    slopes, parameter_covariance = _uncertainty(profile, theta, sigma2)
    scale_of = {grouping.name: scale for grouping, scale in zip(groupings, scales, strict=True)}
    covariances = {
        grouping.name: sigma2 * root @ root.T / np.outer(scale_of[grouping.name], scale_of[grouping.name])
        for grouping, root in profile.roots(theta)
    }
    return MixedFit(
        beta, sigma2 * inverse, theta, sigma2, _components(profile, covariances, sigma2), covariances,
        -profile.deviance(theta) / 2, bool(np.any(theta[_diagonal(profile)] < BOUNDARY)), slopes, parameter_covariance,
        y - matrix @ beta,
    )  # fmt: skip


def _optimum(profile: Profile) -> np.ndarray:
    """Minimise the criterion: a quasi-Newton search, then Newton steps in the parameters off their bound."""
    theta = _search(profile, profile.start())
    for _ in range(MOST_LIFTS):
        lifted = _lifted(profile, theta)
        if lifted is None:
            break
        theta = _search(profile, lifted)
    for _ in range(6):
        theta = _at_bound(profile, theta)
        free = np.flatnonzero(~(_diagonal(profile) & (theta == 0)))
        if not len(free):
            break

        def deviance(at: np.ndarray, theta: np.ndarray = theta, free: np.ndarray = free) -> float:
            return profile.deviance(_moved(theta, free, at))

        hessian = statsmodels_adapter.hessian(deviance, theta[free], STEP)
        if np.linalg.eigvalsh(hessian)[0] <= 0:
            break
        gradient = statsmodels_adapter.jacobian(deviance, theta[free], STEP)
        moved = _moved(theta, free, theta[free] - np.linalg.solve(hessian, gradient))
        if profile.deviance(moved) > profile.deviance(theta) + 1e-9:
            break
        step, theta = np.abs(moved - theta).max(), moved
        if step < 1e-7:
            break
    return np.where(_diagonal(profile), np.abs(theta), theta)


def _search(profile: Profile, start: np.ndarray) -> np.ndarray:
    return optimize.minimize(profile.deviance, start, method="L-BFGS-B", bounds=profile.bounds()).x


def _lifted(profile: Profile, theta: np.ndarray) -> np.ndarray | None:
    """Find a point with a lower criterion than at zero, or None.

    At zero the derivative in a diagonal parameter vanishes, so that a search which steps there stays. Small parameters
    are therefore raised, one by one and together.
    """
    low = np.flatnonzero(_diagonal(profile) & (np.abs(theta) < NEAR_ZERO))
    if not len(low):
        return None
    tried = []
    for places in [*low, low] if len(low) > 1 else [low]:
        for lift in LIFTS:
            tried.append(theta.copy())
            tried[-1][places] = lift
    best = min(tried, key=profile.deviance)
    return best if profile.deviance(best) < profile.deviance(theta) - 1e-9 else None


def _at_bound(profile: Profile, theta: np.ndarray) -> np.ndarray:
    """Set small diagonal parameters to zero where this does not raise the criterion."""
    theta = theta.copy()
    for i in np.flatnonzero(_diagonal(profile) & (np.abs(theta) < NEAR_ZERO)):
        tried = theta.copy()
        tried[i] = 0.0
        if profile.deviance(tried) <= profile.deviance(theta) + 1e-9:
            theta = tried
    return theta


def _moved(theta: np.ndarray, free: np.ndarray, values: np.ndarray) -> np.ndarray:
    moved = theta.copy()
    moved[free] = values
    return moved


def _diagonal(profile: Profile) -> np.ndarray:
    return profile.start() == 1


def _uncertainty(profile: Profile, theta: np.ndarray, sigma2: float) -> tuple[np.ndarray, np.ndarray]:
    """Derivatives of the fixed effects' covariance in the variance parameters, and the covariance of these.

    Parameters at zero are left out: the covariance depends on their square alone. The last parameter is the residual
    standard deviation, relative to its estimate.
    """
    free = np.flatnonzero(~(_diagonal(profile) & (theta < BOUNDARY)))
    df, best = profile.rows - profile.width, np.append(theta[free], 1.0)

    def parts(at: np.ndarray) -> tuple[float, float, np.ndarray, np.ndarray]:
        return profile.parts(_moved(theta, free, at[:-1]))

    def deviance(at: np.ndarray) -> float:
        logdet, left_over, _, _ = parts(at)
        return float(logdet + left_over / (sigma2 * at[-1] ** 2) + 2 * df * np.log(at[-1]))

    slopes = statsmodels_adapter.jacobian(lambda at: (sigma2 * at[-1] ** 2 * parts(at)[3]).ravel(), best, STEP)
    values, vectors = np.linalg.eigh(statsmodels_adapter.hessian(deviance, best, STEP))
    kept = values > 1e-8 * values.max()
    parameter_covariance = 2 * (vectors[:, kept] / values[kept]) @ vectors[:, kept].T
    return slopes.reshape(profile.width, profile.width, -1).transpose(2, 0, 1), parameter_covariance


def _components(profile: Profile, covariances: Mapping[str, np.ndarray], sigma2: float) -> tuple[Component, ...]:
    rows = [
        Component(g.name, effect, float(covariances[g.name][i, i]), g.size)
        for g in profile.groupings
        for i, effect in enumerate(g.effects)
    ]
    return (*rows, Component("residual", "", sigma2, profile.rows))


def _joint_df(dfs: np.ndarray) -> float:
    if len(dfs) == 1 or np.ptp(dfs) < 1e-6 * dfs.max():
        return float(dfs.mean())
    expected = np.sum(dfs[dfs > 2] / (dfs[dfs > 2] - 2))
    return float(2 * expected / (expected - len(dfs))) if expected > len(dfs) else 2.0
