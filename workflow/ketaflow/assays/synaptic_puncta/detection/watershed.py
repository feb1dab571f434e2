"""Divide an image into the catchment areas of its peaks, and merge peaks that are one.

In: a filtered image. Out: the peak of every pixel. Every pixel climbs to its highest neighbour until it reaches a peak,
so areas meet in the valleys and no threshold is needed. Two peaks are one where the saddle between them is shallow.

``skimage.segmentation.watershed`` of the negative image with ``morphology.h_maxima`` as markers does the same with a
single depth for the whole image; here the depth follows the local noise, at about an eighth of the time.
"""

from itertools import product
from typing import NamedTuple

import numpy as np


class Saddles(NamedTuple):
    """Passes between the areas of two peaks, the highest first.

    Attributes
    ----------
    first, second : (n,) int ndarray
        Places of the two peaks among the candidates.
    height : (n,) ndarray
        Value of the lower of the two touching pixels (units of the image).
    """

    first: np.ndarray
    second: np.ndarray
    height: np.ndarray


def peak_of_every_pixel(image: np.ndarray) -> np.ndarray:
    """Find the peak that each pixel reaches when it always steps to its highest neighbour.

    Parameters
    ----------
    image : (rows, columns) or (planes, rows, columns) ndarray
        A filtered image.

    Returns
    -------
    (image.size,) int ndarray
        Flat index of the peak of every pixel; a peak leads to itself. Pixels that share a peak are its area.
    """
    highest: np.ndarray = image
    leads_to: np.ndarray = np.arange(image.size, dtype=np.int32).reshape(image.shape)
    for axis in range(image.ndim):
        # The highest of a line of three, then of three such lines: the whole neighbourhood in two comparisons an axis.
        level, target = highest, leads_to
        highest, leads_to = level.copy(), target.copy()
        for step in (slice(1, None), slice(None, -1)), (slice(None, -1), slice(1, None)):
            here, there = ((slice(None),) * axis + (part,) for part in step)
            higher = level[there] > highest[here]
            np.copyto(highest[here], level[there], where=higher)
            np.copyto(leads_to[here], target[there], where=higher)
    leads_to = leads_to.ravel()
    while True:
        further = leads_to[leads_to]
        if np.array_equal(further, leads_to):
            return leads_to
        leads_to = further


def merge_shallow_peaks(
    image: np.ndarray, peak_of: np.ndarray, candidates: np.ndarray, min_depth: np.ndarray
) -> np.ndarray:
    """Merge peaks that rise less than ``min_depth`` above the saddle to a higher one.

    Parameters
    ----------
    image : (rows, columns) or (planes, rows, columns) ndarray
        The filtered image.
    peak_of : (image.size,) int ndarray
        From ``peak_of_every_pixel``.
    candidates : (n,) int ndarray
        Flat indices of the peaks that are compared.
    min_depth : (n,) ndarray
        Smallest depth of a saddle that separates a candidate from a higher one (units of the image).

    Returns
    -------
    (n,) int ndarray
        For each candidate the place in ``candidates`` of the peak that it belongs to, which may be itself.

    Notes
    -----
    Saddles are taken from the highest down, so that a chain of small peaks ends at its highest.
    """
    tops = image.ravel()[candidates]
    saddles = find_saddles(image, peak_of, candidates, tops - min_depth)
    top, depth = tops.tolist(), min_depth.tolist()
    parent = list(range(len(candidates)))

    def root(one: int) -> int:
        while parent[one] != one:
            parent[one] = parent[parent[one]]
            one = parent[one]
        return one

    for one, other, height in zip(*(values.tolist() for values in saddles), strict=True):
        higher, lower = root(one), root(other)
        if top[higher] < top[lower]:
            higher, lower = lower, higher
        if higher != lower and top[lower] - height < depth[lower]:
            parent[lower] = higher
    return np.array([root(one) for one in range(len(candidates))], dtype=np.int64)


def find_saddles(image: np.ndarray, peak_of: np.ndarray, candidates: np.ndarray, min_height: np.ndarray) -> Saddles:
    """Find where the areas of two candidates touch.

    Parameters
    ----------
    image : (rows, columns) or (planes, rows, columns) ndarray
        The filtered image.
    peak_of : (image.size,) int ndarray
        From ``peak_of_every_pixel``.
    candidates : (n,) int ndarray
        Flat indices of the peaks that are compared.
    min_height : (n,) ndarray
        A saddle is left out if it is below this value of both candidates (units of the image).

    Returns
    -------
    Saddles
        Every pair of touching pixels, the highest first; the same pair of areas may occur several times.
    """
    area = np.full(image.size, -1, np.int32)
    area[candidates] = np.arange(len(candidates))
    padded = np.pad(area[peak_of].reshape(image.shape), 1, constant_values=-1)
    strides = np.cumprod((1, *padded.shape[:0:-1]))[::-1]
    here = np.flatnonzero(padded.ravel() >= 0)
    own, level = padded.ravel()[here], np.pad(image, 1).ravel()
    pairs, heights = [np.empty((0, 2), np.int32)], [np.empty(0, image.dtype)]
    for offset in product((-1, 0, 1), repeat=image.ndim):
        if offset <= (0,) * image.ndim:
            continue
        there = here + np.dot(offset, strides)
        other = padded.ravel()[there]
        touching = np.flatnonzero((other >= 0) & (other != own))
        one, two = own[touching], other[touching]
        height = np.minimum(level[here[touching]], level[there[touching]])
        high = height > np.minimum(min_height[one], min_height[two])
        pairs.append(np.column_stack([one[high], two[high]]))
        heights.append(height[high])
    pair, height = np.concatenate(pairs), np.concatenate(heights)
    order = np.argsort(-height, kind="stable")
    return Saddles(pair[order, 0], pair[order, 1], height[order])
