"""Candidates: the places near a shaft that could be spines, sought on the scale of an ordinary shaft.

Blobs of the projection near a shaft are candidates, and places where the shaft bulges without a peak. Those whose
contrast is below the limit of detection are none: nobody can tell them from haze and fibres. A network learns
from them all the same, because it does better for it.
"""

from dataclasses import replace

import numpy as np
from scipy import ndimage
from scipy.spatial import cKDTree
from skimage.feature import peak_local_max

from ketaflow.assays.dendritic_spines.detection import candidate_merging, constants
from ketaflow.assays.dendritic_spines.detection.candidate_merging import Duplicates
from ketaflow.assays.dendritic_spines.detection.candidates import Candidates, clearness
from ketaflow.assays.dendritic_spines.detection.multiscale import MultiscaleView, blur, distance_from_shafts
from ketaflow.assays.dendritic_spines.detection.shaft_frame import describe_candidates
from ketaflow.assays.dendritic_spines.tracing.projection import Projection
from ketaflow.assays.dendritic_spines.tracing.shaft_subtraction import bulge_positions
from ketaflow.assays.dendritic_spines.tracing.tracer import Tracing


def find_candidates(projection: Projection, tracing: Tracing, *, reach_um: float) -> Candidates:
    """Find the candidates of an image.

    Parameters
    ----------
    projection : Projection
        The image.
    tracing : Tracing
        At least one dendrite.
    reach_um : float
        Candidates are sought up to this far from the surface of the widest shaft (um).

    Returns
    -------
    Candidates
        Positions on the ordinary scale (``tracing.scale_factor`` times micrometres); none in cell bodies.
    """
    view = _ordinary_view(projection, tracing)
    peaks_um = _blob_positions(view, reach_um)
    found = describe_candidates(np.concatenate([peaks_um, _bulge_positions(view, peaks_um)]), view)
    if not tracing.soma.any():
        return found
    y, x = np.rint(found.positions_um[:, 1:] / tracing.scale_factor / projection.voxel_um[1:]).astype(int).T
    return found.subset(~tracing.soma[y, x])


def detectable(candidates: Candidates) -> Candidates:
    """Keep the candidates that stand out from the blobs that occur by chance beside the shafts.

    Parameters
    ----------
    candidates : Candidates
        The candidates.

    Returns
    -------
    Candidates
        Those whose contrast at a small or a middle size is ``constants.DETECTION_LIMIT`` standard deviations of such
        blobs or more. The limit falls to 0 as the image becomes clear (``candidates.clearness``): what occurs by chance
        there is noise, which the network knows, and no haze or fibres.
    """
    contrasts = [candidates.descriptor(f"{size}_blob_in_clutter") for size in ("small", "middle")]
    limit = constants.DETECTION_LIMIT * (1 - clearness(candidates))
    return candidates.subset(np.flatnonzero(np.maximum(*contrasts) >= limit))


def candidates_at(projection: Projection, tracing: Tracing, positions_um: np.ndarray) -> Candidates:
    """Describe the places at which a person saw spines.

    Parameters
    ----------
    projection : Projection
        The image.
    tracing : Tracing
        At least one dendrite.
    positions_um : (n, 3) float
        Depth, y, x on the scale of the file (um).

    Returns
    -------
    Candidates
        One for each place, at ``positions_um``.
    """
    found = describe_candidates(positions_um[:, 1:] * tracing.scale_factor, _ordinary_view(projection, tracing))
    return replace(found, positions_um=positions_um)


def find_duplicates(
    projection: Projection, tracing: Tracing, candidates: Candidates, *, min_distance_um: float
) -> Duplicates:
    """Find which candidates of an image are the same spine.

    Parameters
    ----------
    projection : Projection
        The image.
    tracing : Tracing
        Its dendrites.
    candidates : Candidates
        See ``find_candidates``.
    min_distance_um : float
        Two candidates nearer than this are one spine (um).

    Returns
    -------
    Duplicates
    """
    pixel_um = projection.pixel_um * tracing.scale_factor
    blurred = blur(projection.pixels, constants.DIP_BLUR_UM, pixel_um)
    return candidate_merging.find_duplicates(blurred, pixel_um, candidates, min_distance_um=min_distance_um)


def at_file_scale(candidates: Candidates, projection: Projection, tracing: Tracing) -> Candidates:
    """Bring candidates back to the scale of the file, each to the plane in which it is brightest.

    Parameters
    ----------
    candidates : Candidates
        Positions on the ordinary scale.
    projection : Projection
        The image.
    tracing : Tracing
        Its dendrites.

    Returns
    -------
    Candidates
        The same candidates; positions in um on the scale of the file, with depth.
    """
    positions_um = candidates.positions_um / tracing.scale_factor
    positions_um[:, 0] = brightest_depth_um(positions_um, projection)
    return replace(candidates, positions_um=positions_um)


def brightest_depth_um(positions_um: np.ndarray, projection: Projection) -> np.ndarray:
    """Depth at which places of the projection are brightest.

    Parameters
    ----------
    positions_um : (n, 3) float
        Depth (ignored), y, x (um).
    projection : Projection
        The image.

    Returns
    -------
    (n,) float
        Depth of the brightest plane (um), light being averaged over three pixels in each direction; 0 in a single
        plane.
    """
    stack = projection.stack
    if len(stack) == 1 or not len(positions_um):
        return np.zeros(len(positions_um))
    y, x = np.rint(positions_um[:, 1:] / projection.voxel_um[1:]).astype(int).T
    columns = sum(
        stack[:, (y + dy).clip(0, stack.shape[1] - 1), (x + dx).clip(0, stack.shape[2] - 1)]
        for dy in (-1, 0, 1)
        for dx in (-1, 0, 1)
    )
    light = ndimage.uniform_filter1d(columns, 3, axis=0, mode="nearest")
    return np.asarray(light.argmax(0) * projection.voxel_um[0])


def suppress_neighbours(flat_um: np.ndarray, strength: np.ndarray, min_distance_um: float) -> np.ndarray:
    """Keep the strongest of places that lie near each other (non-maximum suppression).

    Parameters
    ----------
    flat_um : (n, d) float
        The places (um).
    strength : (n,) float
        Of equally strong places the first is kept.
    min_distance_um : float
        Smallest distance between places that are kept (um).

    Returns
    -------
    (m,) int
        Indices of the places kept, in order.
    """
    kept = np.ones(len(flat_um), bool)
    if len(flat_um):
        near = cKDTree(flat_um).query_ball_point(flat_um, min_distance_um)
        for index in np.argsort(-strength, kind="stable"):
            if kept[index]:
                kept[near[index]] = False
                kept[index] = True
    return np.flatnonzero(kept)


def _ordinary_view(projection: Projection, tracing: Tracing) -> MultiscaleView:
    """View an image on the scale on which its shafts have an ordinary width."""
    pixel_um = projection.pixel_um * tracing.scale_factor
    return MultiscaleView.of(projection.pixels, pixel_um, tracing.ordinary, projection.noise)


def _blob_positions(view: MultiscaleView, reach_um: float) -> np.ndarray:
    """Places (n, 2) um near a shaft that are brighter than their surroundings at some scale."""
    widest_um = max(float(dendrite.radius_um.max()) for dendrite in view.dendrites)
    near = distance_from_shafts(view) <= widest_um + reach_um
    faintest = min(float(np.median(dendrite.brightness)) for dendrite in view.dendrites)
    least = max(constants.MIN_BLOB_IN_NOISE * view.noise, constants.MIN_BLOB_IN_SHAFTS * faintest)
    blobs = view.blobs
    pixels = np.concatenate([_peaks(blob, near, least) for blob in blobs])
    strength = np.max([blob[tuple(pixels.T)] for blob in blobs], axis=0, initial=0)
    kept = suppress_neighbours(pixels * view.pixel_um, strength, constants.RAYLEIGH_UM)
    positions_um: np.ndarray = pixels[kept] * view.pixel_um
    return positions_um


def _peaks(blob: np.ndarray, near: np.ndarray, least: float) -> np.ndarray:
    """Pixels (n, 2), row by row, that are brighter than ``least`` and than their eight neighbours."""
    peaks = peak_local_max(blob, min_distance=1, threshold_abs=least, exclude_border=1)
    peaks = peaks[near[tuple(peaks.T)]]
    ordered: np.ndarray = peaks[np.lexsort((peaks[:, 1], peaks[:, 0]))]
    return ordered


def _bulge_positions(view: MultiscaleView, known_um: np.ndarray) -> np.ndarray:
    """Places (n, 2) um that bulge out of a shaft and at which no blob is known."""
    parts = [
        bulge_positions(residual, dendrite, view.bulge_noise)
        for residual, dendrite in zip(view.residuals, view.dendrites, strict=True)
    ]
    flat_um = np.concatenate(parts)
    flat_um = flat_um[suppress_neighbours(flat_um, np.zeros(len(flat_um)), constants.RAYLEIGH_UM)]
    away_um = np.full(len(flat_um), np.inf)
    if len(known_um) and len(flat_um):
        away_um = np.asarray(cKDTree(known_um).query(flat_um)[0])
    inside = ((flat_um >= 0) & (flat_um <= (np.array(view.shape) - 1) * view.pixel_um)).all(1)
    positions_um: np.ndarray = flat_um[(away_um > constants.RAYLEIGH_UM) & inside]
    return positions_um
