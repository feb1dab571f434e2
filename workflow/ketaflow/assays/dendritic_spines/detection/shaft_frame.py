"""Each candidate as seen from the shaft it would stand on: its patch of image and its descriptors.

The patch is turned so that the shaft lies below, and brightness is counted in shafts. Seen like this a
spine looks the same in every direction and under every microscope that resolves it. Judging single planes of a
stack instead was tried and left: blur in depth makes the shaft's own upper and lower side look like spines.
"""

from itertools import pairwise

import numpy as np
from scipy import ndimage
from scipy.spatial import cKDTree

from ketaflow.assays.dendritic_spines.detection.candidates import ALONG_UM, OUTWARD_UM, Candidates
from ketaflow.assays.dendritic_spines.detection.multiscale import MultiscaleView, blob_clutter
from ketaflow.assays.dendritic_spines.tracing import shaft_subtraction
from ketaflow.assays.dendritic_spines.tracing.dendrite import Dendrite

# Patches are cut at these (shafts): what is brighter is no spine of this dendrite, what is darker is overshoot.
PATCH_RANGE = (-0.5, 2.0)
# In a picture that was cut out there is nothing at all beside the shaft; so much (shafts) is taken for granted there.
LEAST_CLUTTER_IN_SHAFTS = 0.002


def describe_candidates(flat_um: np.ndarray, view: MultiscaleView) -> Candidates:
    """Each candidate (n, 2) um seen from the nearest point of a shaft."""
    lines = np.concatenate([dendrite.line_um for dendrite in view.dendrites])
    places_um = np.column_stack([np.zeros(len(flat_um)), flat_um])
    _, index = cKDTree(lines).query(places_um) if len(places_um) else (None, np.zeros(0, int))
    owner = np.repeat(np.arange(len(view.dendrites)), [len(dendrite.line_um) for dendrite in view.dendrites])[index]
    point = np.concatenate([np.arange(len(dendrite.line_um)) for dendrite in view.dendrites])[index]
    along = np.concatenate([dendrite.tangent for dendrite in view.dendrites])[index]
    outward = _outward(places_um - lines[index], along)
    shaft = np.maximum(np.concatenate([dendrite.brightness for dendrite in view.dendrites])[index], 1e-6)
    patches = sample_patches(view.scales[0], view.pixel_um, flat_um, outward, along) / shaft[:, None, None]
    distance = np.linalg.norm(places_um - lines[index], axis=1)
    facts = _descriptors(flat_um, distance, owner, point, shaft, patches, view)
    return Candidates(places_um, owner, point, outward, along, np.clip(patches, *PATCH_RANGE).astype(np.float32), facts)


def _descriptors(
    flat_um: np.ndarray, distance: np.ndarray, owner: np.ndarray, point: np.ndarray, shaft: np.ndarray,
    patches: np.ndarray, view: MultiscaleView,
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
    clutter = [found / shaft + LEAST_CLUTTER_IN_SHAFTS for found in blob_clutter(view)]
    out, uneven = shaft_subtraction.residual_at(view.outs, view.dendrites, owner, point, flat_um) / shaft
    return np.column_stack([
        distance, distance / radius, radius, shaft / brightest, view.noise / shaft,
        *blobs, here[0], surround, _branch_contrast(view.dendrites)[owner], out,
        *(blob / around for blob, around in zip(blobs, clutter, strict=True)),
        uneven, out / (uneven + LEAST_CLUTTER_IN_SHAFTS),
    ]).astype(np.float32)  # fmt: skip


def _branch_contrast(dendrites: list[Dendrite]) -> np.ndarray:
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


def sample_patches(
    smooth: np.ndarray, pixel_um: float, flat_um: np.ndarray, outward: np.ndarray, along: np.ndarray
) -> np.ndarray:
    """The picture on the grid around each place (n, outward, along)."""
    grid = (
        flat_um[:, None, None]
        + OUTWARD_UM[:, None, None] * outward[:, None, None, 1:]
        + ALONG_UM[:, None] * along[:, None, None, 1:]
    )
    return ndimage.map_coordinates(smooth, np.moveaxis(grid, -1, 0) / pixel_um, order=1, mode="nearest")
