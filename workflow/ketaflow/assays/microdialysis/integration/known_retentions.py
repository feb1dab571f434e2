"""Separation of analytes that have no maximum of their own, from their known retentions.

One maximum on a merged pair lies between the two and belongs to neither, so that every known analyte of the group is
fitted at its retention. Distances between retentions are known better than the shift of the run, and neighbours have
nearly the same plate number and tailing. Where the sum of squares leaves an area open, its interval says so.
"""

from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
from scipy.optimize import least_squares

from ketaflow.assays.microdialysis.integration import constants, deconvolution, peak_shapes
from ketaflow.assays.microdialysis.integration.deconvolution import Fit
from ketaflow.assays.microdialysis.model import KnownPeak, Peak

UNKNOWN = KnownPeak(np.nan)


@dataclass(frozen=True)
class Prior:
    """What is known of neighbouring peaks before they are fitted.

    Attributes
    ----------
    tops_s : (n_peaks,) float
        Known times of their maxima (seconds); NaN where unknown.
    width_s : float
        Width of the trace's peaks at half height (seconds).
    shift_sd_s : float
        Standard deviation of the common shift (seconds).
    noise : float
        Standard deviation of the noise (unit of the signal).
    shape : str
        Shape of the peaks in the other injections of the series; '' where unknown.
    spreads_s, forms : (n_peaks,) float
        Their standard deviations (seconds) and forms there; NaN where unknown.
    shifts_s : tuple of float
        Common shifts from which a fit starts (seconds).
    """

    tops_s: np.ndarray
    width_s: float
    shift_sd_s: float
    noise: float
    shape: str
    spreads_s: np.ndarray
    forms: np.ndarray
    shifts_s: tuple[float, ...]

    def starts(self) -> list[tuple[str, float, float]]:
        """Shape, form and shift of each fit to try."""
        usual = self.forms[np.isfinite(self.forms)]
        forms = {self.shape: (float(np.median(usual)),)} if self.shape else constants.SEEDED_FORMS
        return [(name, form, shift) for name, own in forms.items() for form in own for shift in self.shifts_s]

    def missed(self, parameters: np.ndarray, name: str) -> tuple[np.ndarray, np.ndarray]:
        """Compare parameters with what is known.

        Parameters
        ----------
        parameters : (3 n_peaks,) float
            Means (seconds), logarithms of the spreads (seconds), and forms.
        name : str
            Name of the shape.

        Returns
        -------
        missed : (n,) float
            Distances, in standard deviations.
        slopes : (n, 3 n_peaks) float
            Their change with the parameters.
        """
        count = len(self.tops_s)
        means, logs, forms = parameters.reshape(3, count)
        spreads, (behind, change) = np.exp(logs), peak_shapes.mean_behind_top(name, forms)
        timed = np.flatnonzero(np.isfinite(self.tops_s))
        off = (means - spreads * behind - self.tops_s)[timed]
        by_top = np.zeros((len(timed), 3 * count))
        by_top[np.arange(len(timed)), timed] = 1.0
        by_top[np.arange(len(timed)), count + timed] = -(spreads * behind)[timed]
        by_top[np.arange(len(timed)), 2 * count + timed] = -(spreads * change)[timed]
        common = np.full((1, len(timed)), 1 / len(timed))
        apart_sd_s = constants.SEEDED_APART_WIDTHS * self.width_s
        mixed = np.concatenate([(np.eye(len(timed)) - common) / apart_sd_s, common / self.shift_sd_s])
        alike, sizes = self._alike(name, forms)
        return np.concatenate([mixed @ off, alike @ parameters - sizes]), np.concatenate([mixed @ by_top, alike])

    def _alike(self, name: str, forms: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Rows that compare neighbours with each other, and each peak with the same in the other injections."""
        count = len(self.tops_s)
        pairs = np.diff(np.eye(count), axis=0)
        form_sd = constants.NEIGHBOUR_FORM_SD * max(float(np.abs(forms).mean()), constants.LEAST_FORM)
        same = np.flatnonzero(np.isfinite(self.spreads_s)) if self.shape == name else np.empty(0, int)
        own, widths, one = np.eye(count)[same], constants.SERIES_WIDTH_LOG_SD, np.zeros((len(same), count))
        form_sds = constants.SERIES_FORM_SD * np.maximum(np.abs(self.forms[same]), constants.LEAST_FORM)
        none = np.zeros_like(pairs)
        rows = np.block(
            [
                [none, pairs / constants.NEIGHBOUR_WIDTH_LOG_SD, none],
                [none, none, pairs / form_sd],
                [one, own / widths, one],
                [one, one, own / form_sds[:, None]],
            ]
        )
        sizes = np.concatenate(
            [np.zeros(2 * (count - 1)), np.log(self.spreads_s[same]) / widths, self.forms[same] / form_sds]
        )
        return rows, sizes


def fitted(t: np.ndarray, y: np.ndarray, prior: Prior, limit: float) -> Fit | None:
    """Fit peaks of known retentions to a stretch of trace.

    Parameters
    ----------
    t, y : (n_points,) float
        Times (seconds), and the trace above its baseline.
    prior : Prior
        What is known of the peaks.
    limit : float
        Largest root mean square of the residual (unit of the signal).

    Returns
    -------
    Fit or None
        None where no shape explains the stretch. Of several fits that explain it equally well the best one, with
        standard errors wide enough for the areas of the others.
    """
    fits: list[Fit] = []
    for start in prior.starts():
        fit = _fit(t, y, prior, *start)
        if fit is not None and fit.error <= limit:
            fits.append(fit)
            if fit.error < constants.WHITE_NOISES * prior.noise:
                break
    if not fits:
        return None
    best = min(fits, key=lambda fit: fit.error * constants.SHAPE_PENALTY.get(fit.shape, 1.0))
    alike = [fit.areas for fit in fits if fit.error < constants.AS_GOOD_FACTOR * best.error]
    apart = np.abs(np.array(alike) - best.areas).max(axis=0)
    return replace(best, area_sds=best.area_sds + apart / constants.INTERVAL_SDS)


def _fit(t: np.ndarray, y: np.ndarray, prior: Prior, name: str, form: float, shift_s: float) -> Fit | None:
    """The sum of shapes that fits best from one start; None where it is impossible, or far from what is known."""
    count, noise = len(prior.tops_s), prior.noise
    shape, _, (lowest, highest) = peak_shapes.SHAPES[name]
    widest = constants.SEEDED_WIDTHS * prior.width_s / 2.355  # a merged maximum is wider than either peak
    spreads_s = np.where(np.isfinite(prior.spreads_s), prior.spreads_s, widest)
    forms = np.full(count, form)
    tops_s = np.where(np.isfinite(prior.tops_s), prior.tops_s + shift_s, t[len(t) // 2])
    means = tops_s + spreads_s * peak_shapes.mean_behind_top(name, forms)[0]
    start = np.concatenate([means, np.log(spreads_s), forms])
    reach = np.repeat([prior.width_s * 3, constants.WIDTH_LOG_RANGE], count)
    low = np.append(start[: 2 * count] - reach, np.full(count, lowest))
    high = np.append(start[: 2 * count] + reach, np.full(count, highest))

    across = (t - t[0]) / (t[-1] - t[0])
    lines = noise * np.stack([1 - across, across], axis=1)  # each end of the baseline is known to within the noise

    @lru_cache(maxsize=1)
    def evaluated(content: bytes) -> tuple[np.ndarray, np.ndarray]:
        parameters = np.frombuffer(content)
        own, ends = parameters[:-2], parameters[-2:]
        _, _, rest, ways, columns = deconvolution.projected(shape, t, y - lines @ ends, own, count)
        tilts = lines - columns @ np.linalg.lstsq(columns, lines, rcond=None)[0]
        missed, known = prior.missed(own, name)
        slopes = np.block(
            [
                [-ways / noise, -tilts / noise],
                [known, np.zeros((len(known), 2))],
                [np.zeros((2, len(own))), np.eye(2)],
            ]
        )
        return np.concatenate([rest / noise, missed, ends]), slopes

    bounds = np.append(low, [-np.inf] * 2), np.append(high, [np.inf] * 2)
    found = least_squares(
        lambda at: evaluated(at.tobytes())[0], np.append(start, [0.0, 0.0]), lambda at: evaluated(at.tobytes())[1],
        bounds, x_scale="jac", ftol=constants.SEEDED_GAIN, xtol=constants.SEEDED_GAIN, max_nfev=constants.SEEDED_STEPS,
    )  # fmt: skip
    own, ends = found.x[:-2], found.x[-2:]
    length, areas, _, _, columns = deconvolution.projected(shape, t, y - lines @ ends, own, count)
    missed, rows = prior.missed(own, name)
    error = length / np.sqrt(len(t))
    sds = max(error, noise) * _area_sds(shape, t, own, areas, rows * noise, lines)
    if np.abs(missed).max() > constants.PRIOR_MISSED_SDS or (areas < -constants.INTERVAL_SDS * sds).any():
        return None
    spreads_s, forms = np.exp(own[count : 2 * count]), own[2 * count :]
    return Fit(error, areas, t[columns.argmax(axis=0)], name, sds, spreads_s, forms)


def _area_sds(
    shape: peak_shapes.Shape,
    t: np.ndarray,
    parameters: np.ndarray,
    areas: np.ndarray,
    rows: np.ndarray,
    lines: np.ndarray,
) -> np.ndarray:
    """(n_peaks,) standard errors of the areas for a residual of one, from the curvature of the sum of squares."""
    count = len(areas)
    columns, by_parameter = shape(t[:, None], *parameters.reshape(3, count))
    model = np.concatenate([columns, *(one * areas for one in by_parameter), lines], axis=1)
    curvature = model.T @ model
    curvature[count:-2, count:-2] += rows.T @ rows
    curvature[-2:, -2:] += np.eye(2) * float(lines[0, 0]) ** 2
    return np.sqrt(np.maximum(np.diag(np.linalg.pinv(curvature))[:count], 0.0))


def separated(
    time_min: np.ndarray, height: np.ndarray, own: list[Peak], known: list[KnownPeak], width: float, noise: float
) -> list[Peak]:
    """Separate a group of touching peaks that hides an analyte.

    Parameters
    ----------
    time_min, height : (n_points,) float
        Times (minutes) and the trace above its baseline (unit of the signal).
    own : list of Peak
        The group, between perpendicular drops.
    known : list of KnownPeak
        The analytes within the group.
    width : float
        Width of the trace's peaks at half height (samples).
    noise : float
        Standard deviation of the noise (unit of the signal).

    Returns
    -------
    list of Peak
        If no shape explains the group, the peaks that hold a hidden analyte are marked as not separated. If a hidden
        analyte is not larger than its uncertainty it is absent, and the peaks stay as they are.
    """
    start, stop = own[0].start, own[-1].stop
    at = _centres(time_min, own, known, width)
    centres = sorted(at)
    hidden = [centre for centre in centres if at[centre].hidden]
    if len(centres) > constants.MAX_FITTED_PEAKS:
        return _not_separated(own, hidden)
    step_s = 60 * float(time_min[-1] - time_min[0]) / (len(time_min) - 1)
    inside = slice(start, stop + 1)
    smallest = min(float(height[centre]) for centre in centres)
    limit = max(constants.ACCEPTED_RESIDUAL_FRACTION * smallest, 2 * noise)
    prior = _prior([at[centre] for centre in centres], width * step_s, noise, own)
    fit = fitted(60 * time_min[inside], height[inside], prior, limit)
    if fit is None or fit.area_sds is None:
        return _not_separated(own, hidden)
    if (fit.areas <= constants.INTERVAL_SDS * fit.area_sds).any():
        return own
    return deconvolution.shared(height, own, centres, fit)


def _not_separated(own: list[Peak], hidden: list[int]) -> list[Peak]:
    return [
        replace(peak, shape=constants.NOT_SEPARATED) if any(peak.start <= one <= peak.stop for one in hidden) else peak
        for peak in own
    ]


def _centres(time_min: np.ndarray, own: list[Peak], known: list[KnownPeak], width: float) -> dict[int, KnownPeak]:
    """Samples of the peaks to fit: those of the known analytes, and maxima that are none of theirs."""
    step_min = float(time_min[-1] - time_min[0]) / (len(time_min) - 1)
    found: dict[int, KnownPeak] = {}
    left = {peak.apex for peak in own}
    for one in sorted(known, key=lambda analyte: analyte.hidden):
        apart = {apex: abs(float(time_min[apex]) - one.retention_min) for apex in left}
        nearest = min(apart, key=lambda apex: apart[apex], default=None)
        if nearest is not None and (not one.hidden or apart[nearest] < width * step_min):
            left.discard(nearest)
        place = int(np.searchsorted(time_min, one.retention_min))
        while place in found:
            place += 1
        found[int(np.clip(place, own[0].start + 1, own[-1].stop - 1))] = one
    return {**found, **dict.fromkeys(left, UNKNOWN)}


def _prior(known: list[KnownPeak], width_s: float, noise: float, own: list[Peak]) -> Prior:
    """What is known of each peak, and the shifts of the run from which to start."""
    sure = all(one.shift_known for one in known)
    apex_s = 60 * max(own, key=lambda peak: peak.height).retention_min
    tops_s = 60 * np.array([one.retention_min for one in known])
    apart_s = apex_s - tops_s[np.isfinite(tops_s)]
    shifts_s = [0.0] if sure else [0.0, *apart_s, apart_s.mean()]
    return Prior(
        tops_s=tops_s,
        width_s=width_s,
        shift_sd_s=constants.SEEDED_SHIFT_WIDTHS * width_s if sure else width_s,
        noise=noise,
        shape=next((one.shape for one in known if one.shape), ""),
        spreads_s=np.array([one.spread_s for one in known]),
        forms=np.array([one.form for one in known]),
        shifts_s=tuple(float(one) for one in shifts_s),
    )
