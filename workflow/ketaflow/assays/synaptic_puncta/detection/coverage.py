"""In how much of the measured area puncta are about as dense as elsewhere in it.

In: puncta and the tissue mask. Out: a share. The mask leaves out dark holes the size of nuclei and vessels; an area
without tissue that is much wider, or nuclei that fill most of a field, are left in it, and lower the densities.
"""

import numpy as np

from ketaflow.assays.synaptic_puncta import constants


def covered_share(places: np.ndarray, tissue: np.ndarray) -> float:
    """Compute the share of the tissue in which puncta are at least ``MAX_HOLE_PUNCTA_SHARE`` as dense as usual.

    The field is divided into squares that would hold ``PUNCTA_PER_SQUARE`` puncta each if these were spread evenly.
    The usual density is a high quantile of those of the squares, which holds even if most of the field is empty.

    Parameters
    ----------
    places : (n, 2) ndarray
        Places of the puncta in tissue, of all channels: y and x as a share of height and width (0 to 1).
    tissue : (rows, columns) bool ndarray
        True where there is tissue, at any scale.

    Returns
    -------
    float
        0 to 1; NaN of fewer puncta than fill ``MIN_SQUARES``.
    """
    if len(places) < constants.MIN_SQUARES * constants.PUNCTA_PER_SQUARE:
        return np.nan
    side = np.sqrt(constants.PUNCTA_PER_SQUARE * np.count_nonzero(tissue) / len(places))
    squares = [max(1, round(length / side)) for length in tissue.shape]
    everywhere = (np.argwhere(np.ones(tissue.shape, bool)) + 0.5) / tissue.shape
    whole, own, count = (
        np.histogramdd(one, bins=squares, range=[(0, 1), (0, 1)])[0]
        for one in (everywhere, everywhere[tissue.ravel()], places)
    )
    is_tissue = own >= 0.5 * whole
    density = (count[is_tissue] / own[is_tissue]) if is_tissue.any() else np.zeros(1)
    usual = np.quantile(density, constants.USUAL_QUANTILE)
    return float(np.mean(density >= constants.MAX_HOLE_PUNCTA_SHARE * usual))
