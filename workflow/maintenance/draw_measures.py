"""Draw what each measure of stained cells and synaptic puncta means, for the documentation.

Run by hand after a measure or a drawing has changed: ``python workflow/maintenance/draw_measures.py``. The fields are
simulated; what is drawn over them was measured by the assays. Look at every picture before it is committed.
"""

import io
import sys
from pathlib import Path
from typing import TypeVar

import matplotlib as mpl
import numpy as np
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from PIL import Image

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "workflow"))

from ketaflow import assays  # noqa: E402
from ketaflow.assays.stained_cells import model as cells  # noqa: E402
from ketaflow.assays.stained_cells.quantify import quantify as measure_cells  # noqa: E402
from ketaflow.assays.stained_cells.simulation.rendering import simulate_field as draw_cells  # noqa: E402
from ketaflow.assays.stained_cells.simulation.scene import Scene as CellScene  # noqa: E402
from ketaflow.assays.synaptic_puncta import model as puncta  # noqa: E402
from ketaflow.assays.synaptic_puncta.quantify import quantify as measure_puncta  # noqa: E402
from ketaflow.assays.synaptic_puncta.simulation.fields import Scene as PunctaScene  # noqa: E402
from ketaflow.assays.synaptic_puncta.simulation.fields import simulate_field as draw_puncta  # noqa: E402
from ketaflow.core import settings  # noqa: E402
from ketaflow.core.inputs import Rows, build  # noqa: E402

Kind = TypeVar("Kind")
IMAGES = ROOT / "docs" / "images"
# Colours that red-green colour blind readers can tell apart.
BLUE, ORANGE, GREY = "#0072b2", "#d55e00", "#666666"
SEED = 7
# Ring around a punctum in which its background is shown (um): 3 to 4.5 SD of it.
RING_UM = (0.45, 0.68)


def main() -> None:
    """Write both figures into docs/images."""
    mpl.rcParams.update({"font.size": 9, "axes.spines.top": False, "axes.spines.right": False})
    _save(_cell_figure(), "measures_stained_cells")
    _save(_puncta_figure(), "measures_synaptic_puncta")


def _save(figure: Figure, name: str) -> None:
    buffer = io.BytesIO()
    figure.savefig(buffer, dpi=130, format="png", bbox_inches="tight")
    Image.open(buffer).convert("RGB").save(IMAGES / f"{name}.webp", quality=70, method=6)


def _cell_figure() -> Figure:
    """A field with its region, and a profile through one cell."""
    scene = CellScene(width_px=300, height_px=300, pixel_size_um=0.65, diameter_um=11, snr=8, cells=34, pairs=3)
    drawn = draw_cells(scene, np.random.default_rng(SEED))
    rows, columns = np.indices(drawn.pixels.shape)
    roi = ((rows - 150) / 150) ** 2 + ((columns - 170) / 125) ** 2 < 1
    field = cells.Field(
        "a", "a", "M1", "", None, "c-Fos", "fluorescence", drawn.pixels, roi, scene.pixel_size_um, 1, 65535.0, "", ()
    )
    found = _settings("stained_cells", cells.QuantifySettings)
    measured = measure_cells(cells.Fields([field]), found, rows=Rows())
    result, labels = measured.fields[0], measured.labels[0]
    figure, (left, right) = plt.subplots(1, 2, figsize=(9.2, 4.4), width_ratios=(1, 1.15), layout="constrained")
    factor = drawn.pixels.shape[0] // labels.shape[0]
    shown = np.clip((drawn.pixels - np.quantile(drawn.pixels, 0.01)) / np.ptp(drawn.pixels) * 1.4, 0, 1)
    left.imshow(shown, cmap="gray")
    large = labels.repeat(factor, 0).repeat(factor, 1)
    left.contour(large > 0, [0.5], colors="#ffd700", linewidths=1)
    left.contour(large < 0, [0.5], colors="#e600c8", linewidths=1)
    left.contour(roi, [0.5], colors="#00c8dc", linewidths=1.2)
    left.set(xticks=[], yticks=[])
    left.set_title(
        f"cell_count: {result.cell_count} yellow cells, centres inside the region\n"
        f"cell_density_per_mm2: {result.cell_count} / {result.area_mm2:.4f} mm2 = {result.cell_density_per_mm2:.0f}\n"
        f"stained_area_pct: all outlined pixels in the region = {result.stained_area_pct:.1f} %",
        fontsize=9,
        loc="left",
    )
    _cell_profile(right, drawn.pixels, measured, scene.pixel_size_um)
    return figure


def _cell_profile(axes: Axes, pixels: np.ndarray, measured: cells.Measured, pixel_um: float) -> None:
    """Counts along a line through an isolated cell, with what is measured on it."""
    table = measured.cells
    inside = table[table["x_px"].between(60, 240) & table["y_px"].between(40, 260)]
    cell = inside.iloc[(inside["height_per_threshold"] - inside["height_per_threshold"].median()).abs().argmin()]
    y, x = round(cell["y_px"]), round(cell["x_px"])
    reach = np.arange(-28, 29)
    counts = pixels[y - 1 : y + 2, x - 28 : x + 29].mean(0)
    across = reach * pixel_um
    threshold, background = measured.fields[0].threshold, cell["background"]
    half = np.sqrt(cell["area_um2"] / np.pi)
    axes.plot(across, counts, color="black", linewidth=1)
    axes.axhline(background, color=GREY, linestyle=":")
    axes.axhline(background + threshold, color=ORANGE, linestyle="--")
    axes.hlines(background + cell["mean_intensity"], -half, half, color=BLUE, linewidth=2)
    axes.annotate("", (0, background), (0, background + cell["mean_intensity"]), arrowprops={"arrowstyle": "<->"})
    axes.text(0.6, background + cell["mean_intensity"] / 2, f"mean_intensity\n{cell['mean_intensity']:.0f}", color=BLUE)
    plate = {"facecolor": "white", "edgecolor": "none", "pad": 1}
    axes.text(across[0], background - threshold, "local background", color=GREY, va="top", bbox=plate)
    axes.text(across[0], background + 1.6 * threshold, "threshold:\nz_threshold x noise", color=ORANGE, bbox=plate)
    axes.axvspan(-half, half, color="#ffd700", alpha=0.15, linewidth=0)
    axes.text(half, axes.get_ylim()[1], " the cell", va="top", color="#8a7400")
    axes.set(xlabel="distance from the middle of a cell (um)", ylabel="counts")
    axes.set_title("mean_intensity: above the local background,\nmean over the cells", fontsize=9, loc="left")


def _puncta_figure() -> Figure:
    """Both channels with pairs, chance by shifts, and a profile through one punctum."""
    scene = PunctaScene(width_px=256, height_px=256, synapses=90, pre_alone=90, post_alone=70, snr=9)
    drawn = draw_puncta(scene, np.random.default_rng(SEED))
    channels = [puncta.Channel("a", name, image[0], 0.0) for name, image in (("pre", drawn.pre), ("post", drawn.post))]
    field = puncta.Field("a", "M1", "", None, *channels, scene.pixel_size_um, None, "", ())
    found = _settings("synaptic_puncta", puncta.QuantifySettings)
    measured = measure_puncta(puncta.Fields([field]), found)
    section, table = measured.sections[0], measured.puncta
    figure, (left, right) = plt.subplots(1, 2, figsize=(9.2, 4.9), width_ratios=(1, 1.15), layout="constrained")
    shown = [
        np.clip((one.pixels - np.quantile(one.pixels, 0.05)) / (np.ptp(one.pixels) * 0.7), 0, 1) for one in channels
    ]
    merged = shown[0][..., None] * np.array([1, 0.25, 1]) + shown[1][..., None] * np.array([0.25, 1, 0.25])
    left.imshow(np.clip(merged, 0, 1))
    paired = table[table["partner"].notna()]
    left.scatter(paired["x_px"], paired["y_px"], s=42, facecolors="none", edgecolors="white", linewidths=0.8)
    left.set(xticks=[], yticks=[])
    left.set_title(
        f"pre_density_per_um2: {section.pre_puncta} magenta / {section.tissue_um2:.0f} um2\n"
        f"post_density_per_um2: {section.post_puncta} green / {section.tissue_um2:.0f} um2\n"
        f"chance_colocalisation_pct: {section.chance_pairs:.0f} of {section.pairs} pairs\n"
        f"synapse_density_per_um2: {section.pairs} white pairs less\n"
        f"chance pairs of single puncta = {section.synapses:.0f} / {section.tissue_um2:.0f} um2",
        fontsize=9,
        loc="left",
    )
    _punctum_profile(right, channels[0].pixels, measured, scene.pixel_size_um, found.puncta.boundary_fraction)
    return figure


def _punctum_profile(
    axes: Axes, pixels: np.ndarray, measured: puncta.Measured, pixel_um: float, boundary_fraction: float
) -> None:
    """Counts along a line through an isolated punctum, with what is measured on it."""
    pre = measured.puncta[measured.puncta["channel"].eq("pre")]
    inner = pre[pre["x_px"].between(20, 235) & pre["y_px"].between(20, 235)]
    gaps = [np.sort(np.hypot(pre["x_px"] - x, pre["y_px"] - y))[1] for x, y in inner[["x_px", "y_px"]].to_numpy()]
    one = inner.iloc[int(np.argmax(gaps))]
    y, x = round(one["y_px"]), round(one["x_px"])
    reach = np.arange(-12, 13)
    counts = pixels[y, x - 12 : x + 13]
    across = reach * pixel_um
    half = np.sqrt(one["area_um2"] / np.pi)
    rows, columns = np.indices(pixels.shape)
    distance = np.hypot(rows - one["y_px"], columns - one["x_px"]) * pixel_um
    background = np.median(pixels[(distance > RING_UM[0]) & (distance < RING_UM[1])])
    axes.bar(across, counts - background, width=pixel_um, bottom=background, color="#cccccc", edgecolor="white")
    inside = np.abs(across) <= half
    own = {"width": pixel_um, "bottom": background, "color": "#e6a3df", "edgecolor": "white"}
    axes.bar(across[inside], counts[inside] - background, **own)
    axes.axhline(background, color=GREY, linestyle=":")
    mean, lowest, right = one["mean_intensity"], counts.min() - 12, half + 0.08
    axes.hlines(background + mean, -half, half, color=BLUE, linewidth=2)
    axes.text(right, background + mean, f"mean_punctum_intensity {mean:.0f}", color=BLUE, va="center")
    summed = f"integrated_intensity {one['integrated_intensity']:.0f}:\nsum of its pixels above\nthe background"
    axes.text(right, background + 1.9 * mean, summed, color="#8a2a80")
    axes.text(-1.2, background + 0.9 * mean, "background:\nmedian of a ring", color=GREY)
    axes.annotate("", (-half, lowest), (half, lowest), arrowprops={"arrowstyle": "<->"})
    extent = f"mean_punctum_area_um2 {one['area_um2']:.2f}:\ndown to {boundary_fraction:g} of the height"
    axes.text(right, lowest, extent, va="center")
    limits = {"xlim": (-1.25, 1.9), "ylim": (lowest - 20, None)}
    axes.set(xlabel="distance from the middle of a punctum (um)", ylabel="counts", **limits)
    axes.set_title("One punctum; each measure is the mean\nover the puncta of a marker", fontsize=9, loc="left")


def _settings(assay: str, kind: type[Kind]) -> Kind:
    """The default settings of the stage ``quantify``."""
    block = settings.with_defaults({}, assays.described(assay, "settings.schema"))["quantify"]
    return build(kind, block)


if __name__ == "__main__":
    main()
