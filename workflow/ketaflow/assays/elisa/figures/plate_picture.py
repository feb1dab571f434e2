"""Picture of a plate: every well with its content and response, doubtful ones outlined."""

import math
from collections.abc import Collection

import numpy as np

from ketaflow.assays.elisa import constants
from ketaflow.assays.elisa.model import Plate
from ketaflow.assays.elisa.readers.cells import ROW_LETTERS, well_at
from ketaflow.core.results import Figure
from ketaflow.core.svg import COLOURS, Chart

CAPTION = (
    "Each circle is a well: S standard, B blank, C control, a dot a sample, x excluded by the table; darker means a "
    "higher response (logarithmic). Orange rings: wells named by a check."
)


def plate_figure(plate: Plate, named: Collection[str]) -> Figure:
    """Draw the plate.

    Parameters
    ----------
    plate : Plate
        Wells and responses.
    named : collection of str
        Wells that a check names.

    Returns
    -------
    Figure
        Neither the plate nor an animal is named.
    """
    n_rows, n_columns = plate.response.shape
    step = constants.WELL_PX * constants.ROWS_SHOWN_FULL_SIZE / n_rows
    chart = Chart(
        (0.4, n_columns + 0.6), (n_rows + 0.6, 0.4), "", "",
        width=int(step * (n_columns + 0.2)) + constants.SIDES_PX, height=int(step * (n_rows + 0.2)) + constants.ENDS_PX,
        show_x_ticks=False, show_y_ticks=False,
    )  # fmt: skip
    canvas, radius = chart.axes.canvas, constants.RADIUS_SHARE * step
    content = {well.name: well.content.sample for well in plate.wells}
    low, high = _ends(plate.response)
    for row in range(n_rows):
        chart.text(0.05, row + 1.12, ROW_LETTERS[row])
        for column in range(n_columns):
            name, value = well_at(row, column), float(plate.response[row, column])
            x, y = chart.x(column + 1), chart.y(row + 1)
            if name in named:
                canvas.dot(x, y, radius + constants.RING_PX, COLOURS["orange"])
            share = _share(value, low, high)
            tooltip = (
                f"{name}: {'saturated' if math.isinf(value) else 'no value' if math.isnan(value) else f'{value:.4g}'}"
            )
            canvas.dot(
                x, y, radius, _colour(share) if math.isfinite(share) else constants.NO_VALUE_COLOUR, tooltip=tooltip
            )
            mark = "x" if name in plate.excluded else constants.MARKS.get(content.get(name, ""), "")
            ink = "#ffffff" if math.isfinite(share) and share > constants.WHITE_INK_FROM else "#1a1a1a"
            if mark:
                # The style sheet of the card would override an attribute.
                canvas.add(f'<text x="{x:.1f}" y="{y + 4:.1f}" text-anchor="middle" style="fill:{ink}">{mark}</text>')
    for column in range(n_columns):
        chart.caption(column + 1, str(column + 1))
    return Figure("Plate", chart.svg("Wells of the plate, coloured by response"), caption=CAPTION)


def _ends(response: np.ndarray) -> tuple[float, float]:
    """Logarithms of the lowest and highest response that colours tell apart."""
    finite = response[np.isfinite(response) & (response > 0)]
    if not len(finite):
        return 0.0, 1.0
    high = float(np.log(finite.max()))
    return max(float(np.log(finite.min())), high - math.log(constants.COLOUR_RANGE)), high


def _share(value: float, low: float, high: float) -> float:
    if math.isnan(value):
        return math.nan
    if math.isinf(value):
        return 1.0
    return float(np.clip((math.log(value) - low) / max(high - low, 1e-9), 0, 1)) if value > 0 else 0.0


def _colour(share: float) -> str:
    parts = [
        round(light + share * (dark - light))
        for light, dark in zip(constants.LIGHT_RGB, constants.DARK_RGB, strict=True)
    ]
    return "#" + "".join(f"{part:02x}" for part in parts)
