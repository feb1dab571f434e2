"""Paths of pixels along the ridges: every dendrite and every branch as the cheapest path through its ridge.

The cheapest path along the ridge of brightness between the two points farthest apart is a dendrite (TEASAR: Sato et al.
2000, Pacific Graphics, p. 281). A path does not turn into a spine unless the spine is longer than the shortest branch
accepted, which a skeleton does at every spine and every bump.
"""

import numpy as np
from scipy import ndimage, sparse
from scipy.sparse import csgraph

from ketaflow.assays.dendritic_spines.tracing.ridges import noise_ridge_strength

NEIGHBOURS = ((0, 1), (1, 0), (1, 1), (1, -1))
# Ridges up to so many standard deviations of what noise alone makes at the finest width may be noise (deviations).
NOISE_DEVIATIONS = 6.0


def ridge_paths(
    ridge: np.ndarray, noise: float, pixel_um: float, *, min_dendrite_um: float, faintest: float
) -> list[np.ndarray]:
    """Paths (n, 2) of pixels along the ridges, each at least ``min_dendrite_um`` long."""
    # In a picture that is nearly all dark a quantile is dark too.
    reference = max(float(np.quantile(ridge, 0.995)), float(np.quantile(ridge[ridge >= 0.1 * ridge.max()], 0.75)))
    floor = max(faintest * 0.5 * reference, NOISE_DEVIATIONS * noise_ridge_strength(noise, pixel_um))
    labels, count = ndimage.label(ridge > floor, np.ones((3, 3)))
    sizes = np.bincount(labels.ravel(), minlength=count + 1)
    wide_enough = [label for label in range(1, count + 1) if sizes[label] * pixel_um >= min_dendrite_um * 0.8]
    boxes = ndimage.find_objects(labels)
    paths = []
    for label in wide_enough:
        box = boxes[label - 1]
        corner = np.array([side.start for side in box])
        for path in _branches_of_ridge(labels[box] == label, ridge[box] / reference, pixel_um, min_dendrite_um):
            if np.median(ridge[box][tuple(path.T)]) >= faintest * reference:
                paths.append(path + corner)
    return paths


def _branches_of_ridge(mask: np.ndarray, ridge: np.ndarray, pixel_um: float, min_branch_um: float) -> list[np.ndarray]:
    """The longest bright path through a mask, then every branch that leaves it and goes on for ``min_branch_um``.

    A path is as long as its light: a thin thread that leaves the shaft counts less than the shaft that goes on.
    """
    pixels = np.argwhere(mask)
    strength = np.clip(ridge[mask], 0.02, 1)
    graph = _graph(mask, pixels, strength**-2.0)
    start = int(np.argmax(_light_um(graph, pixels, strength, [int(np.argmax(strength))])[0]))
    paths, on_tree = [], np.zeros(len(pixels), bool)
    sources = [start]
    while True:
        light, before = _light_um(graph, pixels, strength, sources)
        path = _walk(int(np.argmax(light)), before)
        if _path_um(pixels[path], pixel_um) < min_branch_um:
            return paths
        paths.append(pixels[path])
        on_tree[path] = True
        sources = list(np.flatnonzero(on_tree))


def _light_um(
    graph: sparse.csr_matrix, pixels: np.ndarray, strength: np.ndarray, sources: list[int]
) -> tuple[np.ndarray, np.ndarray]:
    """Length, weighted by the ridge's strength, of the cheapest path to each pixel, and the pixel before it."""
    cost, before, _ = csgraph.dijkstra(graph, indices=sources, min_only=True, return_predecessors=True)
    light = np.zeros(len(pixels))
    step = np.linalg.norm(pixels - pixels[np.maximum(before, 0)], axis=1) * strength**2
    for pixel in np.argsort(cost):
        if before[pixel] >= 0:
            light[pixel] = light[before[pixel]] + step[pixel]
    return light, before


def _graph(mask: np.ndarray, pixels: np.ndarray, cost: np.ndarray) -> sparse.csr_matrix:
    """Neighbouring pixels of the mask, joined by their distance times their mean cost."""
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
    path = [end]
    while before[path[-1]] >= 0:
        path.append(int(before[path[-1]]))
    return path


def _path_um(path: np.ndarray, pixel_um: float) -> float:
    return float(np.linalg.norm(np.diff(path, axis=0), axis=1).sum() * pixel_um)
