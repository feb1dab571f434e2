"""A traced dendrite: centreline, radius and brightness of its shaft."""

from dataclasses import dataclass

import numpy as np


@dataclass
class Dendrite:
    """A traced shaft: ``line_um`` (n, 3) points z, y, x; ``radius_um`` (n,); ``brightness`` (n,) above background."""

    line_um: np.ndarray
    radius_um: np.ndarray
    brightness: np.ndarray

    @property
    def length_um(self) -> float:
        """Length of the centreline, in three dimensions."""
        return float(np.linalg.norm(np.diff(self.line_um, axis=0), axis=1).sum())

    def scaled(self, factor: float) -> "Dendrite":
        """The same dendrite with all lengths times ``factor``."""
        return Dendrite(self.line_um * factor, self.radius_um * factor, self.brightness)

    def flat(self) -> "Dendrite":
        """The same dendrite as it lies in the projection."""
        return Dendrite(self.line_um * [0, 1, 1], self.radius_um, self.brightness)

    @property
    def tangent(self) -> np.ndarray:
        """Unit vectors along the line (n, 3)."""
        along = np.gradient(self.line_um, axis=0)
        return along / np.maximum(np.linalg.norm(along, axis=1, keepdims=True), 1e-9)
