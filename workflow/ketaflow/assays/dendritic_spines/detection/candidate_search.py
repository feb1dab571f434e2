"""Candidates: the places near a shaft that could be spines, found on the scale of an ordinary shaft."""

import numpy as np
from scipy.spatial import cKDTree

from ketaflow.assays.dendritic_spines.detection import candidate_merging
from ketaflow.assays.dendritic_spines.detection.candidate_merging import Duplicates
from ketaflow.assays.dendritic_spines.detection.candidates import Candidates
from ketaflow.assays.dendritic_spines.detection.multiscale import (
    BULGE_SIGMA_UM,
    MultiscaleView,
    blur,
    distance_from_shafts,
)
from ketaflow.assays.dendritic_spines.detection.shaft_frame import describe_candidates
from ketaflow.assays.dendritic_spines.tracing import shaft_subtraction
from ketaflow.assays.dendritic_spines.tracing.dendrite import Dendrite
from ketaflow.assays.dendritic_spines.tracing.tracer import Tracing

# Nearer than this (um) two peaks are one: 0.61 wavelengths by the aperture (Rayleigh), of 520 nm and 1.3.
SAME_UM = 0.25
# Blobs fainter than this are not offered: a quarter of a pixel's noise, 1.5 % of the faintest shaft.
FAINTEST_IN_NOISE, FAINTEST_IN_SHAFTS = 0.25, 0.015
# Blur under which it is looked for a dip between two candidates (um, sigma): it takes off some noise, but adds next to
# nothing to a microscope's own blur, which leaves little of the dip between two heads.
DIP_SIGMA_UM = 0.06


def find_candidates(
    picture: np.ndarray, voxel_um: np.ndarray, found: Tracing, noise: float, *, reach_um: float
) -> Candidates:
    """Candidates in a projection (y, x), their places on the ordinary scale (``found.factor`` times micrometres)."""
    flat = [dendrite.flat().scaled(found.factor) for dendrite in found.dendrites]
    made = _candidates(picture, float(voxel_um[1]) * found.factor, flat, noise, reach_um=reach_um)
    if not found.soma.any():
        return made
    y, x = np.rint(made.places_um[:, 1:] / found.factor / voxel_um[1:]).astype(int).T
    return made.subset(~found.soma[y, x])


def find_duplicates(
    picture: np.ndarray, voxel_um: np.ndarray, found: Tracing, offered: Candidates, min_distance_um: float
) -> Duplicates:
    """Which of the candidates offered in a projection (y, x) are one spine."""
    pixel_um = float(voxel_um[1]) * found.factor
    smooth = blur(picture, DIP_SIGMA_UM, pixel_um)
    return candidate_merging.duplicate_pairs(smooth, pixel_um, offered, min_distance_um)


def candidates_at(
    picture: np.ndarray, voxel_um: np.ndarray, found: Tracing, noise: float, places_um: np.ndarray
) -> Candidates:
    """Candidates where a person says there are spines (n, 3), in true micrometres."""
    flat = [dendrite.flat().scaled(found.factor) for dendrite in found.dendrites]
    flat_um = places_um[:, 1:] * found.factor
    made = describe_candidates(flat_um, MultiscaleView.of(picture, float(voxel_um[1]) * found.factor, flat, noise))
    made.places_um = places_um
    return made


def _candidates(
    picture: np.ndarray, pixel_um: float, dendrites: list[Dendrite], noise: float, *, reach_um: float
) -> Candidates:
    """All places within ``reach_um`` of a shaft's surface that are brighter than what surrounds them.

    ``picture`` (y, x) is without background, ``noise`` the standard deviation of one of its pixels.
    """
    view = MultiscaleView.of(picture, pixel_um, dendrites, noise)
    near = distance_from_shafts(picture.shape, pixel_um, dendrites) <= _widest(dendrites) + reach_um
    shaft = min(float(np.median(dendrite.brightness)) for dendrite in dendrites)
    least = max(FAINTEST_IN_NOISE * noise, FAINTEST_IN_SHAFTS * shaft)
    blobs = view.blobs
    pixels = np.concatenate([_peaks(blob, near, least) for blob in blobs])
    strength = np.max([blob[tuple(pixels.T)] for blob in blobs], axis=0, initial=0)
    flat_um = pixels[suppress_neighbours(pixels * pixel_um, strength, SAME_UM)] * pixel_um
    return describe_candidates(np.concatenate([flat_um, _bulges(view, flat_um)]), view)


def _bulges(view: MultiscaleView, known_um: np.ndarray) -> np.ndarray:
    """Places (n, 2) um that bulge out of a shaft and at which there is no blob."""
    left = view.noise * view.pixel_um / (2 * np.sqrt(np.pi) * BULGE_SIGMA_UM)
    parts = [
        shaft_subtraction.bulge_positions(out, dendrite, left)
        for out, dendrite in zip(view.outs, view.dendrites, strict=True)
    ]
    flat_um = np.concatenate(parts)
    flat_um = flat_um[suppress_neighbours(flat_um, np.zeros(len(flat_um)), SAME_UM)]
    far, _ = cKDTree(known_um).query(flat_um) if len(known_um) and len(flat_um) else (np.full(len(flat_um), np.inf), 0)
    inside = ((flat_um >= 0) & (flat_um <= (np.array(view.scales[0].shape) - 1) * view.pixel_um)).all(1)
    return flat_um[(far > SAME_UM) & inside]


def _widest(dendrites: list[Dendrite]) -> float:
    return max(float(dendrite.radius_um.max()) for dendrite in dendrites)


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


def suppress_neighbours(flat_um: np.ndarray, strength: np.ndarray, apart_um: float) -> np.ndarray:
    """Indices, in their order, of the places kept when none may lie within ``apart_um`` of a stronger one."""
    kept = np.ones(len(flat_um), bool)
    if len(flat_um):
        near = cKDTree(flat_um).query_ball_point(flat_um, apart_um)
        for index in np.argsort(-strength, kind="stable"):
            if kept[index]:
                kept[near[index]] = False
                kept[index] = True
    return np.flatnonzero(kept)
