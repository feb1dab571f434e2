"""Candidates that are the same spine: only the best of them counts.

Two candidates nearer than the microscope resolves are one spine. Farther apart they are two if there is a dip of
brightness between them. Where the light goes on from one to the other they are two lumps of one head; where one lies
between the other and the shaft it is that one's neck or root. Distance alone does not decide: dense spines are half a
micrometre apart, and a large head is one micrometre wide. In tissue the light of the surroundings goes on everywhere,
so that there only near candidates are merged.
"""

from dataclasses import dataclass

import numpy as np
from scipy import ndimage
from scipy.spatial import cKDTree

from ketaflow.assays.dendritic_spines.detection import constants
from ketaflow.assays.dendritic_spines.detection.candidates import Candidates, clearness


@dataclass(frozen=True)
class Duplicates:
    """Pairs of candidates that are one spine.

    Attributes
    ----------
    pairs : (n, 2) int
        Indices of the candidates of each pair.
    count : int
        Number of candidates in all.
    """

    pairs: np.ndarray
    count: int

    def suppress(self, strength: np.ndarray, eligible: np.ndarray) -> np.ndarray:
        """Keep the strongest candidate of each spine (non-maximum suppression).

        Parameters
        ----------
        strength : (count,) float
            Strength of every candidate.
        eligible : (count,) bool
            Candidates that take part.

        Returns
        -------
        (n,) int
            Indices, in order, of the eligible candidates that no stronger kept one displaces.
        """
        one_way = np.concatenate([self.pairs, self.pairs[:, ::-1]]).reshape(-1, 2)
        one_way = one_way[np.argsort(one_way[:, 0], kind="stable")]
        first = np.searchsorted(one_way[:, 0], np.arange(self.count + 1))
        kept = eligible.copy()
        for index in np.argsort(-strength, kind="stable"):
            if kept[index]:
                kept[one_way[first[index] : first[index + 1], 1]] = False
        return np.flatnonzero(kept)


def find_duplicates(
    blurred: np.ndarray, pixel_um: float, candidates: Candidates, *, min_distance_um: float
) -> Duplicates:
    """Find the pairs of candidates that are one spine.

    Parameters
    ----------
    blurred : (rows, columns) float32
        Projection without background, blurred by ``constants.DIP_BLUR_UM``.
    pixel_um : float
        Size of a pixel on the scale of the candidates (um).
    candidates : Candidates
        All candidates of the image.
    min_distance_um : float
        Two candidates nearer than this are one spine (um).

    Returns
    -------
    Duplicates
        Pairs nearer than ``min_distance_um``, pairs in one head, and pairs of a head with its root on the shaft.
    """
    if len(candidates) < 2:
        return Duplicates(np.zeros((0, 2), int), len(candidates))
    widest_um = (constants.WIDEST_IN_TISSUE_UM, constants.WIDEST_IN_CLEAR_UM)
    flat_um = candidates.positions_um[:, 1:]
    reach_um = max(*widest_um, constants.ROOT_REACH_UM, min_distance_um)
    pairs = cKDTree(flat_um).query_pairs(reach_um, output_type="ndarray")
    one, two = pairs.T
    between_um = flat_um[two] - flat_um[one]
    apart_um = np.linalg.norm(between_um, axis=1)
    light = _least_light_between(blurred, pixel_um, flat_um[one], between_um)
    clear = clearness(candidates)
    root = _is_root(candidates, pairs, between_um, light, is_clear=clear > 0.5) & (apart_um < constants.ROOT_REACH_UM)
    one_head = (apart_um < np.interp(clear, (0, 1), widest_um)) & (light >= constants.DIP)
    return Duplicates(pairs[(apart_um < min_distance_um) | root | one_head], len(candidates))


def _is_root(
    candidates: Candidates, pairs: np.ndarray, between_um: np.ndarray, light: np.ndarray, *, is_clear: bool
) -> np.ndarray:
    """Tell (n,) of which pairs one candidate lies between the other and the shaft, on the same side of it."""
    one, two = pairs.T
    outward, along = candidates.outward[:, 1:], candidates.along[:, 1:]
    along_um = np.minimum(np.abs((between_um * along[one]).sum(1)), np.abs((between_um * along[two]).sum(1)))
    from_shaft_um = candidates.descriptor("distance_um")
    lower = np.abs(from_shaft_um[one] - from_shaft_um[two]) > constants.NECK_LOWER_UM
    neck = lower & (light >= constants.NECK_LIGHT) & is_clear
    same_side = (outward[one] * outward[two]).sum(1) > 0
    return ((along_um < constants.ROOT_ALONG_UM) | neck) & same_side


def _least_light_between(
    blurred: np.ndarray, pixel_um: float, start_um: np.ndarray, between_um: np.ndarray
) -> np.ndarray:
    """Least brightness (n,) between two places, in units of the fainter one's brightness."""
    places_um = start_um[:, None] + np.linspace(0, 1, constants.DIP_SAMPLES)[:, None] * between_um[:, None]
    light = ndimage.map_coordinates(blurred, np.moveaxis(places_um, -1, 0) / pixel_um, order=1, mode="nearest")
    least: np.ndarray = light.min(1) / np.maximum(np.minimum(light[:, 0], light[:, -1]), 1e-6)
    return least
