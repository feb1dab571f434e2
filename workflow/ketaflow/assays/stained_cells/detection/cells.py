"""Decide which objects are cells, and measure them.

In: the stain of each pixel, with and without its background. Out: the objects, one row each.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import ndimage
from skimage.measure import regionprops_table
from skimage.segmentation import find_boundaries

from ketaflow.assays.stained_cells.detection import segmentation
from ketaflow.assays.stained_cells.detection.background import Flattened
from ketaflow.assays.stained_cells.model import CellSettings


@dataclass(frozen=True)
class Objects:
    """Objects of a field.

    Attributes
    ----------
    labels : (rows, columns) int32 ndarray
        Number of the object of each pixel, from 1; 0 elsewhere.
    table : data frame
        One row per object: ``label``, ``y`` and ``x`` (pixels of the analysis), ``area_um2``, ``stain`` (mean
        without its outermost pixels), ``background`` (mean), largest ``height``, ``height_per_threshold``, ``snr``
        (height over the SD of the background), ``at_edge`` (touches the upper or left edge), ``size`` (flank,
        small, cell or large).
    threshold : (rows, columns) ndarray
        Smallest height of a cell.
    """

    labels: np.ndarray
    table: pd.DataFrame
    threshold: np.ndarray


def find_cells(
    stain: np.ndarray, flat: Flattened, pixel_um: float, settings: CellSettings, *, min_height: float
) -> Objects:
    """Find the objects of a field, and which of them are counted.

    A cell cut by the upper or the left edge of the image is not counted, one cut by the lower or the right edge is
    [1]_: on average each cell counts once, however many images a section is divided into.

    Parameters
    ----------
    stain : (rows, columns) ndarray
        Counts or optical density.
    flat : Flattened
        The same without its background.
    pixel_um : float
        Size of a pixel (um).
    settings : CellSettings
        Settings ``stained_cells.quantify.cells``.
    min_height : float
        Smallest height of a cell, in the unit of the stain, whatever the noise.

    Returns
    -------
    Objects
        Every object of the field, with its measures and whether it is a cell; the threshold of every pixel.

    References
    ----------
    .. [1] Gundersen 1977, J Microsc 111:219, doi:10.1111/j.1365-2818.1977.tb00062.x.
    """
    threshold = np.maximum(settings.z_threshold * flat.noise_sd, min_height)
    labels = segmentation.find_objects(flat.height, threshold, pixel_um, settings)
    return Objects(labels, _table(labels, stain, flat, threshold, pixel_um, settings), threshold)


def _table(
    labels: np.ndarray,
    stain: np.ndarray,
    flat: Flattened,
    threshold: np.ndarray,
    pixel_um: float,
    settings: CellSettings,
) -> pd.DataFrame:
    """Measure every object."""
    found = regionprops_table(labels, properties=("label", "area", "centroid", "bbox"))
    means, highest = _means_and_maxima(labels, stain, flat, threshold)
    area_um2, height = found["area"] * pixel_um**2, highest["height"]
    smallest, largest = (np.pi / 4 * diameter**2 for diameter in (settings.min_diameter_um, settings.max_diameter_um))
    # A small object that has no peak of its own is the flank of a brighter one.
    is_flank = (area_um2 < smallest) & (highest["nearby"].to_numpy() > height.to_numpy())
    size = np.select([is_flank, area_um2 < smallest, area_um2 > largest], ["flank", "small", "large"], "cell")
    return pd.DataFrame(
        {
            "label": found["label"],
            "y": found["centroid-0"],
            "x": found["centroid-1"],
            "area_um2": area_um2,
            "stain": means["inner"].fillna(means["stain"]).to_numpy(),
            "background": means["background"].to_numpy(),
            "height": height.to_numpy(),
            "height_per_threshold": (height / means["threshold"]).to_numpy(),
            "snr": (height / means["noise_sd"]).to_numpy(),
            "at_edge": (found["bbox-0"] == 0) | (found["bbox-1"] == 0),
            "size": size,
        }
    )


def _means_and_maxima(
    labels: np.ndarray, stain: np.ndarray, flat: Flattened, threshold: np.ndarray
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Means and maxima over the pixels of each object, in the order of the labels.

    ``inner`` is the stain without the outermost pixels of an object, which lie partly outside and are lowered by the
    blur of optics and smoothing; NaN where there are no others. ``nearby`` is the height of a pixel or its neighbours.
    """
    inside = labels > 0
    is_inner = ~find_boundaries(labels, connectivity=1, mode="inner")
    pixels = {
        "stain": stain[inside],
        "inner": np.where(is_inner[inside], stain[inside], np.nan),
        "background": flat.background[inside],
        "threshold": threshold[inside],
        "noise_sd": flat.noise_sd[inside],
        "height": flat.height[inside],
        "nearby": ndimage.maximum_filter(flat.height, 3)[inside],
    }
    of_object = pd.DataFrame(pixels).groupby(labels[inside])
    return of_object.mean(), of_object[["height", "nearby"]].max()
