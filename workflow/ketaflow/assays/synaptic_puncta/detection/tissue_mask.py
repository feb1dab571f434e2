"""Which part of a field is tissue: nuclei, vessels and holes hold no synapses and are left out of the area.

In: both channels and the puncta found in them. Out: a coarse mask. A hole has to be wide, dark in both channels
against what lies around it, and empty of puncta; a field that merely darkens towards a corner keeps all its area.
"""

import numpy as np
from scipy import ndimage

from ketaflow.assays.synaptic_puncta.detection import smoothing

# Nuclei and capillaries are several micrometres wide: this is fine enough to follow their edge.
COARSE_PIXEL_UM = 0.4
DARKEST = 0.005
# Puncta in a hole, per area, against those outside it: some lie above or below it in focus.
EMPTY_SHARE = 0.4


def tissue_mask(
    channels: list[np.ndarray],
    positions_um: list[np.ndarray],
    *,
    pixel_size_um: float,
    hole_diameter_um: float,
    hole_contrast: float,
) -> tuple[np.ndarray, float]:
    """Mask of the tissue (true) at a coarse scale, and the size of its pixels (um).

    Parameters
    ----------
    channels : list of (y, x) or (z, y, x)
        The images; stacks are averaged over their planes.
    positions_um : list of (n, 2 or 3)
        Puncta of each channel.
    hole_diameter_um
        Narrower gaps stay part of the tissue.
    hole_contrast
        How far a hole lies below its surroundings, 1 being the distance from the field's median to its darkest parts.
    """
    factor = max(1, int(COARSE_PIXEL_UM / pixel_size_um))
    coarse_um = factor * pixel_size_um
    darkness = [_darkness(_coarse(image, factor), hole_diameter_um / coarse_um) for image in channels]
    dark = np.min(darkness, axis=0) > hole_contrast
    radius = max(1, round(hole_diameter_um / coarse_um / 2))
    holes, count = ndimage.label(_opened(dark, radius))
    tissue = holes == 0
    counted = sum(_puncta_per_pixel(positions, coarse_um, tissue.shape) for positions in positions_um)
    usual = counted[tissue].mean() if tissue.any() else 0.0
    for number in range(1, count + 1):
        hole = holes == number
        if counted[hole].mean() >= EMPTY_SHARE * usual:
            tissue |= hole
    return tissue, coarse_um


def _coarse(image: np.ndarray, factor: int) -> np.ndarray:
    """The image averaged over its planes and over squares of ``factor`` pixels; the last squares may be cut off."""
    plane = image.mean(0, dtype=np.float32) if image.ndim == 3 else image.astype(np.float32)
    height, width = plane.shape
    plane = np.pad(plane, ((0, -height % factor), (0, -width % factor)), mode="edge")
    return plane.reshape(plane.shape[0] // factor, factor, -1, factor).mean((1, 3))


def _darkness(image: np.ndarray, hole_px: float) -> np.ndarray:
    """How far each pixel lies below its surroundings, in units of the field's own dark side."""
    spectrum = smoothing.spectrum(image)
    near, around = (
        smoothing.filtered(spectrum, smoothing.kept_by_gaussian(image.shape, np.array([width, width])))
        for width in (hole_px / 4, 4 * hole_px)
    )
    dark_side = float(np.median(near) - np.quantile(near, DARKEST))
    noise = float(np.median(np.abs(near - around - np.median(near - around)))) / 0.6745
    return (around - near) / max(dark_side, 4 * noise, np.finfo(np.float32).tiny)


def _opened(mask: np.ndarray, radius: int) -> np.ndarray:
    """The mask without parts narrower than a disc of that radius; beyond the edges it goes on."""
    padded = np.pad(mask, radius, mode="edge")
    inner = ndimage.distance_transform_edt(padded) > radius
    opened = ndimage.distance_transform_edt(~inner) <= radius if inner.any() else inner
    return opened[radius:-radius, radius:-radius]


def _puncta_per_pixel(positions_um: np.ndarray, coarse_um: float, shape: tuple[int, int]) -> np.ndarray:
    index = np.clip((positions_um[:, -2:] / coarse_um).astype(int), 0, np.array(shape) - 1)
    counted = np.zeros(shape)
    np.add.at(counted, tuple(index.T), 1)
    return counted
