"""Positions of body parts, and what the reader of a program provides."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import h5py


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


@dataclass(frozen=True)
class PoseReader:
    """How the pose files of a program are recognised and read.

    ``read_csv`` and ``read_h5`` raise ``IngestError``, with file, row and column, if the content is not what the
    program writes.

    Attributes
    ----------
    recognises_text : callable
        Returns whether the first four lines of a text are the program's.
    recognises_h5 : callable
        Returns whether an open h5 file is the program's.
    read_csv : callable
        Reads a text.
    read_h5 : callable
        Reads an open h5 file; also takes its name, for messages.
    """

    recognises_text: Callable[[list[str]], bool]
    recognises_h5: Callable[["h5py.File"], bool]
    read_csv: Callable[[Path], PoseFile]
    read_h5: Callable[["h5py.File", str], PoseFile]
