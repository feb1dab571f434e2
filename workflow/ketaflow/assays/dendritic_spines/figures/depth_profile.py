"""Light along the shaft in every plane of a stack: does the stack hold the whole depth of the dendrite?"""

import numpy as np

from ketaflow.assays.dendritic_spines.model import ShaftPoint
from ketaflow.core.svg import Chart


def shaft_light(stack: np.ndarray, shafts: list[ShaftPoint]) -> np.ndarray:
    """Light of the shaft in each plane.

    Parameters
    ----------
    stack : (planes, rows, columns) array
        Counts.
    shafts : list of ShaftPoint
        Points of the centrelines; at least one.

    Returns
    -------
    (planes,) float
        Mean light where the shaft runs, above background, as a share of the brightest plane's.
    """
    x, y = np.rint([[point.x_px, point.y_px] for point in shafts]).astype(int).T
    light = stack[:, y.clip(0, stack.shape[1] - 1), x.clip(0, stack.shape[2] - 1)].mean(1)
    light = light - np.quantile(stack[:, ::4, ::4], 0.3)
    return np.asarray(light / max(float(light.max()), 1e-9))


def depth_chart(light: np.ndarray, step_um: float, spine_depths_um: np.ndarray) -> str:
    """Draw the light of the planes, and the depth of every spine below it.

    Parameters
    ----------
    light : (planes,) float
        See ``shaft_light``.
    step_um : float
        Distance between planes (um).
    spine_depths_um : (n,) float
        Depths of the spines (um).

    Returns
    -------
    str
        SVG.
    """
    deepest = (len(light) - 1) * step_um
    chart = Chart((0, deepest), (0, 105), "Depth (µm)", "Light of the shaft (%)", width=480, height=180)
    chart.line(np.arange(len(light)) * step_um, 100 * light)
    chart.level(50, "half")
    chart.points(spine_depths_um, np.full(len(spine_depths_um), 4.0), "green", radius=2)
    return chart.svg("light of the shaft in every plane of the stack, and the depth of its spines")
