"""A traced dendrite: centreline, radius and brightness of its shaft."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Dendrite:
    """The shaft of one dendrite, or of one branch.

    Attributes
    ----------
    line_um : (n, 3) float
        Points of the centreline in even steps: depth, y, x (um).
    radius_um : (n,) float
        Half width of the shaft at half height (um).
    brightness : (n,) float
        Brightness of the shaft on the line (counts above background).
    """

    line_um: np.ndarray
    radius_um: np.ndarray
    brightness: np.ndarray

    @property
    def length_um(self) -> float:
        """Length of the centreline in three dimensions (um)."""
        return float(np.linalg.norm(np.diff(self.line_um, axis=0), axis=1).sum())

    @property
    def tangent(self) -> np.ndarray:
        """Unit vectors along the line, (n, 3)."""
        along = np.gradient(self.line_um, axis=0)
        return along / np.maximum(np.linalg.norm(along, axis=1, keepdims=True), 1e-9)

    def scaled(self, factor: float) -> "Dendrite":
        """Return the dendrite with all lengths multiplied by ``factor``."""
        return Dendrite(self.line_um * factor, self.radius_um * factor, self.brightness)

    def flat(self) -> "Dendrite":
        """Return the dendrite as it lies in the projection, at depth 0."""
        return Dendrite(self.line_um * [0, 1, 1], self.radius_um, self.brightness)
