"""Paths of pixels along the ridges: each dendrite and each branch is the cheapest path through its ridge.

The cheapest path between the two points farthest apart along a ridge is a dendrite; the next ones are the branches
that leave it (TEASAR [1]_). A path turns into a spine only where the spine is longer than the shortest branch accepted,
whereas a skeleton turns into every spine and every bump (F1 of spines 0.43 instead of 0.70).

All ridges are searched at once: for an end of each, for the cheapest paths from that end, and again from all that was
traced, until no branch is left. Each round adds every branch that lies apart from the others of that round, so the
number of searches follows the order of branching and not the number of branches.

References
----------
.. [1] Sato et al. (2000), Proc Pacific Graphics, 281-289
"""

from typing import NamedTuple

import numpy as np
from skimage.graph import MCP_Geometric
from skimage.measure import label, regionprops_table
from skimage.morphology import disk

from ketaflow.assays.dendritic_spines.tracing import constants
from ketaflow.assays.dendritic_spines.tracing.ridges import noise_ridge_strength


class _Forest(NamedTuple):
    """Cheapest paths from the nearest root to each pixel of the ridges; one entry for each pixel.

    ``pixels`` (n, 2) are y and x; ``before`` (n,) is the index of the pixel before each (itself at a root), ``steps``
    the number of pixels from the root, and ``light`` the length of the path in pixels, weighted by the squared strength
    of the ridge.
    """

    pixels: np.ndarray
    before: np.ndarray
    steps: np.ndarray
    light: np.ndarray


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
    labels = label(ridge > max(faintest_ratio * 0.5 * reference, noise_floor), connectivity=2)
    ridges = regionprops_table(labels, properties=("label", "area"))
    large = ridges["label"][ridges["area"] * pixel_um >= min_dendrite_um * constants.MIN_RIDGE_SHARE]
    labels[~np.isin(labels, large)] = 0
    if not labels.any():
        return []
    strength = np.where(labels > 0, np.clip(ridge / reference, constants.MIN_RELATIVE_RIDGE, 1), 0).astype(float)
    brightest = np.argwhere(labels)[_highest_of_each(labels[labels > 0], strength[labels > 0])]
    forest = _search(strength, brightest)
    roots = forest.pixels[_highest_of_each(labels[labels > 0], forest.light)]
    paths: list[np.ndarray] = []
    while len(roots):
        found = _branches(_search(strength, roots), labels, pixel_um, min_dendrite_um)
        paths += found
        grown = np.unique([labels[tuple(path[0])] for path in found])
        strength[~np.isin(labels, grown)] = 0
        roots = np.concatenate([path for path in paths if strength[tuple(path[0])] > 0]) if len(grown) else grown
    return [path for path in paths if np.median(ridge[tuple(path.T)]) >= faintest_ratio * reference]


def _search(strength: np.ndarray, roots: np.ndarray) -> _Forest:
    """Find the cheapest paths from roots (n, 2); a step costs its length over the squared strength of the ridge."""
    cost = np.full(strength.shape, np.inf)
    np.power(strength, -2.0, out=cost, where=strength > 0)
    search = MCP_Geometric(cost)
    came_by = search.find_costs(roots)[1][strength > 0]
    pixels = np.argwhere(strength > 0)
    number = np.zeros(strength.shape, int)
    number[strength > 0] = np.arange(len(pixels))
    # A root came by no step.
    step = np.asarray(search.offsets)[came_by] * (came_by >= 0)[:, None]
    before = number[tuple((pixels - step).T)]
    light, steps = np.hypot(*step.T) * strength[strength > 0] ** 2, (came_by >= 0).astype(int)
    # Sums along the paths, over 1, 2, 4, ... pixels at a time.
    ancestor = before
    while (further := ancestor[ancestor]).tobytes() != ancestor.tobytes():
        light, steps = light + light[ancestor], steps + steps[ancestor]
        ancestor = further
    return _Forest(pixels, before, steps + steps[ancestor], light + light[ancestor])


def _highest_of_each(labels: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Index of the highest value of each label, the first of equal ones."""
    order = np.lexsort((-np.arange(len(values)), values, labels))
    return order[np.append(np.flatnonzero(np.diff(labels[order])), len(order) - 1)]


def _branches(forest: _Forest, labels: np.ndarray, pixel_um: float, min_branch_um: float) -> list[np.ndarray]:
    """Find branches (n, 2) that leave the roots, of ``min_branch_um`` or more, and apart from each other.

    Length is weighted by light, so that a thin thread that leaves the shaft counts less than the shaft that goes on. A
    ridge is done where its brightest branch is too short. Of branches side by side the brightest is taken: the others
    are mostly the same shaft, and are found in the next round if they are not.
    """
    tip = _brightest_tips(forest)
    step_um = np.linalg.norm(forest.pixels - forest.pixels[forest.before], axis=1) * pixel_um
    # The pixels with one tip are one branch; it leaves its root by the pixel that is one step away.
    first = np.flatnonzero(forest.steps == 1)
    light, ridge = forest.light[tip[first]], labels[tuple(forest.pixels[first].T)]
    is_long = np.bincount(tip, step_um, minlength=len(tip))[tip[first]] >= min_branch_um
    brightest_short = np.zeros(labels.max() + 1)
    np.maximum.at(brightest_short, ridge[~is_long], light[~is_long])
    chosen = np.flatnonzero(is_long & (light > brightest_short[ridge]))
    chosen = chosen[np.argsort(-light[chosen], kind="stable")]
    members = np.flatnonzero(np.isin(tip, tip[first[chosen]]) & (forest.steps > 0))
    members = members[np.lexsort((forest.steps[members], tip[members]))]
    found, occupied = [], np.zeros(labels.shape, bool)
    for one in first[chosen]:
        own = members[slice(*np.searchsorted(tip[members], [tip[one], tip[one] + 1]))]
        path = forest.pixels[[forest.before[one], *own]]
        if occupied[tuple(path.T)].mean() <= constants.MAX_PARALLEL_SHARE:
            found.append(path[::-1])
            _occupy(occupied, path, constants.PARALLEL_UM / pixel_um)
    return found


def _occupy(occupied: np.ndarray, path: np.ndarray, radius_px: float) -> None:
    """Mark the surroundings of a path, in place."""
    around = disk(round(radius_px))
    offsets = np.argwhere(around) - round(radius_px)
    places = (path[:, None] + offsets).reshape(-1, 2)
    occupied[tuple(places.clip(0, np.array(occupied.shape) - 1).T)] = True


def _brightest_tips(forest: _Forest) -> np.ndarray:
    """For each pixel the index of the one with the most light among those whose path leads through it."""
    order = np.argsort(forest.light, kind="stable")
    rank = np.empty(len(order), int)
    rank[order] = np.arange(len(order))
    by_steps = np.argsort(-forest.steps, kind="stable")
    levels = np.split(by_steps, np.flatnonzero(np.diff(forest.steps[by_steps])) + 1)
    # From the farthest pixels inwards; the last level is that of the roots.
    for level in levels[:-1]:
        np.maximum.at(rank, forest.before[level], rank[level])
    return np.asarray(order[rank])
