"""Places that could be spines, and what each looks like from the shaft it would stand on.

In: a projection without background, as a stack of one plane, and its shafts laid flat. Out: candidates, each with the
patch of image around it turned so that the shaft lies below and brightness is counted in shafts. Seen like this a
spine looks the same in every direction and under every microscope that resolves it. Judging single planes of a
stack instead was tried and left: blur in depth makes the shaft's own upper and lower side look like spines.
"""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from scipy import ndimage
from scipy.spatial import cKDTree

from ketaflow.assays.dendritic_spines.shaft import Dendrite

# Heads of 0.25 to 0.9 um, blurred: blobs between these (sigma, um).
BLOB_SIGMAS_UM = (0.12, 0.2, 0.33, 0.54)
# Grid of the patch around a candidate (um): outwards from the shaft, and along it.
OUTWARD_UM = np.arange(-1.8, 1.21, 0.15)
ALONG_UM = np.arange(-1.5, 1.51, 0.15)
SAME_UM = 0.25
# Blobs fainter than this are not offered: a quarter of a pixel's noise, 1.5 % of the faintest shaft.
FAINTEST_IN_NOISE, FAINTEST_IN_SHAFTS = 0.25, 0.015
PATCH_RANGE = (-0.5, 2.0)


@dataclass
class Candidates:
    """Places (n, 3) um, the dendrite each belongs to and where on its line, its frame, patch and facts."""

    places_um: np.ndarray
    dendrite: np.ndarray
    point: np.ndarray
    outward: np.ndarray
    along: np.ndarray
    patches: np.ndarray
    facts: np.ndarray

    def __len__(self) -> int:
        return len(self.places_um)

    def chosen(self, which: np.ndarray) -> "Candidates":
        """Some of the candidates, by index or mask."""
        return Candidates(**{name: getattr(self, name)[which] for name in Candidates.__annotations__})


FACTS = (
    "distance_um", "distance_in_radii", "radius_um", "brightness_in_brightest", "noise_in_shafts",
    "small_blob", "middle_blob", "large_blob", "brightness_in_shafts", "surround_in_shafts",
    "branch_in_brightest", "branch_in_longest", "branch_radius_in_longest", "branch_length_in_longest",
)  # fmt: skip


def candidates(
    picture: np.ndarray, voxel_um: np.ndarray, dendrites: list[Dendrite], noise: float, *, reach_um: float
) -> Candidates:
    """All places within ``reach_um`` of a shaft's surface that are brighter than what surrounds them.

    ``noise`` is the standard deviation of a pixel.
    """
    lines = np.concatenate([dendrite.line_um for dendrite in dendrites])
    nearest = cKDTree(lines)
    blurred = [_blurred(picture, sigma, voxel_um) for sigma in BLOB_SIGMAS_UM]
    near = _near(picture.shape, voxel_um, dendrites, reach_um)
    shaft = min(float(np.median(dendrite.brightness)) for dendrite in dendrites)
    least = max(FAINTEST_IN_NOISE * noise, FAINTEST_IN_SHAFTS * shaft)
    peaks = [_peaks(finer - coarser, near, least) for finer, coarser in pairwise(blurred)]
    voxels = np.concatenate(peaks)
    blobs = np.stack([(finer - coarser)[tuple(voxels.T)] for finer, coarser in pairwise(blurred)])
    kept = strongest(voxels * voxel_um, blobs.max(0), SAME_UM)
    return _framed(voxels[kept] * voxel_um, blobs[:, kept], blurred[0], voxel_um, dendrites, nearest, noise)


def placed(
    picture: np.ndarray, voxel_um: np.ndarray, dendrites: list[Dendrite], noise: float, places_um: np.ndarray
) -> Candidates:
    """Candidates at given places (n, 3) um, where a person says there is a spine."""
    nearest = cKDTree(np.concatenate([dendrite.line_um for dendrite in dendrites]))
    blurred = [_blurred(picture, sigma, voxel_um) for sigma in BLOB_SIGMAS_UM]
    at = (places_um / voxel_um).T
    sampled_at = [ndimage.map_coordinates(smooth, at, order=1, mode="nearest") for smooth in blurred]
    blobs = np.stack([finer - coarser for finer, coarser in pairwise(sampled_at)])
    return _framed(places_um, blobs, blurred[0], voxel_um, dendrites, nearest, noise)


def joined(parts: list[Candidates]) -> Candidates:
    """Several sets of candidates as one."""
    return Candidates(
        **{name: np.concatenate([getattr(part, name) for part in parts]) for name in Candidates.__annotations__}
    )


def _blurred(picture: np.ndarray, sigma_um: float, voxel_um: np.ndarray) -> np.ndarray:
    flat = sigma_um / voxel_um[1]
    return ndimage.gaussian_filter(picture, (0, flat, flat), truncate=2.5, mode="nearest")


def _near(shape: tuple[int, ...], voxel_um: np.ndarray, dendrites: list[Dendrite], reach_um: float) -> np.ndarray:
    """Pixels (y, x) of the projection within reach of a shaft."""
    far = np.ones(shape[1:], bool)
    for dendrite in dendrites:
        y, x = np.rint(dendrite.line_um[:, 1:] / voxel_um[1:]).astype(int).T
        far[y.clip(0, shape[1] - 1), x.clip(0, shape[2] - 1)] = False
    away = ndimage.distance_transform_edt(far) * voxel_um[1]
    radius_um = max(float(dendrite.radius_um.max()) for dendrite in dendrites)
    return away <= radius_um + reach_um


def _peaks(blob: np.ndarray, near: np.ndarray, least: float) -> np.ndarray:
    """Voxels (n, 3) higher than ``least`` and than their eight neighbours."""
    places = np.argwhere((blob > least) & near)
    inner = (places[:, 1:] > 0).all(1) & (places[:, 1:] < np.array(blob.shape[1:]) - 1).all(1)
    places = places[inner]
    for dy in (-1, 0, 1):
        for dx in (-1, 0, 1):
            if (dy, dx) != (0, 0) and len(places):
                here = blob[tuple(places.T)]
                there = blob[0, places[:, 1] + dy, places[:, 2] + dx]
                # Of two equal neighbours the later one is the peak.
                places = places[(here > there) | ((here == there) & ((dy, dx) > (0, 0)))]
    return places


def strongest(places_um: np.ndarray, strength: np.ndarray, apart_um: float) -> np.ndarray:
    """Indices, in their order, of the places kept when none may lie within ``apart_um`` of a stronger one."""
    kept = np.ones(len(places_um), bool)
    if len(places_um):
        near = cKDTree(places_um).query_ball_point(places_um, apart_um)
        for index in np.argsort(-strength, kind="stable"):
            if kept[index]:
                kept[near[index]] = False
                kept[index] = True
    return np.flatnonzero(kept)


def _framed(
    places_um: np.ndarray, blobs: np.ndarray, smooth: np.ndarray, voxel_um: np.ndarray, dendrites: list[Dendrite],
    nearest: cKDTree, noise: float,
) -> Candidates:  # fmt: skip
    """Each candidate seen from its shaft."""
    owner = np.repeat(np.arange(len(dendrites)), [len(dendrite.line_um) for dendrite in dendrites])
    point = np.concatenate([np.arange(len(dendrite.line_um)) for dendrite in dendrites])
    tangent = np.concatenate([dendrite.tangent for dendrite in dendrites])
    radius = np.concatenate([dendrite.radius_um for dendrite in dendrites])
    brightness = np.concatenate([dendrite.brightness for dendrite in dendrites])
    _, index = nearest.query(places_um) if len(places_um) else (None, np.zeros(0, int))
    along = tangent[index]
    away = places_um - nearest.data[index]
    distance = np.linalg.norm(away, axis=1)
    outward = _outward(away, along)
    shaft = np.maximum(brightness[index], 1e-6)
    patches = sampled(smooth, voxel_um, places_um, outward, along) / shaft[:, None, None]
    surround = np.quantile(patches, 0.1, axis=(1, 2)) if len(patches) else np.zeros(0)
    here = ndimage.map_coordinates(smooth, (places_um / voxel_um).T, order=1, mode="nearest") / shaft
    facts = np.column_stack([
        distance, distance / radius[index], radius[index], shaft / brightness.max(), noise / shaft, *(blobs / shaft),
        here, surround, _branches(dendrites)[owner[index]],
    ])  # fmt: skip
    clipped = np.clip(patches, *PATCH_RANGE).astype(np.float32)
    return Candidates(places_um, owner[index], point[index], outward, along, clipped, facts.astype(np.float32))


def _branches(dendrites: list[Dendrite]) -> np.ndarray:
    """What each branch is beside the others (n, 4): an axon or a dendrite out of focus is dimmer, thinner, shorter."""
    told = np.array([
        [np.median(branch.brightness), np.median(branch.brightness), np.median(branch.radius_um), branch.length_um]
        for branch in dendrites
    ])  # fmt: skip
    beside = np.array([told[:, 0].max(), *told[0, 1:]])
    return (told / np.maximum(beside, 1e-6)).clip(0.05, 20)


def _outward(away: np.ndarray, along: np.ndarray) -> np.ndarray:
    """Unit vectors square to the shaft, towards the candidate; sideways where it lies on the shaft itself."""
    square = away - (away * along).sum(1, keepdims=True) * along
    size = np.linalg.norm(square, axis=1, keepdims=True)
    sideways = np.column_stack([np.zeros(len(along)), along[:, 2], -along[:, 1]])
    sideways /= np.maximum(np.linalg.norm(sideways, axis=1, keepdims=True), 1e-9)
    return np.where(size > 0.1, square / np.maximum(size, 1e-9), sideways)


def sampled(
    smooth: np.ndarray, voxel_um: np.ndarray, places_um: np.ndarray, outward: np.ndarray, along: np.ndarray
) -> np.ndarray:
    """The image on the grid around each place (n, outward, along)."""
    grid = (
        places_um[:, None, None]
        + OUTWARD_UM[:, None, None] * outward[:, None, None]
        + ALONG_UM[:, None] * along[:, None, None]
    )
    return ndimage.map_coordinates(smooth, np.moveaxis(grid, -1, 0) / voxel_um[:, None, None, None], order=1,
                                   mode="nearest")  # fmt: skip
