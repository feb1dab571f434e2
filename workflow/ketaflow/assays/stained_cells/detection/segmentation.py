"""Divide the pixels above the threshold into objects: one for each cell, touching ones included.

In: heights above the background and a threshold. Out: the object of each pixel. Seeds are the peaks of the distance
to the edge times a power of the height. Two peaks are one cell if the saddle between them is almost as high as the
lower peak, so an elongated cell, or one with mottled chromatin, remains one.
"""

import math

import numpy as np
import pandas as pd
from scipy import ndimage
from skimage.feature import peak_local_max
from skimage.morphology import disk
from skimage.segmentation import watershed

from ketaflow.assays.stained_cells import constants
from ketaflow.assays.stained_cells.model import CellSettings


def find_objects(height: np.ndarray, threshold: np.ndarray, pixel_um: float, settings: CellSettings) -> np.ndarray:
    """Find objects and the pixels of each.

    Parameters
    ----------
    height : (rows, columns) ndarray
        Smoothed stain above the background.
    threshold : (rows, columns) ndarray
        Smallest height of a cell.
    pixel_um : float
        Size of a pixel (um).
    settings : CellSettings
        Settings ``stained_cells.quantify.cells``.

    Returns
    -------
    (rows, columns) int32 ndarray
        Number of the object of each pixel, from 1; 0 elsewhere.
    """
    smallest_px, fraction = settings.min_diameter_um / pixel_um, settings.boundary_fraction
    largest_px2 = math.pi / 4 * (settings.max_diameter_um / pixel_um) ** 2
    mask = _mask(height, threshold, smallest_px, fraction)
    mask = ndimage.binary_opening(filled(mask, largest_px2), disk(1))
    relief = _relief(mask, height, smallest_px)
    peaks = peak_local_max(relief, min_distance=1, threshold_abs=0, exclude_border=False)
    seeds = np.zeros(height.shape, np.int32)
    seeds[tuple(peaks.T)] = np.arange(1, len(peaks) + 1)
    basins = watershed(-relief, seeds, mask=mask)
    labels = merge_shallow(basins, relief, relief[tuple(peaks.T)], settings.saddle_ratio)
    return np.where(filled(_trimmed(labels, height, fraction), largest_px2), labels, 0)


def filled(mask: np.ndarray, max_area_px: float) -> np.ndarray:
    """Fill the holes of a mask up to an area, such as the nucleus of a cell whose cytoplasm is stained.

    Parameters
    ----------
    mask : (rows, columns) bool ndarray
        True inside.
    max_area_px : float
        Largest hole to fill (pixels). Parts of the background at the edge of the image are holes too.

    Returns
    -------
    (rows, columns) bool ndarray
        The mask with its small holes filled.
    """
    holes, _ = ndimage.label(~mask)
    is_small = np.bincount(holes.ravel()) <= max_area_px
    is_small[0] = False
    return mask | is_small[holes]


def merge_shallow(labels: np.ndarray, relief: np.ndarray, peaks: np.ndarray, saddle_ratio: float) -> np.ndarray:
    """Merge neighbours that are divided by a shallow saddle, the highest saddle first.

    Parameters
    ----------
    labels : (rows, columns) int ndarray
        Basins of a watershed, from 1; 0 elsewhere.
    relief : (rows, columns) ndarray
        The relief that was flooded.
    peaks : (n,) ndarray
        Height of the peak of each basin.
    saddle_ratio : float
        Neighbours are merged if the saddle is higher than this share of the lower peak.

    Returns
    -------
    (rows, columns) int32 ndarray
        Labels from 1 without gaps.
    """
    pairs, saddles = _saddles(labels, relief)
    peaks = np.concatenate([[0.0], peaks])
    parent = np.arange(len(peaks))

    def root(label: int) -> int:
        while parent[label] != label:
            label = int(parent[label])
        return label

    for number in np.argsort(-saddles, kind="stable"):
        one, other = sorted((root(int(label)) for label in pairs[number]), key=lambda label: peaks[label])
        if one != other and saddles[number] > saddle_ratio * peaks[one]:
            parent[one] = other
    roots = np.array([root(label) for label in range(len(peaks))])
    return np.unique(roots, return_inverse=True)[1].astype(np.int32)[labels]


def _mask(height: np.ndarray, threshold: np.ndarray, smallest_px: float, boundary_fraction: float) -> np.ndarray:
    """Pixels above the threshold that are not in the blurred surroundings of something brighter."""
    nearby = ndimage.maximum_filter(height, int(smallest_px) | 1)
    mask: np.ndarray = (height > threshold) & (height > boundary_fraction * nearby)
    return mask


def _relief(mask: np.ndarray, height: np.ndarray, smallest_px: float) -> np.ndarray:
    """Distance to the edge of the mask (pixels) times a power of the smoothed height; 0 outside the mask."""
    distance = ndimage.gaussian_filter(_distance_to_edge(mask), constants.DISTANCE_SMOOTHING * smallest_px)
    broad = ndimage.gaussian_filter(np.maximum(height, 0), constants.BROAD_SMOOTHING * smallest_px)
    relief = np.zeros(mask.shape, np.float32)
    relief[mask] = distance[mask] * broad[mask] ** constants.HEIGHT_POWER
    return relief


def _distance_to_edge(mask: np.ndarray) -> np.ndarray:
    """Distance of each pixel to the edge of its part of the mask (pixels), part by part: most of a field is empty."""
    parts, _ = ndimage.label(mask)
    distance = np.zeros(mask.shape, np.float32)
    for number, window in enumerate(ndimage.find_objects(parts), start=1):
        part = np.pad(parts[window] == number, 1)
        distance[window] += ndimage.distance_transform_edt(part)[1:-1, 1:-1]
    return distance


def _saddles(labels: np.ndarray, relief: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Pairs of neighbouring labels (n, 2), and the highest saddle (n,) between each."""
    pairs, levels = [], []
    for axis in (0, 1):
        one, other = _neighbours(labels, axis)
        border = (one != other) & (one > 0) & (other > 0)
        pairs.append(np.sort(np.column_stack([one[border], other[border]]), axis=1))
        levels.append(np.minimum(*_neighbours(relief, axis))[border])
    unique, place = np.unique(np.concatenate(pairs), axis=0, return_inverse=True)
    saddles = np.zeros(len(unique))
    np.maximum.at(saddles, place.ravel(), np.concatenate(levels))
    return unique, saddles


def _neighbours(array: np.ndarray, axis: int) -> tuple[np.ndarray, np.ndarray]:
    """Each pixel and the next one along an axis."""
    moved = np.moveaxis(array, axis, 0)
    return moved[:-1], moved[1:]


def _trimmed(labels: np.ndarray, height: np.ndarray, boundary_fraction: float) -> np.ndarray:
    """Pixels of objects (rows, columns) down to a share of the height of their object."""
    within = labels > 0
    heights = pd.Series(height[within]).groupby(labels[within]).quantile(constants.HEIGHT_QUANTILE)
    lowest = np.zeros(int(labels.max()) + 1)
    lowest[heights.index] = boundary_fraction * heights
    kept: np.ndarray = within & (height >= lowest[labels])
    return kept
