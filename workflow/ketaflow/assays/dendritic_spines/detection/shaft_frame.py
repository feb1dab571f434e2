"""Each candidate in the frame of its shaft: a patch of image and descriptors.

The patch is turned so that the shaft lies below, and brightness is counted in units of the shaft's. In this frame a
spine looks the same in every direction and under every microscope that resolves it. Scoring single planes of a stack
was tried and rejected: blur in depth makes the upper and lower side of the shaft look like spines.
"""

from itertools import pairwise
from typing import NamedTuple

import numpy as np
from scipy import ndimage
from scipy.spatial import cKDTree

from ketaflow.assays.dendritic_spines.detection import constants
from ketaflow.assays.dendritic_spines.detection.candidates import ALONG_UM, OUTWARD_UM, Candidates
from ketaflow.assays.dendritic_spines.detection.multiscale import MultiscaleView, blob_clutter
from ketaflow.assays.dendritic_spines.tracing.dendrite import Dendrite
from ketaflow.assays.dendritic_spines.tracing.shaft_subtraction import residual_at


class _Foot(NamedTuple):
    """Nearest point of a shaft to each candidate, all (n,): dendrite, point, distance, and brightness of the shaft."""

    owner: np.ndarray
    point: np.ndarray
    distance_um: np.ndarray
    brightness: np.ndarray


def describe_candidates(flat_um: np.ndarray, view: MultiscaleView) -> Candidates:
    """Describe places as seen from the nearest point of a shaft.

    Parameters
    ----------
    flat_um : (n, 2) float
        The places: y, x (um).
    view : MultiscaleView
        The projection with at least one dendrite, laid flat.

    Returns
    -------
    Candidates
        One for each place, at depth 0.
    """
    dendrites = view.dendrites
    lines = np.concatenate([dendrite.line_um for dendrite in dendrites])
    positions_um = np.column_stack([np.zeros(len(flat_um)), flat_um])
    _, index = cKDTree(lines).query(positions_um) if len(positions_um) else (None, np.zeros(0, int))
    along = np.concatenate([dendrite.tangent for dendrite in dendrites])[index]
    outward = _outward(positions_um - lines[index], along)
    foot = _Foot(
        owner=np.repeat(np.arange(len(dendrites)), [len(dendrite.line_um) for dendrite in dendrites])[index],
        point=np.concatenate([np.arange(len(dendrite.line_um)) for dendrite in dendrites])[index],
        distance_um=np.linalg.norm(positions_um - lines[index], axis=1),
        brightness=np.maximum(np.concatenate([dendrite.brightness for dendrite in dendrites])[index], 1e-6),
    )
    patches = sample_patches(view, flat_um, outward, along) / foot.brightness[:, None, None]
    descriptors = _descriptors(flat_um, foot, patches, view)
    clipped = np.clip(patches, constants.PATCH_MIN, constants.PATCH_MAX).astype(np.float32)
    return Candidates(positions_um, foot.owner, foot.point, outward, along, clipped, descriptors)


def sample_patches(view: MultiscaleView, flat_um: np.ndarray, outward: np.ndarray, along: np.ndarray) -> np.ndarray:
    """Resample the finest scale on the grid around each place.

    Parameters
    ----------
    view : MultiscaleView
        The projection.
    flat_um : (n, 2) float
        The places: y, x (um).
    outward, along : (n, 3) float
        Unit vectors away from the shaft, and along it.

    Returns
    -------
    (n, outward, along) float32
        Counts above background.
    """
    grid = (
        flat_um[:, None, None]
        + OUTWARD_UM[:, None, None] * outward[:, None, None, 1:]
        + ALONG_UM[:, None] * along[:, None, None, 1:]
    )
    patches: np.ndarray = ndimage.map_coordinates(
        view.scales[0], np.moveaxis(grid, -1, 0) / view.pixel_um, order=1, mode="nearest"
    )
    return patches


def _descriptors(flat_um: np.ndarray, foot: _Foot, patches: np.ndarray, view: MultiscaleView) -> np.ndarray:
    """Compute ``DESCRIPTORS`` of each candidate, (n, descriptors)."""
    shaft = foot.brightness
    radius = np.array([view.dendrites[one].radius_um[at] for one, at in zip(foot.owner, foot.point, strict=True)])
    brightest = max(float(dendrite.brightness.max()) for dendrite in view.dendrites)
    surround = np.quantile(patches, 0.1, axis=(1, 2)) if len(patches) else np.zeros(0)
    here = [
        ndimage.map_coordinates(scale, flat_um.T / view.pixel_um, order=1, mode="nearest") / shaft
        for scale in view.scales
    ]
    blobs = [finer - coarser for finer, coarser in pairwise(here)]
    clutter = [strength / shaft + constants.MIN_CLUTTER for strength in blob_clutter(view)]
    residual, uneven = residual_at(view.residuals, view.dendrites, foot.owner, foot.point, flat_um) / shaft
    return np.column_stack([
        foot.distance_um, foot.distance_um / radius, radius, shaft / brightest, view.noise / shaft,
        *blobs, here[0], surround, _branch_contrast(view.dendrites)[foot.owner], residual,
        *(blob / around for blob, around in zip(blobs, clutter, strict=True)),
        uneven, residual / (uneven + constants.MIN_CLUTTER),
    ]).astype(np.float32)  # fmt: skip


def _branch_contrast(dendrites: list[Dendrite]) -> np.ndarray:
    """Compare each branch with the brightest and the longest, (n, 4): an axon is dimmer, thinner and shorter."""
    own = np.array([
        [np.median(branch.brightness), np.median(branch.brightness), np.median(branch.radius_um), branch.length_um]
        for branch in dendrites
    ])  # fmt: skip
    reference = np.array([own[:, 0].max(), *own[0, 1:]])
    return (own / np.maximum(reference, 1e-6)).clip(0.05, 20)


def _outward(away: np.ndarray, along: np.ndarray) -> np.ndarray:
    """Unit vectors perpendicular to the shaft, towards the candidate; sideways where it lies on the shaft itself."""
    square = away - (away * along).sum(1, keepdims=True) * along
    size = np.linalg.norm(square, axis=1, keepdims=True)
    sideways = np.column_stack([np.zeros(len(along)), along[:, 2], -along[:, 1]])
    sideways /= np.maximum(np.linalg.norm(sideways, axis=1, keepdims=True), 1e-9)
    return np.where(size > 0.1, square / np.maximum(size, 1e-9), sideways)
