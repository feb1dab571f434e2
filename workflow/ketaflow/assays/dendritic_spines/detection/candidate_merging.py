"""Which candidates are one and the same spine: of those only the best counts.

Two places nearer than the microscope resolves are one. Farther apart they are two if it is darker between them; where
the light goes on from one to the other they are two lumps of one head, and where one lies between the other and the
shaft it is that one's neck or root. Distance alone does not tell: dense spines stand half a micrometre apart, and a
large head is a micrometre wide. In tissue the light of the surroundings goes on everywhere, so there only what is
near counts as one.
"""

from dataclasses import dataclass

import numpy as np
from scipy import ndimage
from scipy.spatial import cKDTree

from ketaflow.assays.dendritic_spines.detection.candidates import DESCRIPTORS, Candidates, clearness

# Places this far apart (um) are two even where the light goes on, in tissue and in a clear image: the widest heads are
# 0.9 um, and some blur.
WIDEST_UM = (0.8, 1.2)
# It is darker between two places where this share of the fainter one's brightness is not reached (a dip of a tenth
# is what is left of two points at the Rayleigh distance when they are a little uneven or noisy).
DIP = 0.9
# A place within this of the other's way to the shaft (um, along the shaft), up to so far from it, is its root; so is
# one that lies so much nearer to the shaft (um) while in a clear image at least this share of the light goes on
# between them: a neck. In clear images pairs like this were one spine, in tissue as often two.
ROOT_UM, ROOT_FAR_UM = 0.3, 1.6
LOWER_UM, NECK = 0.5, 0.5
STEPS = 16


@dataclass
class Duplicates:
    """Pairs (n, 2) of candidates, by index, that are one spine; ``count`` candidates in all."""

    pairs: np.ndarray
    count: int

    def suppress(self, strength: np.ndarray, among: np.ndarray) -> np.ndarray:
        """Indices, in order, of those ``among`` the candidates (mask) that no stronger kept one displaces."""
        one_way = np.concatenate([self.pairs, self.pairs[:, ::-1]]).reshape(-1, 2)
        one_way = one_way[np.argsort(one_way[:, 0], kind="stable")]
        first = np.searchsorted(one_way[:, 0], np.arange(self.count + 1))
        kept = among.copy()
        for index in np.argsort(-strength, kind="stable"):
            if kept[index]:
                kept[one_way[first[index] : first[index + 1], 1]] = False
        return np.flatnonzero(kept)


def duplicate_pairs(smooth: np.ndarray, pixel_um: float, found: Candidates, min_distance_um: float) -> Duplicates:
    """Pairs of candidates that are one spine, in a picture (y, x) blurred a little; all on the candidates' scale."""
    if len(found) < 2:
        return Duplicates(np.zeros((0, 2), int), len(found))
    flat_um, outward, along = found.places_um[:, 1:], found.outward[:, 1:], found.along[:, 1:]
    pairs = cKDTree(flat_um).query_pairs(max(*WIDEST_UM, ROOT_FAR_UM, min_distance_um), output_type="ndarray")
    one, two = pairs.T
    between = flat_um[two] - flat_um[one]
    apart = np.linalg.norm(between, axis=1)
    behind = np.minimum(np.abs((between * along[one]).sum(1)), np.abs((between * along[two]).sum(1))) < ROOT_UM
    dip = _dip(smooth, pixel_um, flat_um[one], between)
    clear = clearness(found)
    from_shaft = found.descriptors[:, DESCRIPTORS.index("distance_um")]
    lower = (np.abs(from_shaft[one] - from_shaft[two]) > LOWER_UM) & (dip >= NECK) & (clear > 0.5)
    root = (behind | lower) & ((outward[one] * outward[two]).sum(1) > 0) & (apart < ROOT_FAR_UM)
    lit = (apart < np.interp(clear, (0, 1), WIDEST_UM)) & (dip >= DIP)
    return Duplicates(pairs[(apart < min_distance_um) | root | lit], len(found))


def _dip(smooth: np.ndarray, pixel_um: float, start_um: np.ndarray, between: np.ndarray) -> np.ndarray:
    """Least brightness (n,) between two places, in the brightness of the fainter one."""
    along = start_um[:, None] + np.linspace(0, 1, STEPS)[:, None] * between[:, None]
    light = ndimage.map_coordinates(smooth, np.moveaxis(along, -1, 0) / pixel_um, order=1, mode="nearest")
    return light.min(1) / np.maximum(np.minimum(light[:, 0], light[:, -1]), 1e-6)
