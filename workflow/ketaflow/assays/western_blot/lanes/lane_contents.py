"""Compare what lanes show with what the lane map says they hold.

In: one membrane with its bands enhanced, the places of its lanes, and what each should hold. Out: what contradicts the
lane map. A ladder has many bands and samples have few; samples share their rows of bands. A map that is shifted by one
lane, or one lane short or long, therefore puts a ladder where a sample lies, or a sample where no row of bands ends.
"""

from dataclasses import dataclass

import numpy as np
from scipy import ndimage, signal

from ketaflow.assays.western_blot.images.band_enhancement import EnhancedPicture
from ketaflow.assays.western_blot.lanes import constants
from ketaflow.assays.western_blot.model import LaneGrid, Sample


@dataclass(frozen=True)
class Contents:
    """What lanes show, row by row, over the noise of the membrane.

    Attributes
    ----------
    profiles : (n_lanes, n_rows) float
        Rise of the listed lanes (multiples of the noise).
    noise : float
        Noise of the rows, that of the quietest quarter of the lanes (counts).
    """

    enhanced: EnhancedPicture
    grid: LaneGrid
    profiles: np.ndarray
    noise: float

    @classmethod
    def of(cls, enhanced: EnhancedPicture, grid: LaneGrid) -> "Contents":
        """Read all lanes of a grid."""
        rises = np.array([_lane_rise(enhanced, grid, centre) for centre in grid.centres])
        spread = 1.4826 * np.median(np.abs(rises - np.median(rises, axis=1, keepdims=True)), axis=1)
        noise = max(float(np.quantile(spread, 0.25)), constants.LEAST_NOISE * float(enhanced.height.max()), 1e-9)
        return cls(enhanced, grid, rises / noise, noise)

    def at(self, centre: float, part: float = constants.CONTENT_WIDTH) -> np.ndarray:
        """What a lane around another column of the file would show.

        Parameters
        ----------
        centre : float
            Centre of that lane (columns of the file).
        part : float
            Share of the pitch that is averaged around the centre.

        Returns
        -------
        (n_rows,) float
            Rise of the lane in each row, in standard deviations of the noise.
        """
        return _lane_rise(self.enhanced, self.grid, centre, part) / self.noise


def _lane_rise(
    enhanced: EnhancedPicture, grid: LaneGrid, centre: float, part: float = constants.CONTENT_WIDTH
) -> np.ndarray:
    """Rise of a lane, row by row along its lean, (n_rows,) float (counts); 0 where less than half of it is seen.

    The lower quartile over the middle half of the lane leaves out what is narrower than a band: dust, scratches.
    """
    height, factor = enhanced.height, enhanced.factor
    rows, columns = height.shape
    half = max(1.0, part * grid.pitch / factor / 2)
    middle = (centre - (factor - 1) / 2) / factor
    if not 0 <= middle < columns:
        return np.zeros(rows)
    lean = grid.lean * (np.arange(rows) - grid.middle / factor)
    places = np.rint(middle + np.arange(-half, half + 1)[None, :] + lean[:, None]).astype(int)
    values = np.take_along_axis(height, np.clip(places, 0, columns - 1), axis=1)
    profile = ndimage.gaussian_filter1d(np.quantile(values, 0.25, axis=1), 1.0)
    return np.asarray(profile - np.quantile(profile, constants.CONTENT_LEVEL))


def contents_doubt(enhanced: EnhancedPicture, grid: LaneGrid, samples: list[Sample]) -> str:
    """Return what contradicts the lane map.

    Parameters
    ----------
    enhanced : EnhancedPicture
        The whole membrane.
    grid : LaneGrid
        Where its lanes are.
    samples : list of str
        What each lane holds according to the map.

    Returns
    -------
    str
        Empty if nothing does.
    """
    lanes = Contents.of(enhanced, grid)
    profiles = lanes.profiles
    bands = np.array([_band_count(profile) for profile in profiles])
    kinds = np.array(samples)
    doubt = _empty_doubt(lanes, kinds)
    if doubt:
        return doubt
    studied = np.flatnonzero(~np.isin(kinds, ["ladder", "blank"]))
    if not len(studied):
        return ""
    usual = float(np.median(bands[studied]))
    least = max(constants.LADDER_BANDS, constants.LADDER_EXCESS * usual)
    named = int(bands[kinds == "ladder"].max(initial=0))
    most = studied[bands[studied].argmax()]
    if bands[most] >= least and bands[most] > named:
        told = f"lane {most + 1} shows {bands[most]} bands, the other samples {usual:.0f}: it may hold the ladder"
        return told + (f" (the lane listed as ladder shows {named})" if "ladder" in samples else "")
    strength = float(np.median(profiles[studied].max(axis=1)))
    return _unlisted_ladder(lanes, least, strength) or _row_doubt(lanes, studied)


def _empty_doubt(lanes: Contents, kinds: np.ndarray) -> str:
    """Whether a lane that shows no signal may be a skipped well, or one that the lane map lists too many."""
    profiles, grid = lanes.profiles, lanes.grid
    empty = np.flatnonzero((kinds != "blank") & (profiles.max(axis=1) < constants.EMPTY_SNR))
    wells = np.rint(np.diff(grid.centres) / grid.pitch)
    if grid.filled < 1 and len(empty) and wells.max(initial=1) > 1:
        return (
            f"lane {empty[0] + 1} shows no signal and may be any of the wells that the lane map skips: list every well "
            "between the first and the last lane, empty ones as blank"
        )
    for lane in empty[(empty > 0) & (empty < len(kinds) - 1)]:
        for beside, way in ((lane - 1, 1), (lane + 1, -1)):
            row = int(profiles[beside].argmax())
            edge = lanes.at(grid.centres[beside] + way * constants.EDGE_REACH * grid.pitch, constants.EDGE_WIDTH)
            if beside not in empty and edge[row] > constants.EDGE_SHARE * profiles[beside, row]:
                return f"lane {beside + 1} is wider than the distance between lanes: the lane map lists too many"
    return ""


def _unlisted_ladder(lanes: Contents, least: float, strength: float) -> str:
    """Whether a lane beside the outermost ones shows the bands of a ladder.

    It has at least ``least`` bands, and is not far weaker than the samples, whose usual highest band is ``strength``.
    """
    for end, way in ((lanes.grid.centres[0], -1), (lanes.grid.centres[-1], 1)):
        for away in constants.LADDER_BESIDE:
            beyond = lanes.at(end + way * away * lanes.grid.pitch)
            if _band_count(beyond) >= least and beyond.max() > constants.LADDER_SHARE * strength:
                side = "left" if way < 0 else "right"
                return f"the picture shows a ladder {side} of the lanes that the lane map lists"
    return ""


def _row_doubt(lanes: Contents, studied: np.ndarray) -> str:
    """Whether the first or last lane of the samples is empty in the rows where its neighbours have bands, or a well is
    not that the map skips or that lies beyond its lanes."""
    profiles, grid = lanes.profiles, lanes.grid
    rows = max(3, round(constants.ROW_TOLERANCE * profiles.shape[1])) | 1

    def shared(near: np.ndarray) -> np.ndarray:
        bands = (
            profiles[near] > np.maximum(constants.ROW_HEIGHT * profiles[near].max(axis=1), constants.BAND_SNR)[:, None]
        )
        return ndimage.maximum_filter1d(bands.any(axis=0).astype(np.uint8), rows) > 0

    for end, others in ((studied[0], studied[1:]), (studied[-1], studied[:-1][::-1])):
        if len(others):
            own = profiles[end][shared(others[: constants.ROW_NEIGHBOURS])].max(initial=0.0)
            if own < max(constants.BAND_SNR, constants.ROW_SHARE * profiles[end].max()):
                return f"lane {end + 1} shows no band in the rows of its neighbours"
    for lane, apart in enumerate(np.diff(grid.centres)):
        wells = round(apart / grid.pitch)
        rows_near = shared(studied[np.argsort(np.abs(studied - lane))[: constants.ROW_NEIGHBOURS]])
        for well in range(1, wells):
            if lanes.at(grid.centres[lane] + apart * well / wells)[rows_near].max(initial=0.0) > constants.BAND_SNR:
                return f"the lane map skips a well between lanes {lane + 1} and {lane + 2} that is not empty"
    for end, way, near in ((grid.centres[0], -1, studied), (grid.centres[-1], 1, studied[::-1])):
        rows_near = shared(near[: constants.ROW_NEIGHBOURS])
        usual = float(np.median(profiles[near[: constants.ROW_NEIGHBOURS]][:, rows_near].max(axis=1, initial=0.0)))
        beyond = float(lanes.at(end + way * grid.pitch)[rows_near].max(initial=0.0))
        if beyond > max(constants.BAND_SNR, constants.ROW_SHARE * usual):
            side = "left" if way < 0 else "right"
            return f"the picture shows a band {side} of the lanes that the lane map lists, in the row of their bands"
    return ""


def _band_count(profile: np.ndarray) -> int:
    """Peaks of a lane that rise by a fraction of its highest one, and above the noise."""
    least = max(constants.BAND_PROMINENCE * float(profile.max(initial=0.0)), constants.BAND_SNR)
    return len(signal.find_peaks(np.pad(profile, 1), height=least, prominence=least)[0])
