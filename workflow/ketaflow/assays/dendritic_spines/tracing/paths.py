"""Paths of pixels along the ridges: each dendrite and each branch is the cheapest path through its ridge.

The cheapest path between the two points farthest apart along a ridge is a dendrite; the next ones are the branches
that leave it (TEASAR [1]_). A path turns into a spine only where the spine is longer than the shortest branch accepted,
whereas a skeleton turns into every spine and every bump (F1 of spines 0.43 instead of 0.70).

References
----------
.. [1] Sato et al. (2000), Proc Pacific Graphics, 281-289
"""

from typing import NamedTuple

import numpy as np
from scipy import ndimage, sparse
from scipy.sparse import csgraph

from ketaflow.assays.dendritic_spines.tracing import constants
from ketaflow.assays.dendritic_spines.tracing.ridges import noise_ridge_strength

# Steps to half of the eight neighbours of a pixel; the other half is the same joins the other way.
NEIGHBOURS = ((0, 1), (1, 0), (1, 1), (1, -1))


class _Routes(NamedTuple):
    """Cheapest routes from a set of sources: light along each, and the pixel before each pixel (negative: none)."""

    light: np.ndarray
    before: np.ndarray


def ridge_paths(
    ridge: np.ndarray, noise: float, pixel_um: float, *, min_dendrite_um: float, faintest_ratio: float
) -> list[np.ndarray]:
    """Find the paths of dendrites along the ridges.

    Parameters
    ----------
    ridge : (rows, columns) float32
        Ridge strength (``ridge_strength``).
    noise : float
        Standard deviation of a pixel of the projection.
    pixel_um : float
        Size of a pixel (um).
    min_dendrite_um : float
        Shorter paths are spines or stumps (um).
    faintest_ratio : float
        Paths with a median ridge fainter than this share of the strongest are out of focus.

    Returns
    -------
    list of (n, 2) int
        Pixels (y, x) of each path, in order.
    """
    # In an image that is nearly all dark a quantile is dark too, hence the quantile of the stronger pixels.
    reference = max(float(np.quantile(ridge, 0.995)), float(np.quantile(ridge[ridge >= 0.1 * ridge.max()], 0.75)))
    noise_floor = constants.NOISE_DEVIATIONS * noise_ridge_strength(noise, pixel_um)
    labels, count = ndimage.label(ridge > max(faintest_ratio * 0.5 * reference, noise_floor), np.ones((3, 3)))
    sizes = np.bincount(labels.ravel(), minlength=count + 1)
    large = [label for label in range(1, count + 1) if sizes[label] * pixel_um >= min_dendrite_um * 0.8]
    boxes = ndimage.find_objects(labels)
    paths = []
    for label in large:
        box = boxes[label - 1]
        corner = np.array([side.start for side in box])
        for path in _branches(labels[box] == label, ridge[box] / reference, pixel_um, min_dendrite_um):
            if np.median(ridge[box][tuple(path.T)]) >= faintest_ratio * reference:
                paths.append(path + corner)
    return paths


def _branches(mask: np.ndarray, ridge: np.ndarray, pixel_um: float, min_branch_um: float) -> list[np.ndarray]:
    """Find the longest bright path through a mask, then each branch of ``min_branch_um`` or more that leaves it.

    Length is weighted by light, so that a thin thread that leaves the shaft counts less than the shaft that goes on.
    """
    pixels = np.argwhere(mask)
    strength = np.clip(ridge[mask], 0.02, 1)
    graph = _graph(mask, pixels, strength**-2.0)
    start = int(np.argmax(_routes(graph, pixels, strength, [int(np.argmax(strength))]).light))
    paths: list[np.ndarray] = []
    on_tree = np.zeros(len(pixels), bool)
    sources = [start]
    while True:
        routes = _routes(graph, pixels, strength, sources)
        path = _walk(int(np.argmax(routes.light)), routes.before)
        if _path_um(pixels[path], pixel_um) < min_branch_um:
            return paths
        paths.append(pixels[path])
        on_tree[path] = True
        sources = list(np.flatnonzero(on_tree))


def _routes(graph: sparse.csr_matrix, pixels: np.ndarray, strength: np.ndarray, sources: list[int]) -> _Routes:
    """Find the cheapest route to each pixel and its length, weighted by the strength of the ridge."""
    cost, before, _ = csgraph.dijkstra(graph, indices=sources, min_only=True, return_predecessors=True)
    light = np.zeros(len(pixels))
    step = np.linalg.norm(pixels - pixels[np.maximum(before, 0)], axis=1) * strength**2
    for pixel in np.argsort(cost):
        if before[pixel] >= 0:
            light[pixel] = light[before[pixel]] + step[pixel]
    return _Routes(light, before)


def _graph(mask: np.ndarray, pixels: np.ndarray, cost: np.ndarray) -> sparse.csr_matrix:
    """Join neighbouring pixels of the mask by their distance times their mean cost."""
    number = np.full(np.array(mask.shape) + 2, -1)
    number[1:-1, 1:-1][mask] = np.arange(len(pixels))
    rows, columns, weights = [], [], []
    for step in NEIGHBOURS:
        there = number[pixels[:, 0] + 1 + step[0], pixels[:, 1] + 1 + step[1]]
        here = np.flatnonzero(there >= 0)
        rows.append(here)
        columns.append(there[here])
        weights.append(np.hypot(*step) * (cost[here] + cost[there[here]]) / 2)
    joined = sparse.coo_matrix(
        (np.concatenate(weights), (np.concatenate(rows), np.concatenate(columns))), shape=(len(pixels),) * 2
    ).tocsr()
    return joined + joined.T


def _walk(end: int, before: np.ndarray) -> list[int]:
    """Pixels from the end of a route back to its source."""
    path = [end]
    while before[path[-1]] >= 0:
        path.append(int(before[path[-1]]))
    return path


def _path_um(path: np.ndarray, pixel_um: float) -> float:
    """Length of a path of pixels (um)."""
    return float(np.linalg.norm(np.diff(path, axis=0), axis=1).sum() * pixel_um)
