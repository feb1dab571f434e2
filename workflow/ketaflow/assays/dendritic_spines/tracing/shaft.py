"""The shaft: centrelines of the dendrites in an image, free of spines, in three dimensions.

In: a stack (z, y, x) with its background taken off. Out: dendrites, each a smooth line in micrometres with the
shaft's radius and brightness along it. The line is found in the projection, as the cheapest path along the
ridge of brightness between the two points farthest apart (TEASAR: Sato et al. 2000, Pacific Graphics, p. 281),
and then lifted to its depth. A path does not turn into a spine unless the spine is longer than the shortest
branch accepted, which a skeleton does at every spine and every bump.
"""

from dataclasses import dataclass

import numpy as np
from scipy import ndimage, sparse
from scipy.sparse import csgraph

from ketaflow.assays.dendritic_spines.tracing import cross_section

# Radii of ridges looked for (um): from a thin oblique dendrite, blurred, to an apical trunk.
RIDGE_SIGMAS_UM = (0.25, 0.45, 0.8)
# Ridges up to so many standard deviations of what noise alone makes at the finest width may be noise (deviations). A
# second derivative of white noise, times the squared width, has sqrt(3 / 16 pi) of a pixel's deviation, by the width.
NOISE_DEVIATIONS, RIDGE_OF_NOISE = 6.0, 0.244
# In pixels smaller than this (um) neighbours share their noise, by the microscope or the blur put on stacks, and its
# deviation, which is told from second differences, comes out too small by the square of that.
NOISE_SHARED_UM = 0.1
# Steps along the centreline (um), and how far noise in it is smoothed across and in depth.
LINE_STEP_UM = 0.1
SMOOTH_UM, SMOOTH_DEPTH_UM = 0.9, 1.5
# An end is sought within this far of where the ridge ends.
END_UM = 1.5
# So much of a path (um) at its ends may lead from the middle to a corner of the ridge: a wide shaft's radius.
CORNER_UM = 0.6
# Thinner and dimmer than this share of the longest dendrite: an axon (ratio).
THREAD = 0.65
# Where it is bright this far around, there is a cell body or a stump of one: no dendrite is so wide. Around it a rim.
SOMA_RADIUS_UM, SOMA_RIM_UM = 2.5, 0.5
NEIGHBOURS = ((0, 1), (1, 0), (1, 1), (1, -1))


@dataclass
class Dendrite:
    """A traced shaft: ``line_um`` (n, 3) points z, y, x; ``radius_um`` (n,); ``brightness`` (n,) above background."""

    line_um: np.ndarray
    radius_um: np.ndarray
    brightness: np.ndarray

    @property
    def length_um(self) -> float:
        """Length of the centreline, in three dimensions."""
        return float(np.linalg.norm(np.diff(self.line_um, axis=0), axis=1).sum())

    def scaled(self, factor: float) -> "Dendrite":
        """The same dendrite with all lengths times ``factor``."""
        return Dendrite(self.line_um * factor, self.radius_um * factor, self.brightness)

    def flat(self) -> "Dendrite":
        """The same dendrite as it lies in the projection."""
        return Dendrite(self.line_um * [0, 1, 1], self.radius_um, self.brightness)

    @property
    def tangent(self) -> np.ndarray:
        """Unit vectors along the line (n, 3)."""
        along = np.gradient(self.line_um, axis=0)
        return along / np.maximum(np.linalg.norm(along, axis=1, keepdims=True), 1e-9)


def dendrites(
    stack: np.ndarray, picture: np.ndarray, voxel_um: np.ndarray, noise: float, soma: np.ndarray, *,
    min_dendrite_um: float, faintest_dendrite_ratio: float,
) -> list[Dendrite]:  # fmt: skip
    """Every dendrite of a stack (z, y, x) and its projection (y, x), longest first.

    ``noise`` is the standard deviation of a pixel of the projection; where ``soma`` (y, x) is true no dendrite is
    looked for. A branch shorter than ``min_dendrite_um`` is taken for a spine or a stump; a dendrite whose ridge is
    fainter than ``faintest_dendrite_ratio`` of the strongest is taken for one out of focus.
    """
    pixel_um = float(voxel_um[1])
    ridge = np.where(soma, np.float32(0), ridges(picture, pixel_um))
    paths = _paths(ridge, noise, pixel_um, min_dendrite_um=min_dendrite_um, faintest=faintest_dendrite_ratio)
    found = sorted((_lifted(path, stack, picture, voxel_um) for path in paths), key=lambda made: -made.length_um)
    return [dendrite for dendrite in found if not _is_thread(dendrite, found[0])]


def _is_thread(dendrite: Dendrite, main: Dendrite) -> bool:
    """Whether a branch is an axon: both much thinner and much dimmer than the longest dendrite."""
    thin = np.median(dendrite.radius_um) < THREAD * np.median(main.radius_um)
    return bool(thin and np.median(dendrite.brightness) < THREAD * np.median(main.brightness))


def somata(picture: np.ndarray, pixel_um: float) -> np.ndarray:
    """Where (y, x) cell bodies lie: places too wide to be dendrites that are half as bright as the brightest.

    Their rim would be traced as dendrites, and what lies on it be taken for spines. A wide haze is not masked: where
    half of the image would be a soma none is.
    """
    coarse = max(1, int(0.25 / pixel_um))
    small = ndimage.gaussian_filter(picture, 0.25 / pixel_um, truncate=2.5)[::coarse, ::coarse]
    step_um = coarse * pixel_um
    # In a picture that is nearly all dark a quantile is dark too.
    level = max(0.5 * float(np.quantile(small, 0.995)), 0.3 * float(small.max()))
    inner = ndimage.distance_transform_edt(small > level) * step_um > SOMA_RADIUS_UM
    if not inner.any():
        return np.zeros(picture.shape, bool)
    whole = ndimage.distance_transform_edt(~inner) * step_um <= SOMA_RADIUS_UM + SOMA_RIM_UM
    if whole.mean() > 0.5:
        return np.zeros(picture.shape, bool)
    return whole.repeat(coarse, 0).repeat(coarse, 1)[: picture.shape[0], : picture.shape[1]]


def ridges(picture: np.ndarray, pixel_um: float) -> np.ndarray:
    """Strength of the ridge at each pixel, in the picture's units, at the width that fits it best.

    The strength is the second derivative across the ridge, scaled so that it does not depend on the
    width (Lindeberg 1998, Int J Comput Vis 30:117).
    """
    best = np.zeros(picture.shape, np.float32)
    for sigma_um in RIDGE_SIGMAS_UM:
        sigma = max(sigma_um / pixel_um, 1.0)
        yy, xx, yx = (
            sigma**2 * ndimage.gaussian_filter(picture, sigma, order=order, truncate=3.0, mode="nearest")
            for order in ((2, 0), (0, 2), (1, 1))
        )
        spread = np.sqrt((yy - xx) ** 2 / 4 + yx**2)
        strength = -((yy + xx) / 2 - spread) - np.maximum(-((yy + xx) / 2 + spread), 0)
        np.maximum(best, strength, out=best)
    return best


def _paths(
    ridge: np.ndarray, noise: float, pixel_um: float, *, min_dendrite_um: float, faintest: float
) -> list[np.ndarray]:
    """Paths (n, 2) of pixels along the ridges, each at least ``min_dendrite_um`` long."""
    # In a picture that is nearly all dark a quantile is dark too.
    reference = max(float(np.quantile(ridge, 0.995)), float(np.quantile(ridge[ridge >= 0.1 * ridge.max()], 0.75)))
    floor = max(faintest * 0.5 * reference, NOISE_DEVIATIONS * _ridge_of_noise(noise, pixel_um))
    labels, count = ndimage.label(ridge > floor, np.ones((3, 3)))
    sizes = np.bincount(labels.ravel(), minlength=count + 1)
    wide_enough = [label for label in range(1, count + 1) if sizes[label] * pixel_um >= min_dendrite_um * 0.8]
    boxes = ndimage.find_objects(labels)
    paths = []
    for label in wide_enough:
        box = boxes[label - 1]
        corner = np.array([side.start for side in box])
        for path in _tree(labels[box] == label, ridge[box] / reference, pixel_um, min_dendrite_um):
            if np.median(ridge[box][tuple(path.T)]) >= faintest * reference:
                paths.append(path + corner)
    return paths


def _ridge_of_noise(noise: float, pixel_um: float) -> float:
    """Standard deviation of a ridge's strength where there is noise alone, of that of a pixel."""
    width_px = max(RIDGE_SIGMAS_UM[0] / pixel_um, 1.0)
    return noise * max(NOISE_SHARED_UM / pixel_um, 1.0) ** 2 * RIDGE_OF_NOISE / width_px


def _tree(mask: np.ndarray, ridge: np.ndarray, pixel_um: float, min_branch_um: float) -> list[np.ndarray]:
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


def _lifted(path: np.ndarray, stack: np.ndarray, picture: np.ndarray, voxel_um: np.ndarray) -> Dendrite:
    """A path of pixels as a smooth line in three dimensions, with the shaft's radius and brightness along it."""
    pixel_um = float(voxel_um[1])
    border_um = np.array([[-0.5, -0.5], np.array(picture.shape) - 0.5]) * pixel_um
    flat_um = _middle(picture, _resampled(path * pixel_um), pixel_um)
    flat_um = flat_um[((flat_um > border_um[0]) & (flat_um < border_um[1])).all(1)]
    flat_um = flat_um[_lit(picture, flat_um, pixel_um)]
    flat_um = _resampled(_to_border(flat_um, border_um))
    at = (flat_um / pixel_um).T
    depth_um = _depth(stack, at, voxel_um) if len(stack) > 1 else np.zeros(len(flat_um))
    line = np.column_stack([depth_um, flat_um])
    sides, brightness = cross_section.surfaces(picture, flat_um, pixel_um, LINE_STEP_UM)
    return Dendrite(line, sides.mean(1).clip(0.1), brightness)


def _middle(picture: np.ndarray, flat_um: np.ndarray, pixel_um: float) -> np.ndarray:
    """A path brought to the middle of the shaft; its last steps, into a corner of the ridge, go straight on."""
    corner = min(int(CORNER_UM / LINE_STEP_UM), len(flat_um) // 3)
    flat_um = _smooth(flat_um[corner : len(flat_um) - corner], SMOOTH_UM)
    flat_um = _smooth(cross_section.centred(picture, flat_um, pixel_um, LINE_STEP_UM, SMOOTH_UM), SMOOTH_UM)
    back = min(int(END_UM / LINE_STEP_UM), len(flat_um) - 1)
    on = np.arange(1, corner + 1)[:, None] / back
    before, after = on[::-1] * (flat_um[0] - flat_um[back]), on * (flat_um[-1] - flat_um[-1 - back])
    return _resampled(np.vstack([flat_um[0] + before, flat_um, flat_um[-1] + after]))


def _resampled(points_um: np.ndarray) -> np.ndarray:
    """The same line in even steps of ``LINE_STEP_UM``."""
    run = np.append(0, np.cumsum(np.linalg.norm(np.diff(points_um, axis=0), axis=1)))
    places = np.linspace(0, run[-1], max(4, int(run[-1] / LINE_STEP_UM) + 1))
    return np.column_stack([np.interp(places, run, axis) for axis in points_um.T])


def _smooth(line_um: np.ndarray, sigma_um: float) -> np.ndarray:
    """The line without its pixels' steps; its ends stay where they are."""
    steps = sigma_um / LINE_STEP_UM
    beyond = min(int(4 * steps), len(line_um) - 1)
    longer = np.pad(line_um, ((beyond, beyond), (0, 0)), mode="reflect", reflect_type="odd")
    return ndimage.gaussian_filter1d(longer, steps, axis=0, mode="nearest")[beyond : beyond + len(line_um)]


def _lit(picture: np.ndarray, flat_um: np.ndarray, pixel_um: float) -> slice:
    """The part of a line that lies in the shaft: an end is where half the brightness near it is left."""
    bright = ndimage.map_coordinates(picture, (flat_um / pixel_um).T, order=1, mode="nearest")
    near = int(END_UM / LINE_STEP_UM)
    first, last = (np.median(part) / 2 for part in (bright[: 2 * near], bright[-2 * near :]))
    start = int(np.argmax(bright[:near] >= first))
    stop = len(bright) - int(np.argmax(bright[::-1][:near] >= last))
    return slice(start, max(stop, start + 4))


def _to_border(flat_um: np.ndarray, border_um: np.ndarray) -> np.ndarray:
    """The line, carried on straight to the image's border (2, 2: low, high) um where it ends just before it."""
    for _ in range(2):
        flat_um = flat_um[::-1]
        back = min(int(END_UM / LINE_STEP_UM), len(flat_um) - 1)
        heading = flat_um[-1] - flat_um[-1 - back]
        heading = heading / max(float(np.linalg.norm(heading)), 1e-9)
        with np.errstate(divide="ignore", invalid="ignore"):
            room = (border_um[(heading > 0).astype(int), [0, 1]] - flat_um[-1]) / heading
        ahead = float(np.min(room[np.isfinite(room)], initial=np.inf))
        if 0 < ahead <= END_UM:
            flat_um = np.vstack([flat_um, flat_um[-1] + ahead * heading])
    return flat_um


def _depth(stack: np.ndarray, at: np.ndarray, voxel_um: np.ndarray) -> np.ndarray:
    """Depth of the shaft along the line (um): centre of light of the brighter half of each column, smoothed."""
    columns = np.stack([ndimage.map_coordinates(plane, at, order=1, mode="nearest") for plane in stack])
    columns = ndimage.uniform_filter1d(columns, 5, axis=1, mode="nearest")
    weight = np.maximum(columns - (columns.max(0) + columns.min(0)) / 2, 0) + 1e-9
    depth = (weight * np.arange(len(stack))[:, None]).sum(0) / weight.sum(0) * voxel_um[0]
    return _smooth(ndimage.median_filter(depth, 9, mode="nearest")[:, None], SMOOTH_DEPTH_UM)[:, 0]
