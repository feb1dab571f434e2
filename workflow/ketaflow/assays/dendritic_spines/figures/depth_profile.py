"""Light along the shaft in every plane of a stack: does the stack hold the whole dendrite?"""

import numpy as np
import pandas as pd

from ketaflow.core.svg import Chart


def shaft_intensity(stack: np.ndarray, shafts: pd.DataFrame) -> np.ndarray:
    """Light of each plane (n,) where the shaft runs, less the darkest plane's, as a share of the brightest plane's."""
    y, x = (np.rint(shafts[name].to_numpy()).astype(int) for name in ("y_px", "x_px"))
    light = stack[:, y.clip(0, stack.shape[1] - 1), x.clip(0, stack.shape[2] - 1)].mean(1)
    light = light - np.quantile(stack[:, ::4, ::4], 0.3)
    return light / max(float(light.max()), 1e-9)


def depth_svg(profile: np.ndarray, step_um: float, spine_depths_um: np.ndarray) -> str:
    """The light of the planes, and the depth of every spine below it."""
    deepest = (len(profile) - 1) * step_um
    chart = Chart((0, deepest), (0, 105), "Depth (µm)", "Light of the shaft (%)", width=480, height=180)
    chart.line(np.arange(len(profile)) * step_um, 100 * profile)
    chart.level(50, "half")
    chart.points(spine_depths_um, np.full(len(spine_depths_um), 4.0), "green", radius=2)
    return chart.svg("light of the shaft in every plane of the stack, and the depth of its spines")
