"""Measure fields: stained cells per square millimetre, how much of the area is stained, and how strongly.

In: the image of each field. Out: density, count, stained area and mean stain of each field, and every counted cell.
"""

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy import ndimage
from skimage.transform import downscale_local_mean

from ketaflow.assays.stained_cells import constants
from ketaflow.assays.stained_cells.detection import background, corrections
from ketaflow.assays.stained_cells.detection.cells import Objects, find_cells
from ketaflow.assays.stained_cells.detection.corrections import Corrected
from ketaflow.assays.stained_cells.model import (
    Correction,
    Field,
    FieldResult,
    Fields,
    Measured,
    QuantifySettings,
)
from ketaflow.assays.stained_cells.model import corrections as correction_rows
from ketaflow.assays.stained_cells.staining import optical_density
from ketaflow.assays.stained_cells.staining.white_level import WhiteLevel, find_white_level
from ketaflow.core.inputs import Rows
from ketaflow.core.results import Measurement, measurement

NO_CELL = "no stained cell was found"
NO_WHITE = WhiteLevel((math.nan, math.nan, math.nan), "")


class _Prepared(NamedTuple):
    """A field at the scale of the analysis.

    ``stain`` is in counts or optical density, ``smooth`` the same smoothed (DAB is always smoothed), ``light`` that of
    red, green and blue over the white level (DAB alone), ``factor`` the pixels of the image along the side of a pixel.
    """

    stain: np.ndarray
    smooth: np.ndarray
    light: np.ndarray | None
    saturated: np.ndarray
    roi: np.ndarray
    white: WhiteLevel
    pixel_um: float
    factor: int


class _MeasuredField(NamedTuple):
    """All that is measured in one field."""

    result: FieldResult
    cells: pd.DataFrame
    labels: np.ndarray


def quantify(fields: Fields, settings: QuantifySettings, *, rows: Rows) -> Measured:
    """Measure every field of an image.

    Parameters
    ----------
    fields : Fields
        The fields.
    settings : QuantifySettings
        Settings ``stained_cells.quantify``.
    rows : Rows
        ``stained_cells_corrections`` of the image.

    Returns
    -------
    Measured
        Cells per area (1/mm2), their number, stained area (%), mean intensity (counts) or optical density.
    """
    changes = correction_rows(rows)
    measured = [
        _measured_field(field, settings, [row for row in changes if row.marker in (None, field.marker)])
        for field in fields.fields
    ]
    cells = [one.cells.assign(field=number) for number, one in enumerate(measured)]
    return Measured(
        measurements=[row for one in measured for row in _measurements(one.result)],
        fields=[one.result for one in measured],
        cells=pd.concat(cells, ignore_index=True),
        labels=[one.labels for one in measured],
    )


def _measured_field(field: Field, settings: QuantifySettings, changes: Sequence[Correction]) -> _MeasuredField:
    """Background, objects, cells and their measures of one field."""
    limits, prepared = settings.cells, _prepared(field, settings)
    flat = background.flatten(
        prepared.smooth,
        prepared.pixel_um,
        min_diameter_um=limits.min_diameter_um,
        max_diameter_um=limits.max_diameter_um,
        has_floor=field.stain == "dab",
    )
    min_height = limits.min_optical_density if field.stain == "dab" else limits.min_intensity
    objects = find_cells(prepared.stain, flat, prepared.pixel_um, limits, min_height=min_height)
    in_roi = _in_roi(objects.table, prepared.roi)
    is_cell = in_roi & objects.table["size"].eq("cell") & ~objects.table["at_edge"]
    corrected = corrections.apply(changes, objects.table[is_cell], objects, prepared.roi, prepared.factor)
    result = _result(field, prepared, objects, corrected, settings)
    cells = corrected.cells.reset_index(drop=True)
    return _MeasuredField(result, _cells_table(field, cells, prepared.factor), _shown_labels(objects.labels, cells))


def _prepared(field: Field, settings: QuantifySettings) -> _Prepared:
    """Average pixels, and turn the light of a DAB image into optical density."""
    limits = settings.cells
    factor = max(1, int(constants.WORKING_PIXEL * limits.min_diameter_um / field.pixel_size_um))
    height, width = (size - size % factor for size in field.pixels.shape[:2])
    pixels = field.pixels[:height, :width]
    averaged = pixels.astype(np.float32)
    if factor > 1:
        averaged = downscale_local_mean(averaged, (factor, factor, 1)[: pixels.ndim])
    roi = np.ones(averaged.shape[:2], bool)
    if field.roi is not None:
        roi = field.roi[:height, :width][factor // 2 :: factor, factor // 2 :: factor]
    full_scale = field.saturation_level or float(field.pixels.max())
    pixel_um = field.pixel_size_um * factor
    sigma_px = background.smoothing_px(limits.min_diameter_um, pixel_um)
    if field.stain != "dab":
        smooth = ndimage.gaussian_filter(averaged, sigma_px)
        return _Prepared(averaged, smooth, None, averaged >= full_scale, roi, NO_WHITE, pixel_um, factor)
    block_px = round(constants.WHITE_BLOCK * limits.max_diameter_um / field.pixel_size_um)
    white = find_white_level(field.pixels, settings.stain.white_level, full_scale=full_scale, block_px=block_px)
    light = optical_density.relative_light(averaged, white.counts, sigma_px=sigma_px)
    stain = optical_density.dab_density(light, settings.stain.dab_vector, settings.stain.counterstain_vector)
    red, green, blue = np.moveaxis(averaged, -1, 0)
    black = np.minimum(np.minimum(red, green), blue) <= constants.BLACK_SHARE * full_scale
    return _Prepared(stain, stain, light, black, roi, white, pixel_um, factor)


def _in_roi(objects: pd.DataFrame, roi: np.ndarray) -> pd.Series:
    """Whether the centre of each object lies in the region of interest."""
    rows, columns = (objects[axis].round().astype(int) for axis in ("y", "x"))
    return pd.Series(roi[rows, columns], index=objects.index)


def _result(
    field: Field, prepared: _Prepared, objects: Objects, corrected: Corrected, settings: QuantifySettings
) -> FieldResult:
    """Counts, areas and means of one field."""
    cells, table = corrected.cells, objects.table
    in_roi = _in_roi(table, prepared.roi)
    is_object = objects.labels > 0
    between = prepared.roi & ~is_object
    of_cells = np.isin(objects.labels, cells["label"][cells["label"].gt(0)])
    is_dab = field.stain == "dab"
    stain = cells["stain"].mean() if is_dab else (cells["stain"] - cells["background"]).mean()
    count, area_mm2 = len(cells), field.area_mm2
    # What is lower is noise or faint background, not a cell of another size.
    is_clear = in_roi & table["height_per_threshold"].ge(constants.NEAR_THRESHOLD)
    return FieldResult(
        recording=field.recording,
        animal=field.animal,
        region=field.region,
        section=field.section,
        marker=field.marker,
        stain=field.stain,
        area_mm2=area_mm2,
        cell_count=count,
        added=int(cells["origin"].eq("added").sum()),
        dropped=corrected.dropped,
        cell_density_per_mm2=count / area_mm2,
        stained_area_pct=_share_pct(is_object[prepared.roi]),
        mean_intensity=math.nan if is_dab else float(stain),
        mean_optical_density=float(stain) if is_dab else math.nan,
        background=_median(_sample(prepared.stain, between)),
        threshold=_median(_sample(objects.threshold, prepared.roi)),
        snr=_median(cells["snr"].dropna()),
        near_threshold_pct=_share_pct(cells["height_per_threshold"].dropna() < constants.NEAR_THRESHOLD),
        too_small=int((is_clear & table["size"].eq("small")).sum()),
        too_large=int((is_clear & table["size"].eq("large")).sum()),
        at_edge=int((in_roi & table["size"].eq("cell") & table["at_edge"]).sum()),
        covered_pct=_share_pct(is_object),
        median_diameter_um=2 * math.sqrt(_median(cells["area_um2"].dropna()) / math.pi),
        saturated_pct=_share_pct(prepared.saturated[of_cells]),
        white_red=prepared.white.counts[0],
        white_green=prepared.white.counts[1],
        white_blue=prepared.white.counts[2],
        white_source=prepared.white.source,
        full_scale=field.saturation_level or math.nan,
        stain_angle_deg=_stain_angle_deg(prepared, of_cells, between, settings),
        unmatched_corrections=corrected.unmatched,
        exposure_ms=field.exposure_ms,
        gain=field.gain,
    )


def _stain_angle_deg(
    prepared: _Prepared, of_cells: np.ndarray, between: np.ndarray, settings: QuantifySettings
) -> float:
    """Angle between the colour of the cells, less that of their surroundings, and DAB (degrees); NaN without cells."""
    if prepared.light is None or not of_cells.any() or not between.any():
        return math.nan
    colour = np.median(np.log10(_sample(prepared.light, between)), axis=0) - np.log10(prepared.light[of_cells]).mean(0)
    return optical_density.angle_deg(colour, np.asarray(settings.stain.dab_vector)) if colour.any() else math.nan


def _cells_table(field: Field, cells: pd.DataFrame, factor: int) -> pd.DataFrame:
    """Every counted cell, in pixels of the image."""
    is_dab = field.stain == "dab"
    nothing = np.full(len(cells), np.nan)
    return pd.DataFrame(
        {
            "image": field.image,
            "recording": field.recording,
            "animal": field.animal,
            "region": field.region,
            "marker": field.marker,
            "cell": np.arange(len(cells)) + 1,
            "x_px": ((cells["x"] + 0.5) * factor - 0.5).round(2),
            "y_px": ((cells["y"] + 0.5) * factor - 0.5).round(2),
            "area_um2": cells["area_um2"].round(2),
            "mean_intensity": nothing if is_dab else (cells["stain"] - cells["background"]).round(2),
            "mean_optical_density": cells["stain"].round(4) if is_dab else nothing,
            "background": cells["background"].round(4),
            "height_per_threshold": cells["height_per_threshold"].round(2),
            "origin": cells["origin"],
        }
    )


def _shown_labels(labels: np.ndarray, cells: pd.DataFrame) -> np.ndarray:
    """Number of the counted cell of each pixel; -1 in other objects."""
    numbers = np.full(int(labels.max()) + 1, -1, np.int32)
    numbers[0] = 0
    measured = cells["label"].to_numpy() > 0
    numbers[cells["label"].to_numpy()[measured]] = np.flatnonzero(measured) + 1
    return numbers[labels]


def _measurements(result: FieldResult) -> list[Measurement]:
    """The rows of a field in the table of measurements."""
    is_dab = result.stain == "dab"
    listed = [
        ("cell_density_per_mm2", result.cell_density_per_mm2),
        ("cell_count", float(result.cell_count)),
        ("stained_area_pct", result.stained_area_pct),
        ("mean_optical_density", result.mean_optical_density) if is_dab else ("mean_intensity", result.mean_intensity),
    ]
    return [
        measurement(
            measure,
            value,
            animal=result.animal,
            recording=result.recording,
            analyte=result.marker,
            region=result.region,
            sample=result.section or result.recording,
            n=result.cell_count,
            reason="" if math.isfinite(value) else NO_CELL,
        )
        for measure, value in listed
    ]


def _sample(layer: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """Pixels of a mask, thinned out: some are enough for the median of a field, all of a small mask."""
    step = constants.MEDIAN_STEP
    thin = layer[::step, ::step][mask[::step, ::step]]
    return thin if len(thin) else layer[mask]


def _share_pct(values: np.ndarray | pd.Series) -> float:
    """Share of True (%); 0 of nothing."""
    return 100 * float(np.mean(values)) if len(values) else 0.0


def _median(values: np.ndarray | pd.Series) -> float:
    """Median; NaN of nothing."""
    return float(np.median(values)) if len(values) else math.nan
