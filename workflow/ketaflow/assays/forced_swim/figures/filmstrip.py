"""Small images of a cylinder at regular times, for the reviewer, each with one a moment later."""

import numpy as np

from ketaflow.assays.forced_swim.model import StripImages
from ketaflow.assays.forced_swim.tracking import constants
from ketaflow.assays.forced_swim.tracking.body_mask import block_mean, cropped_to_blocks
from ketaflow.assays.forced_swim.tracking.scene import Cylinder


class Filmstrip:
    """Collects small images of one cylinder while the video is decoded.

    Parameters
    ----------
    cylinder : Cylinder
        What to show.
    shape : tuple of int
        Height and width of a frame (pixels).
    every_s : float
        Time between images (seconds).
    """

    def __init__(self, cylinder: Cylinder, shape: tuple[int, ...], every_s: float):
        """Choose what is cropped and how much it is reduced."""
        margin = 0.06 * (cylinder.bottom - cylinder.top)
        rows = slice(max(0, int(cylinder.top - margin)), min(shape[0], int(cylinder.bottom + 1)))
        self._crop = (rows, slice(max(0, int(cylinder.left)), min(shape[1], int(cylinder.right) + 1)))
        self._reduction = max(1, -(-int(cylinder.width) // constants.STRIP_WIDTH_PX))
        self._every_s, self._due_s = every_s, 0.0
        self._times_s: list[float] = []
        self._images: list[np.ndarray] = []
        self._later: list[np.ndarray] = []

    def add_frame(self, time_s: float, frame: np.ndarray) -> None:
        """Keep the frame if one is due.

        Parameters
        ----------
        time_s : float
            Seconds of the video.
        frame : (height, width) uint8
            Grey levels.
        """
        if time_s >= self._due_s:
            self._due_s = time_s + self._every_s
            self._times_s.append(time_s)
            self._images.append(self._reduced(frame))
        elif len(self._later) < len(self._images) and time_s >= self._times_s[-1] + constants.PAIR_LAG_S:
            self._later += [self._reduced(frame)] * (len(self._images) - len(self._later))

    def _reduced(self, frame: np.ndarray) -> np.ndarray:
        """Crop and reduce a frame."""
        return block_mean(cropped_to_blocks(frame[self._crop], self._reduction), self._reduction).astype(np.uint8)

    def images(self) -> StripImages:
        """Return all images; one that has no later image is paired with itself."""
        later = self._later + self._images[len(self._later) :]
        return StripImages(np.stack([self._images, later], axis=1), np.array(self._times_s))
