"""Cell bodies, where no dendrite is looked for."""

import numpy as np
from scipy import ndimage

# Where it is bright this far around, there is a cell body or a stump of one: no dendrite is so wide. Around it a rim.
SOMA_RADIUS_UM, SOMA_RIM_UM = 2.5, 0.5


def find_somata(picture: np.ndarray, pixel_um: float) -> np.ndarray:
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
