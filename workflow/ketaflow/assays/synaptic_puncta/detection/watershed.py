"""An image as a relief: which summit each pixel belongs to, and which summits are one.

In: a filtered image. Out: hills. Every pixel climbs to its highest neighbour until it stands on a summit, so hills
meet in their valleys and need no threshold; two summits are one where the way between them hardly goes down.
"""

from itertools import product

import numpy as np


def climb(relief: np.ndarray) -> np.ndarray:
    """For every pixel, the summit it climbs to when it always steps to its highest neighbour.

    Returns flat indices (relief.size,); a summit leads to itself. The pixels that share one are its hill.
    """
    highest, leads_to = relief, np.arange(relief.size, dtype=np.int32).reshape(relief.shape)
    for axis in range(relief.ndim):
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


def merged(relief: np.ndarray, summit_of: np.ndarray, candidates: np.ndarray, least_depth: np.ndarray) -> np.ndarray:
    """For each candidate summit, the highest one it is part of (itself, if it stands alone).

    A summit that rises less than its ``least_depth`` above the saddle to a higher one is part of that. Saddles are
    taken from the highest down, so that a chain of small bumps ends at its highest. Returns places in
    ``candidates`` (n,).
    """
    tops = relief.ravel()[candidates]
    first, second, saddle = saddles(relief, summit_of, candidates, tops - least_depth)
    top, depth = tops.tolist(), least_depth.tolist()
    above = list(range(len(candidates)))

    def leader(one: int) -> int:
        while above[one] != one:
            above[one] = above[above[one]]
            one = above[one]
        return one

    for one, other, height in zip(first.tolist(), second.tolist(), saddle.tolist(), strict=True):
        higher, lower = leader(one), leader(other)
        if top[higher] < top[lower]:
            higher, lower = lower, higher
        if higher != lower and top[lower] - height < depth[lower]:
            above[lower] = higher
    return np.array([leader(one) for one in range(len(candidates))], dtype=np.int64)


def saddles(
    relief: np.ndarray, summit_of: np.ndarray, candidates: np.ndarray, at_least: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Neighbouring hills of the candidates and the height of the saddle between them, the highest saddle first.

    Saddles below the ``at_least`` of both hills are left out.
    """
    hill = np.full(relief.size, -1, np.int32)
    hill[candidates] = np.arange(len(candidates))
    padded = np.pad(hill[summit_of].reshape(relief.shape), 1, constant_values=-1)
    strides = np.cumprod((1, *padded.shape[:0:-1]))[::-1]
    here = np.flatnonzero(padded.ravel() >= 0)
    own, level = padded.ravel()[here], np.pad(relief, 1).ravel()
    couples, heights = [np.empty((0, 2), np.int32)], [np.empty(0, relief.dtype)]
    for offset in product((-1, 0, 1), repeat=relief.ndim):
        if offset <= (0,) * relief.ndim:
            continue
        there = here + np.dot(offset, strides)
        other = padded.ravel()[there]
        meet = np.flatnonzero((other >= 0) & (other != own))
        one, two = own[meet], other[meet]
        height = np.minimum(level[here[meet]], level[there[meet]])
        high = height > np.minimum(at_least[one], at_least[two])
        couples.append(np.column_stack([one[high], two[high]]))
        heights.append(height[high])
    couple, height = np.concatenate(couples), np.concatenate(heights)
    order = np.argsort(-height, kind="stable")
    return couple[order, 0], couple[order, 1], height[order]
