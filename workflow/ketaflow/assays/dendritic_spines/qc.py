"""Checks of one image, and the picture its reviewer judges: the projection with shaft and spines drawn on it."""

import numpy as np
import pandas as pd

from ketaflow.assays.dendritic_spines.figures import depth_profile, overlay
from ketaflow.assays.dendritic_spines.raters import corrections
from ketaflow.assays.dendritic_spines.tracing import image_properties
from ketaflow.core.measures import check, within
from ketaflow.core.records import Figure, Record

TABLE, SCORES = "dendritic_spines", "dendritic_spines_human_scores"
CAPTION = (
    "Brightest point of each column of the stack; saturated pixels magenta. Line: traced shaft. Circles: spines, as "
    "wide as their heads (blue mushroom, yellow thin, green stubby, pink filopodium); dashed: added or moved by a "
    "person. Dotted: a cell body, where nothing is looked for. Hold the picture to see it bare; point at a spine for "
    "its number and place."
)
DEPTH_CAPTION = (
    "Light along the traced shaft in each plane, of the brightest; dots: depths of the spines. A curve that does not "
    "fall below half at both ends belongs to a dendrite cut by the first or last plane."
)
# A stack of fewer planes has no depth to show.
FEWEST_PLANES = 3
# Fewer marks than this may lie in a corner by themselves.
FEWEST_MARKS = 4


def qc(
    recording: Record, measured: Record, *, max_saturated_pct: float, min_snr_ratio: float, max_pixel_size_um: float,
    min_length_um: float,
) -> Record:  # fmt: skip
    """Check exposure, noise, sampling, depth and length; draw what was found."""
    row, facts, stack = recording.rows[TABLE][0], recording.facts, recording.arrays["stack"]
    about = {"recording": row["image"], "animal": row["animal"]}
    dendrites, spines = measured.table("dendrites"), measured.table("spines")
    checks = [
        *_exposure(stack, facts, max_saturated_pct, about),
        *_sampling(facts, max_pixel_size_um, about),
        *_tracing(dendrites, measured.facts["noise"], min_snr_ratio, min_length_um, about),
        *_depth(measured.table("shafts"), stack.shape[0], about),
        *[check("correction_applied", None, verdict="warn", message=f"a correction changed nothing: {what}", **about)
          for what in measured.facts["unmatched"]],
        *_human_marks(recording.rows.get(SCORES, []), stack.shape[1:], facts["pixel_size_um"], about),
        *[check("file_layout", None, verdict="warn", message=note, **about) for note in facts["notes"]],
    ]  # fmt: skip
    figures = _figures(stack, facts, measured.arrays["soma"], measured.table("shafts"), spines)
    return Record(tables={"checks": checks}, figures={row["image"]: figures})


def _figures(
    stack: np.ndarray, facts: dict, soma: np.ndarray, shafts: pd.DataFrame, spines: pd.DataFrame
) -> list[Figure]:
    """The projection with what was found, and for a stack the light over its depth."""
    projection = stack.max(0)
    ceiling = np.inf if facts["ceiling"] is None else facts["ceiling"]
    drawn = overlay.projection_svg(projection, projection >= ceiling, soma, facts["pixel_size_um"], shafts, spines)
    figures = [Figure("Is every spine found, and nothing else?", drawn, caption=CAPTION)]
    if len(stack) >= FEWEST_PLANES and len(shafts):
        depths_um = spines["z_px"].to_numpy() * facts["z_step_um"] if len(spines) else np.zeros(0)
        profile = depth_profile.shaft_intensity(stack, shafts)
        drawn = depth_profile.depth_svg(profile, facts["z_step_um"], depths_um)
        figures.append(Figure("Does the stack hold the whole depth of the dendrite?", drawn, caption=DEPTH_CAPTION))
    return figures


def _human_marks(rows: list[dict], shape: tuple[int, int], pixel_um: float, about: dict) -> list[dict]:
    """A rater whose marks lie outside the image, or all in the corner that micrometres taken for pixels fall into."""
    made = []
    for rater in sorted({row["rater"] for row in rows}):
        own = [row for row in rows if row["rater"] == rater]
        beyond = sum(corrections.is_outside(row, shape) for row in own)
        corner = all(row["y_px"] <= shape[0] * pixel_um and row["x_px"] <= shape[1] * pixel_um for row in own)
        if beyond:
            said = f"{beyond} of {len(own)} marks of a rater lie outside the image of {shape[1]} x {shape[0]} pixels"
            made.append(check("human_marks", beyond, high=0, verdict="warn", message=said, **about))
        elif corner and len(own) >= FEWEST_MARKS:
            said = "all marks of a rater lie in the upper left corner, as micrometres do that are entered for pixels"
            made.append(check("human_marks", None, verdict="warn", message=said, **about))
    return made


def _exposure(stack: np.ndarray, facts: dict, most_pct: float, about: dict) -> list[dict]:
    if facts["ceiling"] is None:
        return []
    share = image_properties.saturated_pct(stack, facts["ceiling"])
    return [check("saturated_pct", share, unit="%", high=most_pct, verdict=within(share, None, most_pct),
                  message=f"{share:.1f} % of the bright pixels are at the detector's ceiling", **about)]  # fmt: skip


def _sampling(facts: dict, largest_um: float, about: dict) -> list[dict]:
    size = facts["pixel_size_um"]
    message = f"a pixel is {size:.3g} um ({facts['scale_source']})"
    if size > largest_um:
        message += "; too coarse for head diameters and classes, the density may be used"
    return [check("pixel_size_um", size, unit="um", high=largest_um, verdict=within(size, None, largest_um),
                  message=message, **about)]  # fmt: skip


def _tracing(dendrites: pd.DataFrame, noise: float, least_snr: float, least_um: float, about: dict) -> list[dict]:
    if not len(dendrites):
        return [check("dendrite_length_um", None, unit="um", low=least_um, verdict="fail",
                      message="no dendrite was found in the image", **about)]  # fmt: skip
    length = float(dendrites["length_um"].sum())
    snr = float(np.average(dendrites["brightness"], weights=dendrites["length_um"])) / noise
    return [
        check("dendrite_length_um", length, unit="um", low=least_um, verdict=within(length, least_um, None),
              message=f"{length:.1f} um of dendrite in {len(dendrites)} branch{'es' * (len(dendrites) != 1)}", **about),
        check("snr", snr, low=least_snr, verdict=within(snr, least_snr, None),
              message=f"the shaft stands {snr:.1f} standard deviations of noise above the background", **about),
    ]  # fmt: skip


def _depth(shafts: pd.DataFrame, planes: int, about: dict) -> list[dict]:
    """A shaft that runs along the first or last plane has spines outside the stack."""
    if planes < FEWEST_PLANES or not len(shafts):
        return []
    outside = float((shafts["z_px"].le(0.5) | shafts["z_px"].ge(planes - 1.5)).mean() * 100)
    return [check("shaft_at_stack_edge_pct", outside, unit="%", high=10.0, verdict=within(outside, None, 10.0),
                  message=f"{outside:.0f} % of the shaft lies in the first or last plane", **about)]  # fmt: skip
