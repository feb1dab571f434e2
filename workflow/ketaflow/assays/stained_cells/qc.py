"""Check each field and show it: scale, saturation, white level, threshold, sizes, and every object outlined.

In: the image and what was measured. Out: checks with their limits, and figures that a reviewer can judge without
knowing animal or arm.
"""

import math
from functools import partial

import numpy as np
import pandas as pd

from ketaflow.assays.stained_cells import constants
from ketaflow.assays.stained_cells.figures import overlay
from ketaflow.assays.stained_cells.model import Field, FieldResult, Fields, Measured, QcSettings
from ketaflow.core.images.checks import ChannelSaturation, CheckOf, file_checks, pixel_size_check, saturation_check
from ketaflow.core.results import Check, Checked, Figure, check, within


def qc(fields: Fields, measured: Measured, settings: QcSettings) -> Checked:
    """Check every field of an image, and draw it.

    Parameters
    ----------
    fields : Fields
        The fields.
    measured : Measured
        What ``quantify`` found in them.
    settings : QcSettings
        Settings ``stained_cells.qc``: the limits of the checks.

    Returns
    -------
    Checked
        Checks of all fields, and two figures per field: the whole field, and a part enlarged.
    """
    checks: list[Check] = []
    figures: dict[str, list[Figure]] = {}
    for number, (field, result) in enumerate(zip(fields.fields, measured.fields, strict=True)):
        check_of = partial(check, recording=field.recording, animal=field.animal, place=field.marker)
        checks += _image_checks(field, result, settings, check_of)
        checks += _cell_checks(result, settings, check_of)
        if field.stain == "dab":
            checks += _stain_checks(result, settings, check_of)
        cells = measured.cells[measured.cells["field"].eq(number)]
        drawn = _figures(field, result, cells, measured.labels[number], settings.picture_px)
        figures.setdefault(field.recording, []).extend(drawn)
    return Checked(checks, figures)


def _image_checks(field: Field, result: FieldResult, settings: QcSettings, check_of: CheckOf) -> list[Check]:
    """Checks of the image alone: scale, area, saturation, doubts about the file."""
    size, area_um2 = field.pixel_size_um, constants.UM2_PER_MM2 * result.area_mm2
    what = f"pixels of cells are {'black' if field.stain == 'dab' else 'saturated'}"
    rows = [
        pixel_size_check(
            check_of, size, field.scale_source, high_um=settings.max_pixel_size_um, consequence="small cells are lost"
        ),
        check_of(
            "area",
            area_um2,
            unit="um2",
            low=settings.min_area_um2,
            verdict=within(area_um2, settings.min_area_um2, None),
            message=f"{result.area_mm2:.3g} mm2 are measured. A small area holds few cells, and its density varies.",
        ),
        saturation_check(check_of, ChannelSaturation(result.saturated_pct, what), high_pct=settings.max_saturated_pct),
    ]
    if field.planes > 1:
        rows.append(
            check_of(
                "planes",
                field.planes,
                high=1,
                verdict="warn",
                message=f"The maximum over {field.planes} planes is measured. Densities are comparable between stacks "
                "of equal depth only.",
            )
        )
    return rows + file_checks(check_of, field.notes)


def _cell_checks(result: FieldResult, settings: QcSettings, check_of: CheckOf) -> list[Check]:
    """Checks of the cells: threshold, sizes, crowding, corrections."""
    others = result.too_small + result.too_large
    found = others + result.cell_count + result.at_edge
    out_of_size = 100 * others / found if others >= constants.MIN_OUT_OF_SIZE else 0.0
    rows = [
        check_of(
            "threshold",
            result.near_threshold_pct,
            unit="%",
            high=settings.max_near_threshold_pct,
            verdict=within(result.near_threshold_pct, None, settings.max_near_threshold_pct),
            message=f"{result.near_threshold_pct:.0f} % of {result.cell_count} cells are less than "
            f"{constants.NEAR_THRESHOLD:g} times as high as the threshold ({result.threshold:.3g}); their number "
            "depends on it.",
        ),
        check_of(
            "size",
            out_of_size,
            unit="%",
            high=settings.max_out_of_size_pct,
            verdict=within(out_of_size, None, settings.max_out_of_size_pct),
            message=f"{result.too_small} objects are too small and {result.too_large} too large for a cell. If these "
            "are many, check the pixel size and the diameters in the settings.",
        ),
        check_of(
            "crowding",
            result.covered_pct,
            unit="%",
            high=settings.max_covered_pct,
            verdict=within(result.covered_pct, None, settings.max_covered_pct),
            message=f"{result.covered_pct:.1f} % of the image is stained. Where stain covers most of it, cells and "
            "background cannot be distinguished.",
        ),
    ]
    if result.added or result.dropped or result.unmatched_corrections:
        rows.append(
            check_of(
                "corrections",
                result.unmatched_corrections,
                high=0,
                verdict=within(result.unmatched_corrections, None, 0),
                message=f"A person added {result.added} and dropped {result.dropped} cells; "
                f"{result.unmatched_corrections} corrections changed nothing.",
            )
        )
    return rows


def _stain_checks(result: FieldResult, settings: QcSettings, check_of: CheckOf) -> list[Check]:
    """Checks of a bright-field image: white level and colour of the stain."""
    white = (result.white_red, result.white_green, result.white_blue)
    level_pct = 100 * min(white) / result.full_scale
    tint = max(white) / min(white)
    angle, known = result.stain_angle_deg, math.isfinite(result.stain_angle_deg)
    origin = {
        "settings": "from the settings",
        "image": "the brightest part of the image, which is grey",
        "full scale": "the full scale of the camera; the brightest part of the image is tinted and shows tissue",
    }[result.white_source]
    named = ", ".join(f"{counts:.0f}" for counts in white)
    return [
        check_of(
            "white level",
            level_pct,
            unit="%",
            low=settings.min_white_pct,
            verdict="warn" if result.white_source == "full scale" else within(level_pct, settings.min_white_pct, None),
            message=f"White is {named} (red, green, blue): {origin}. Every optical density depends on it; if "
            "wrong, enter the counts of the empty slide in the setting white_level.",
        ),
        check_of(
            "white balance",
            tint,
            high=settings.max_tint_ratio,
            verdict=within(tint, None, settings.max_tint_ratio),
            message=f"The channels of the white level differ by a factor of {tint:.2f}.",
        ),
        check_of(
            "stain colour",
            angle,
            unit="deg",
            high=settings.max_stain_angle_deg,
            verdict=within(angle, None, settings.max_stain_angle_deg) if known else "pass",
            message=f"The colour of the cells differs from DAB by {angle:.0f} degrees. If this is much, enter the "
            "vectors of your stains in the settings."
            if known
            else "Not known without cells.",
        ),
    ]


def _figures(field: Field, result: FieldResult, cells: pd.DataFrame, labels: np.ndarray, side_px: int) -> list[Figure]:
    """The whole field with a dot on every cell, and a part enlarged with the outline of every object."""
    width_um = field.pixels.shape[1] * field.pixel_size_um
    region = " Cyan: region of interest." if field.roi is not None else ""
    return [
        Figure(
            "Whole field",
            overlay.whole_field(field, cells, side_px=constants.FIELD_FIGURE_PX),
            caption=f"{result.cell_count} cells; {width_um:.0f} µm wide.{region}",
        ),
        Figure(
            "Enlarged: as recorded, with outlines",
            overlay.enlarged(field, labels, side_px=side_px, zoom=constants.ENLARGEMENT),
            caption=f"{'Blue' if field.stain == 'dab' else 'Yellow'}: counted cells. Magenta: objects that are too "
            "small, too large, cut by the upper or left edge, or outside the region. Press the picture to hide them.",
        ),
    ]
