"""Every membrane on every picture of a group, with its lanes.

In: the scans and lane maps of a blot. Out: a ``View`` per picture, channel and membrane. Where the lanes of a picture
are not certain, they are taken from another picture of the same membrane and size.
"""

from dataclasses import replace

import numpy as np

from ketaflow.assays.western_blot.images.band_enhancement import EnhancedPicture, enhance_bands
from ketaflow.assays.western_blot.images.membrane_split import split_membranes
from ketaflow.assays.western_blot.lanes import constants
from ketaflow.assays.western_blot.lanes.detection import find_lanes, lanes_beside, unlisted_lanes, widest_row
from ketaflow.assays.western_blot.lanes.dot_blots import dot_rows, slot_rows, spots_of
from ketaflow.assays.western_blot.lanes.given_lanes import lanes_in_frame, lanes_in_row
from ketaflow.assays.western_blot.lanes.lane_contents import contents_doubt
from ketaflow.assays.western_blot.model import Blot, Drawn, LaneGrid, QuantifySettings, Sample, Scan, View
from ketaflow.core.overlays import SOMEBODY


def locate_lanes(blot: Blot, drawn: Drawn, settings: QuantifySettings) -> list[View]:
    """Locate the lanes of every membrane on every picture.

    Parameters
    ----------
    blot : Blot
        Scans, targets and lane maps.
    drawn : Drawn
        Frames and rows that a person gave.
    settings : QuantifySettings
        Limits of a certain grid (``lane_margin``, ``lane_filled``, ``lane_outside``).

    Returns
    -------
    list of View
        In the order of the scans; without a grid where the lanes are not certain.
    """
    found = [view for scan in blot.scans for view in _views_of(blot, scan, drawn, settings)]
    return [_with_borrowed_lanes(view, found) for view in found]


def _views_of(blot: Blot, scan: Scan, drawn: Drawn, settings: QuantifySettings) -> list[View]:
    """The views of one scan: membranes lie from top to bottom in the order of the table."""
    of_image = [target for target in blot.targets if target.image == scan.image]
    membranes = list(dict.fromkeys(target.membrane for target in of_image))
    shown = {target.membrane for target in of_image if target.channel == scan.channel}
    lane_maps = {membrane: blot.lane_map(membrane) for membrane in shown}
    enhanced = enhance_bands(scan.pixels, max(len(lanes) for lanes in lane_maps.values()))
    extents = split_membranes(enhanced, len(membranes), scan.pixels.shape[0])
    views = []
    for membrane, (top, bottom) in zip(membranes, extents, strict=True):
        if membrane not in shown:
            continue
        targets = [target for target in of_image if (target.channel, target.membrane) == (scan.channel, membrane)]
        names = [target.target for target in targets]
        own = drawn.of_view(scan.image, membrane, names, (top, bottom) if len(membranes) > 1 else None)
        view = View(
            image=scan.image,
            channel=scan.channel,
            membrane=membrane,
            top=top,
            bottom=bottom,
            picture_shape=(scan.pixels.shape[0], scan.pixels.shape[1]),
            lanes=lane_maps[membrane],
            targets=targets,
        )
        views.append(_with_lanes(view, scan.pixels, enhanced, own, settings))
    return views


def _orientation_doubt(
    pixels: np.ndarray, enhanced: EnhancedPicture, samples: list[Sample], settings: QuantifySettings
) -> str:
    """Whether lanes that are not certain are certain once the picture is turned, and how; empty if they are not."""
    back = samples[::-1]
    if back != samples and not certain_lanes(enhanced, back, settings)[1]:
        return (
            "the lanes lie in the reverse order of the lane map: the picture is turned by 180 degrees or mirrored, or "
            "the lane map counts from the right. Turn it so that the wells are at the top and lane 1 is on the left"
        )
    upright = enhance_bands(np.rot90(pixels), len(samples))
    if any(
        not certain_lanes(upright, order, settings)[1] for order in ([samples] if back == samples else [samples, back])
    ):
        return "bands lie upright: the picture is turned by 90 degrees. Turn it so that the wells are at the top"
    return ""


def _with_lanes(
    view: View, pixels: np.ndarray, enhanced: EnhancedPicture, drawn: Drawn, settings: QuantifySettings
) -> View:
    """The view with its lanes: as a person gave them, or as found; proposed only where they are not certain."""
    samples = [lane.sample for lane in view.lanes]
    expected = np.array([sample != "blank" for sample in samples], bool)
    if drawn.frames and samples:
        frame = drawn.frames[0]
        top, bottom = (view.top if frame.top_px is None else frame.top_px), frame.bottom_px
        view = replace(
            view,
            top=int(np.clip(round(top), 0, view.picture_shape[0] - 1)),
            bottom=view.bottom if bottom is None else int(np.clip(round(bottom), top + 1, view.picture_shape[0])),
        )
        grid = lanes_in_frame(enhanced.between(view.top, view.bottom), frame, len(samples), view.bottom - view.top)
        return replace(view, grid=grid, lanes_given="frame", lanes_given_by=frame.by or SOMEBODY)
    part = enhanced.between(view.top, view.bottom)
    if drawn.rows and samples:
        row = drawn.rows[0]
        in_row = lanes_in_row(part, row.top_px - view.top, row.bottom_px - view.top, expected)
        if in_row is not None:
            return replace(view, grid=in_row, lanes_given="rows", lanes_given_by=row.by or SOMEBODY)
    refusal = _manifold(pixels[view.top : view.bottom], samples, len(view.targets))
    if refusal:
        return replace(view, refusal=refusal)
    found, refusal = certain_lanes(part, samples, settings)
    turned = _orientation_doubt(pixels[view.top : view.bottom], part, samples, settings) if refusal else ""
    if turned:
        found, refusal = None, turned
    return replace(view, grid=None if refusal else found, proposed=found if refusal else None, refusal=refusal)


def _manifold(pixels: np.ndarray, samples: list[Sample], targets: int) -> str:
    """Whether the membrane is a dot or slot blot; empty if it is not.

    Slots look like bands: more evenly spaced rows than targets, and no ladder, tell them apart.
    """
    found = [spots for size in constants.DOT_SIZES if (spots := spots_of(pixels, size)) is not None]
    dots, slots = (max(map(rows, found), default=0) for rows in (dot_rows, slot_rows))
    if dots:
        kind, shown = "dot", f"{dots} rows of round dots on a square grid"
    elif slots > targets and "ladder" not in samples:
        kind, shown = "slot", f"{slots} evenly spaced rows of equal slots, and {targets} of them listed as targets"
    else:
        return ""
    return f"{shown}: a {kind} blot, which has no lanes. Draw each {kind} in western_blot_boxes"


def certain_lanes(
    enhanced: EnhancedPicture, samples: list[Sample], settings: QuantifySettings
) -> tuple[LaneGrid | None, str]:
    """Find the lanes of a membrane, and say why they are not certain.

    Lanes are sought over the whole height. Where lanes are fanned or bent, rows far apart contradict each other; the
    row of bands that crosses most of the width then decides alone. It also shows lanes that the map does not list.

    Parameters
    ----------
    enhanced : EnhancedPicture
        The membrane with its bands enhanced.
    samples : list of str
        What each lane holds, from left to right. Every lane but a blank one should show a signal.
    settings : QuantifySettings
        Limits of a certain grid.

    Returns
    -------
    LaneGrid or None, str
        The best grid, and why it is not certain; empty if it is. None where no bands were found.
    """
    if not samples:
        return None, "the lane map is empty"
    expected = np.array([sample != "blank" for sample in samples])
    whole = find_lanes(enhanced, expected)
    refusal = _refusal(whole, len(samples), int(expected.sum()), settings)
    row = widest_row(enhanced)
    if row is None or whole is None:
        return whole, refusal
    part = enhanced.between(*row)
    if not refusal:
        beside = lanes_beside(part, whole, expected) > settings.lane_outside
        return whole, _unlisted(len(samples)) if beside else contents_doubt(enhanced, whole, samples)
    narrow = find_lanes(part, expected)
    if narrow is None or _refusal(narrow, len(samples), int(expected.sum()), settings):
        return whole, refusal
    if unlisted_lanes(enhanced, narrow, expected) > settings.lane_outside:
        return whole, refusal
    narrow = replace(narrow, middle=narrow.middle + row[0])
    return narrow, contents_doubt(enhanced, narrow, samples)


def _refusal(grid: LaneGrid | None, lanes: int, expected: int, settings: QuantifySettings) -> str:
    """Why a grid is not certain; empty if it is."""
    if grid is None:
        return "no bands were found"
    if grid.filled < settings.lane_filled:
        return f"only {100 * grid.filled:.0f} % of {expected} lanes show a signal"
    if grid.doubt:
        return grid.doubt
    if grid.margin < settings.lane_margin:
        return "the lanes fit another place equally well"
    few = lanes < constants.FEWEST_FOR_PITCH
    return _unlisted(lanes) if grid.outside > settings.lane_outside / (3 if few else 1) else ""


def _unlisted(lanes: int) -> str:
    return f"the picture shows a lane besides the {lanes} that the lane map lists"


def _with_borrowed_lanes(view: View, others: list[View]) -> View:
    """The view with the lanes of another picture of the same membrane and size where its own are not certain."""
    if view.grid is not None:
        return view
    for other in sorted(others, key=lambda other: other.image != view.image):
        same_place = (other.picture_shape, other.top, other.bottom) == (view.picture_shape, view.top, view.bottom)
        if other.membrane == view.membrane and other.grid is not None and same_place:
            return replace(view, grid=other.grid, borrowed=True)
    return view
