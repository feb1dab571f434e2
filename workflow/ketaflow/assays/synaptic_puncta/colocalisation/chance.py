"""How many pairs are expected by chance: count pairs after one channel was moved.

In: positions of both channels' puncta, and the tissue. Out: pairs expected by chance. Small shifts keep nuclei on
nuclei and dense areas on dense ones, and give the estimate; rotations are reported beside it. Mirror images are not
used: near their axis each punctum meets itself.
"""

import math
from dataclasses import dataclass, replace

import numpy as np

from ketaflow.assays.synaptic_puncta import constants
from ketaflow.assays.synaptic_puncta.colocalisation.pair_matching import one_to_one
from ketaflow.assays.synaptic_puncta.colocalisation.random_pairing import crowding_of, random_pairs
from ketaflow.assays.synaptic_puncta.detection.tissue_mask import TissueMap


@dataclass(frozen=True)
class Chance:
    """Number of pairs that independent channels would form.

    Attributes
    ----------
    shifted : (n_shifts,) ndarray
        Pairs after each shift of one channel, extrapolated to the whole tissue.
    rotated : (1,) or (3,) ndarray
        Pairs after rotation by half a turn and, in square fields, by quarter turns.
    """

    shifted: np.ndarray
    rotated: np.ndarray

    @property
    def pairs(self) -> float:
        """Pairs expected by chance: mean over the shifts."""
        return float(self.shifted.mean()) if len(self.shifted) else math.nan

    @property
    def interval(self) -> tuple[float, float]:
        """Range that holds 95 % of the shifts."""
        if not len(self.shifted):
            return math.nan, math.nan
        low, high = np.quantile(self.shifted, constants.CHANCE_QUANTILES)
        return float(low), float(high)


def chance_pairs(
    pre_um: np.ndarray, post_um: np.ndarray, tissue: TissueMap, reach_um: np.ndarray, *, shifts_um: np.ndarray
) -> Chance:
    """Estimate how many pairs form by chance.

    Parameters
    ----------
    pre_um, post_um : (n, d) and (m, d) ndarray
        Positions of the puncta in tissue (um).
    tissue : TissueMap
        Tissue of the field.
    reach_um : (d,) ndarray
        Largest distance of a pair along each axis (um).
    shifts_um : (k, 2) ndarray
        Shifts of the post channel in the plane (um), down and to the right.

    Returns
    -------
    Chance
        One estimate per shift, and per rotation by half a turn and, in square fields, by quarter turns.

    Notes
    -----
    Pairs are counted where both channels show tissue after the move, and extrapolated to the whole tissue.
    """
    shifted = [
        _pairs_after_move(pre_um, post_um + _in_space(shift, post_um), tissue, _shifted_mask(tissue, shift), reach_um)
        for shift in shifts_um
    ]
    turns = zip(_rotated_positions(post_um, tissue), _rotated_masks(tissue), strict=True)
    rotated = [_pairs_after_move(pre_um, moved_um, tissue, mask, reach_um) for moved_um, mask in turns]
    return Chance(np.array(shifted), np.array(rotated))


def ring_of_shifts(n_shifts: int, shift_um: tuple[float, float]) -> np.ndarray:
    """Shifts spread evenly over a ring; the same for every image.

    Parameters
    ----------
    n_shifts : int
        Number of shifts.
    shift_um : tuple of float
        Inner and outer radius of the ring (um).

    Returns
    -------
    (n_shifts, 2) ndarray
        Shifts (um), down and to the right.
    """
    number = np.arange(n_shifts)
    radius = np.sqrt(np.interp((number + 0.5) / n_shifts, [0, 1], np.square(shift_um)))
    angle = number * constants.GOLDEN_ANGLE
    return np.column_stack([radius * np.sin(angle), radius * np.cos(angle)])


def _in_space(shift_um: np.ndarray, positions_um: np.ndarray) -> np.ndarray:
    """A shift in the plane as a shift of positions with two or three axes."""
    return np.concatenate([np.zeros(positions_um.shape[1] - 2), shift_um])


def _shifted_mask(tissue: TissueMap, shift_um: np.ndarray) -> np.ndarray:
    """The tissue mask after a shift; there is no tissue outside the field."""
    by = np.rint(shift_um / tissue.pixel_um).astype(int)
    moved = np.zeros_like(tissue.mask)
    target = tuple(slice(max(step, 0), size + min(step, 0)) for step, size in zip(by, moved.shape, strict=True))
    origin = tuple(slice(max(-step, 0), size + min(-step, 0)) for step, size in zip(by, moved.shape, strict=True))
    moved[target] = tissue.mask[origin]
    return moved


def _rotated_positions(positions_um: np.ndarray, tissue: TissueMap) -> list[np.ndarray]:
    """Positions after half a turn and, where the field is square, after quarter turns."""
    y, x = positions_um[:, -2], positions_um[:, -1]
    height, width = tissue.extent_um
    turns = [(height - y, width - x)]
    if height == width:
        turns += [(x, height - y), (width - x, y)]
    return [np.column_stack([positions_um[:, :-2], *turn]) for turn in turns]


def _rotated_masks(tissue: TissueMap) -> list[np.ndarray]:
    """The tissue mask after the same turns."""
    mask = tissue.mask
    masks = [mask[::-1, ::-1]]
    if tissue.extent_um[0] == tissue.extent_um[1]:
        masks += [mask[::-1].T, mask[:, ::-1].T]
    return masks


def _pairs_after_move(
    pre_um: np.ndarray, moved_um: np.ndarray, tissue: TissueMap, moved_mask: np.ndarray, reach_um: np.ndarray
) -> float:
    """Pairs of the pre puncta and the moved post puncta, extrapolated to all of both."""
    overlap = replace(tissue, mask=tissue.mask & moved_mask)
    first, second = pre_um[overlap.contains(pre_um)], moved_um[overlap.contains(moved_um)]
    n_pairs = len(one_to_one(first, second, reach_um).indices)
    crowding = crowding_of(n_pairs, len(first), len(second)) * overlap.mask.sum() / max(tissue.mask.sum(), 1)
    return random_pairs(len(pre_um), len(moved_um), crowding)
