"""Places that could be spines, and what each looks like from the shaft it would stand on.

In: a projection without background and its shafts laid flat. Out: candidates, each with the
patch of image around it turned so that the shaft lies below and brightness is counted in shafts. Seen like this a
spine looks the same in every direction and under every microscope that resolves it. Judging single planes of a
stack instead was tried and left: blur in depth makes the shaft's own upper and lower side look like spines.
"""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from scipy import ndimage
from scipy.spatial import cKDTree

from ketaflow.assays.dendritic_spines.tracing import shaft_subtraction
from ketaflow.assays.dendritic_spines.tracing.image_properties import SD_PER_MAD
from ketaflow.assays.dendritic_spines.tracing.shaft import Dendrite

# Heads of 0.25 to 0.9 um, blurred: blobs between these (sigma, um).
BLOB_SIGMAS_UM = (0.12, 0.2, 0.33, 0.54)
# Grid of the patch around a candidate (um): outwards from the shaft, which lies in it, and along it; in steps of half
# a microscope's resolution.
OUTWARD_UM = np.arange(-1.8, 1.21, 0.15)
ALONG_UM = np.arange(-1.5, 1.51, 0.15)
# Nearer than this (um) two peaks are one: 0.61 wavelengths by the aperture (Rayleigh), of 520 nm and 1.3.
SAME_UM = 0.25
# Blobs fainter than this are not offered: a quarter of a pixel's noise, 1.5 % of the faintest shaft.
FAINTEST_IN_NOISE, FAINTEST_IN_SHAFTS = 0.25, 0.015
# Patches are cut at these (shafts): what is brighter is no spine of this dendrite, what is darker is overshoot.
PATCH_RANGE = (-0.5, 2.0)
# Beside the shaft means this far from its line (um): where spines are, and a little beyond.
CLUTTER_FROM_UM, CLUTTER_TO_UM = 1.2, 4.0
# In a picture that was cut out there is nothing at all beside the shaft; so much (shafts) is taken for granted there.
LEAST_CLUTTER_IN_SHAFTS = 0.002
# Surroundings brighter than the first of these (of the shaft's brightness) are tissue, darker than the second clear.
HAZES = (0.05, 0.02)
# Bulges are sought in the picture at this of the scales, blurred about as wide as the smallest resolved head.
BULGE_SCALE = 1
BULGE_SIGMA_UM = BLOB_SIGMAS_UM[BULGE_SCALE]


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
    "standing_out_in_shafts", "small_blob_in_clutter", "middle_blob_in_clutter", "large_blob_in_clutter",
    "shaft_unevenness", "standing_out_in_unevenness",
)  # fmt: skip


@dataclass
class View:
    """A projection blurred to each of ``BLOB_SIGMAS_UM``, its shafts, what stands out of each, and a pixel's noise."""

    scales: list[np.ndarray]
    outs: list[np.ndarray]
    pixel_um: float
    dendrites: list[Dendrite]
    noise: float

    @classmethod
    def of(cls, picture: np.ndarray, pixel_um: float, dendrites: list[Dendrite], noise: float) -> "View":
        """The view of a projection (y, x) without background."""
        scales = [blurred(picture, sigma, pixel_um) for sigma in BLOB_SIGMAS_UM]
        outs = [shaft_subtraction.standing_out(scales[BULGE_SCALE], pixel_um, dendrite) for dendrite in dendrites]
        return cls(scales, outs, pixel_um, dendrites, noise)

    @property
    def blobs(self) -> list[np.ndarray]:
        """What is as wide as each of three sizes of blob (y, x)."""
        return [finer - coarser for finer, coarser in pairwise(self.scales)]


def candidates(
    picture: np.ndarray, pixel_um: float, dendrites: list[Dendrite], noise: float, *, reach_um: float
) -> Candidates:
    """All places within ``reach_um`` of a shaft's surface that are brighter than what surrounds them.

    ``picture`` (y, x) is without background, ``noise`` the standard deviation of one of its pixels.
    """
    view = View.of(picture, pixel_um, dendrites, noise)
    near = _away(picture.shape, pixel_um, dendrites) <= _widest(dendrites) + reach_um
    shaft = min(float(np.median(dendrite.brightness)) for dendrite in dendrites)
    least = max(FAINTEST_IN_NOISE * noise, FAINTEST_IN_SHAFTS * shaft)
    blobs = view.blobs
    pixels = np.concatenate([_peaks(blob, near, least) for blob in blobs])
    strength = np.max([blob[tuple(pixels.T)] for blob in blobs], axis=0, initial=0)
    flat_um = pixels[strongest(pixels * pixel_um, strength, SAME_UM)] * pixel_um
    return _framed(np.concatenate([flat_um, _bulges(view, flat_um)]), view)


def placed(
    picture: np.ndarray, pixel_um: float, dendrites: list[Dendrite], noise: float, flat_um: np.ndarray
) -> Candidates:
    """Candidates at given places (n, 2: y, x) um, where a person says there is a spine."""
    return _framed(flat_um, View.of(picture, pixel_um, dendrites, noise))


def clearness(found: Candidates) -> float:
    """How dark it is around the candidates, from 0 (tissue) to 1 (a clear image)."""
    if not len(found):
        return 0.0
    haze = float(np.median(found.facts[:, FACTS.index("surround_in_shafts")]))
    return float(np.clip((HAZES[0] - haze) / (HAZES[0] - HAZES[1]), 0, 1))


def joined(parts: list[Candidates]) -> Candidates:
    """Several sets of candidates as one."""
    return Candidates(
        **{name: np.concatenate([getattr(part, name) for part in parts]) for name in Candidates.__annotations__}
    )


def blurred(picture: np.ndarray, sigma_um: float, pixel_um: float) -> np.ndarray:
    """The picture (y, x) through a Gaussian."""
    return ndimage.gaussian_filter(picture, sigma_um / pixel_um, truncate=2.5, mode="nearest")


def _bulges(view: View, known_um: np.ndarray) -> np.ndarray:
    """Places (n, 2) um that bulge out of a shaft and at which there is no blob."""
    left = view.noise * view.pixel_um / (2 * np.sqrt(np.pi) * BULGE_SIGMA_UM)
    parts = [
        shaft_subtraction.bulges(out, dendrite, left) for out, dendrite in zip(view.outs, view.dendrites, strict=True)
    ]
    flat_um = np.concatenate(parts)
    flat_um = flat_um[strongest(flat_um, np.zeros(len(flat_um)), SAME_UM)]
    far, _ = cKDTree(known_um).query(flat_um) if len(known_um) and len(flat_um) else (np.full(len(flat_um), np.inf), 0)
    inside = ((flat_um >= 0) & (flat_um <= (np.array(view.scales[0].shape) - 1) * view.pixel_um)).all(1)
    return flat_um[(far > SAME_UM) & inside]


def _away(shape: tuple[int, ...], pixel_um: float, dendrites: list[Dendrite]) -> np.ndarray:
    """Distance (y, x) um of each pixel from the nearest line."""
    far = np.ones(shape, bool)
    for dendrite in dendrites:
        y, x = np.rint(dendrite.line_um[:, 1:] / pixel_um).astype(int).T
        far[y.clip(0, shape[0] - 1), x.clip(0, shape[1] - 1)] = False
    return ndimage.distance_transform_edt(far) * pixel_um


def _widest(dendrites: list[Dendrite]) -> float:
    return max(float(dendrite.radius_um.max()) for dendrite in dendrites)


def _clutter(view: View) -> list[float]:
    """How strong blobs of nothing are beside the shaft (three sizes): noise as the blob sees it, dots, fibres.

    The noise of a pixel does not tell that where a picture has been smoothed, sharpened or projected.
    """
    away = _away(view.scales[0].shape, view.pixel_um, view.dendrites)
    beside = (away > CLUTTER_FROM_UM) & (away < CLUTTER_TO_UM)
    if not beside.any():
        beside = np.ones(beside.shape, bool)
    blobs = [blob[beside] for blob in view.blobs]
    return [SD_PER_MAD * float(np.median(np.abs(blob - np.median(blob)))) for blob in blobs]


def _peaks(blob: np.ndarray, near: np.ndarray, least: float) -> np.ndarray:
    """Pixels (n, 2) higher than ``least`` and than their eight neighbours."""
    places = np.argwhere((blob > least) & near)
    inner = (places > 0).all(1) & (places < np.array(blob.shape) - 1).all(1)
    places = places[inner]
    for dy in (-1, 0, 1):
        for dx in (-1, 0, 1):
            if (dy, dx) != (0, 0) and len(places):
                here = blob[tuple(places.T)]
                there = blob[places[:, 0] + dy, places[:, 1] + dx]
                # Of two equal neighbours the later one is the peak.
                places = places[(here > there) | ((here == there) & ((dy, dx) > (0, 0)))]
    return places


def strongest(flat_um: np.ndarray, strength: np.ndarray, apart_um: float) -> np.ndarray:
    """Indices, in their order, of the places kept when none may lie within ``apart_um`` of a stronger one."""
    kept = np.ones(len(flat_um), bool)
    if len(flat_um):
        near = cKDTree(flat_um).query_ball_point(flat_um, apart_um)
        for index in np.argsort(-strength, kind="stable"):
            if kept[index]:
                kept[near[index]] = False
                kept[index] = True
    return np.flatnonzero(kept)


def _framed(flat_um: np.ndarray, view: View) -> Candidates:
    """Each candidate (n, 2) um seen from the nearest point of a shaft."""
    lines = np.concatenate([dendrite.line_um for dendrite in view.dendrites])
    places_um = np.column_stack([np.zeros(len(flat_um)), flat_um])
    _, index = cKDTree(lines).query(places_um) if len(places_um) else (None, np.zeros(0, int))
    owner = np.repeat(np.arange(len(view.dendrites)), [len(dendrite.line_um) for dendrite in view.dendrites])[index]
    point = np.concatenate([np.arange(len(dendrite.line_um)) for dendrite in view.dendrites])[index]
    along = np.concatenate([dendrite.tangent for dendrite in view.dendrites])[index]
    outward = _outward(places_um - lines[index], along)
    shaft = np.maximum(np.concatenate([dendrite.brightness for dendrite in view.dendrites])[index], 1e-6)
    patches = sampled(view.scales[0], view.pixel_um, flat_um, outward, along) / shaft[:, None, None]
    distance = np.linalg.norm(places_um - lines[index], axis=1)
    facts = _facts(flat_um, distance, owner, point, shaft, patches, view)
    return Candidates(places_um, owner, point, outward, along, np.clip(patches, *PATCH_RANGE).astype(np.float32), facts)


def _facts(
    flat_um: np.ndarray, distance: np.ndarray, owner: np.ndarray, point: np.ndarray, shaft: np.ndarray,
    patches: np.ndarray, view: View,
) -> np.ndarray:  # fmt: skip
    """``FACTS`` of each candidate (n, facts): ``distance`` from its shaft, which is so bright there (``shaft``)."""
    radius = np.array([view.dendrites[one].radius_um[at] for one, at in zip(owner, point, strict=True)])
    brightest = max(float(dendrite.brightness.max()) for dendrite in view.dendrites)
    surround = np.quantile(patches, 0.1, axis=(1, 2)) if len(patches) else np.zeros(0)
    here = [
        ndimage.map_coordinates(scale, flat_um.T / view.pixel_um, order=1, mode="nearest") / shaft
        for scale in view.scales
    ]
    blobs = [finer - coarser for finer, coarser in pairwise(here)]
    clutter = [found / shaft + LEAST_CLUTTER_IN_SHAFTS for found in _clutter(view)]
    out, uneven = shaft_subtraction.standing_out_at(view.outs, view.dendrites, owner, point, flat_um) / shaft
    return np.column_stack([
        distance, distance / radius, radius, shaft / brightest, view.noise / shaft,
        *blobs, here[0], surround, _branches(view.dendrites)[owner], out,
        *(blob / around for blob, around in zip(blobs, clutter, strict=True)),
        uneven, out / (uneven + LEAST_CLUTTER_IN_SHAFTS),
    ]).astype(np.float32)  # fmt: skip


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
    smooth: np.ndarray, pixel_um: float, flat_um: np.ndarray, outward: np.ndarray, along: np.ndarray
) -> np.ndarray:
    """The picture on the grid around each place (n, outward, along)."""
    grid = (
        flat_um[:, None, None]
        + OUTWARD_UM[:, None, None] * outward[:, None, None, 1:]
        + ALONG_UM[:, None] * along[:, None, None, 1:]
    )
    return ndimage.map_coordinates(smooth, np.moveaxis(grid, -1, 0) / pixel_um, order=1, mode="nearest")
