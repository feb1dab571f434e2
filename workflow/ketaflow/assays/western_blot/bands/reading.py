"""What was read off one membrane on one picture."""

from dataclasses import dataclass

import numpy as np

from ketaflow.assays.western_blot.bands.targets import RowChoice
from ketaflow.assays.western_blot.lanes.lane_profile import LaneProfile
from ketaflow.assays.western_blot.model import Band, Ladder, QuantifySettings, Scan, View


@dataclass(frozen=True)
class Reading:
    """What was read off one membrane on one picture.

    Attributes
    ----------
    view : View
        The membrane on the picture.
    bands : list of Band
        By lane and from top to bottom.
    lanes : list of LaneProfile
        Profiles of the lanes; empty where the lanes were not found.
    shifts : (n_lanes,) float or None
        Rows by which each lane lies lower than the middle of the membrane.
    ladder : Ladder or None
        Bands of the ladder with their masses.
    choices : dict of str to RowChoice
        The row of bands of each target.
    scan : Scan
        The picture.
    settings : QuantifySettings
        How bands are found and their background is read.
    length : float
        Changes along a lane slower than this are background (rows).
    """

    view: View
    bands: list[Band]
    lanes: list[LaneProfile]
    shifts: np.ndarray | None
    ladder: Ladder | None
    choices: dict[str, RowChoice]
    scan: Scan
    settings: QuantifySettings
    length: float

    def bands_of(self, target: str) -> list[Band]:
        """Return the bands of one target."""
        return [band for band in self.bands if band.target == target]

    def volumes(self, target: str) -> np.ndarray:
        """Volume of a target's band by lane.

        Parameters
        ----------
        target : str
            The target.

        Returns
        -------
        (n_lanes,) float
            Net volumes (counts); NaN where a lane has no band of the target.
        """
        by_lane = np.full(len(self.view.lanes), np.nan)
        for band in self.bands_of(target):
            if 1 <= band.lane <= len(by_lane):
                by_lane[band.lane - 1] = band.volume
        return by_lane
