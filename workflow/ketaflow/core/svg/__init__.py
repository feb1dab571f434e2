"""How is a figure drawn as SVG text, without a plotting library?

``Canvas`` takes marks in pixels, ``Axes`` maps data to pixels and draws scales, ``Chart`` is a small ready-made chart.
A review page holds thousands of figures; matplotlib would cost 30 ms and 20 kB for each. Text is escaped, and numbers
are rounded to a tenth of a pixel, so that equal data give equal bytes.
"""

from ketaflow.core.svg.axes import PAGE, Axes, Theme
from ketaflow.core.svg.canvas import GROUND, INK, LINE, SHEET, SOFT, Canvas, escaped, path_data
from ketaflow.core.svg.chart import COLOURS, MARGIN_LEFT, STYLE, Chart, panels, stacked
from ketaflow.core.svg.scales import axis_number, limits, position, ticks
from ketaflow.core.svg.text import LETTER_PX, wrapped

__all__ = [
    "COLOURS", "GROUND", "INK", "LETTER_PX", "LINE", "MARGIN_LEFT", "PAGE", "SHEET", "SOFT", "STYLE", "Axes", "Canvas",
    "Chart", "Theme", "axis_number", "escaped", "limits", "panels", "path_data", "position", "stacked", "ticks",
    "wrapped",
]  # fmt: skip
