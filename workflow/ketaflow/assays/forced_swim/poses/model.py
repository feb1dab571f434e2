"""Positions of body parts, as the readers of this package return them."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Poses:
    """Positions of the parts of one individual.

    Attributes
    ----------
    name : str
        The individual or track; empty if the file names none.
    parts : tuple of str
        Names of the parts.
    frames : (n_frames,) int
        Numbers of the frames, rising.
    xy : (n_frames, n_parts, 2) float
        Positions (pixels); NaN where a part was not found.
    likelihood : (n_frames, n_parts) float
        Confidence of each position; NaN where none is given.
    """

    name: str
    parts: tuple[str, ...]
    frames: np.ndarray
    xy: np.ndarray
    likelihood: np.ndarray

    @property
    def is_seen(self) -> np.ndarray:
        """Whether any part was found, by frame ((n_frames,) bool)."""
        return np.isfinite(self.xy[..., 0]).any(axis=1)

    @property
    def x(self) -> np.ndarray:
        """Mean horizontal position of the parts in the frames in which any was found ((n_seen,) float, pixels)."""
        return np.nanmean(self.xy[self.is_seen, :, 0], axis=1)


@dataclass(frozen=True)
class PoseFile:
    """A file of poses.

    Attributes
    ----------
    program : str
        DeepLabCut or SLEAP.
    individuals : list of Poses
        In the order of the file.
    """

    program: str
    individuals: list[Poses]
