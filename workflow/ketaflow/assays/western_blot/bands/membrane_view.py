"""Every membrane on every picture of a group, with its lanes.

In: the scans and lane maps of a blot. Out: a ``View`` per picture, channel and membrane. Where the lanes of a picture
are not certain, they are taken from another picture of the same membrane and size.
"""

from dataclasses import replace

import numpy as np

from ketaflow.assays.western_blot.images.band_enhancement import EnhancedPicture, enhance_bands
from ketaflow.assays.western_blot.images.membrane_split import split_membranes
from ketaflow.assays.western_blot.lanes.detection import find_lanes
from ketaflow.assays.western_blot.model import Blot, LaneGrid, QuantifySettings, Sample, Scan, View


def locate_lanes(blot: Blot, settings: QuantifySettings) -> list[View]:
    """Locate the lanes of every membrane on every picture.

    Parameters
    ----------
    blot : Blot
        Scans, targets and lane maps.
    settings : QuantifySettings
        Limits of a certain grid (``lane_margin``, ``lane_filled``, ``lane_outside``).

    Returns
    -------
    list of View
        In the order of the scans; without a grid where the lanes are not certain.
    """
    found = [view for scan in blot.scans for view in _views_of(blot, scan, settings)]
    return [_with_borrowed_lanes(view, found) for view in found]


def _views_of(blot: Blot, scan: Scan, settings: QuantifySettings) -> list[View]:
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
        lanes = lane_maps[membrane]
        grid, refusal = certain_lanes(enhanced.between(top, bottom), [lane.sample for lane in lanes], settings)
        views.append(
            View(
                image=scan.image,
                channel=scan.channel,
                membrane=membrane,
                top=top,
                bottom=bottom,
                picture_shape=(scan.pixels.shape[0], scan.pixels.shape[1]),
                lanes=lanes,
                targets=[
                    target for target in of_image if (target.channel, target.membrane) == (scan.channel, membrane)
                ],
                grid=grid,
                refusal=refusal,
            )
        )
    return views


def certain_lanes(
    enhanced: EnhancedPicture, samples: list[Sample], settings: QuantifySettings
) -> tuple[LaneGrid | None, str]:
    """Find the lanes of a membrane, or say why they are not certain.

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
        The grid if it is certain; else None and the reason.
    """
    expected = np.array([sample != "blank" for sample in samples])
    grid = find_lanes(enhanced, expected) if samples else None
    if grid is None:
        return None, "no lane stands out from the background"
    if grid.filled < settings.lane_filled:
        return None, f"only {100 * grid.filled:.0f} % of {int(expected.sum())} lanes show a signal"
    if grid.doubt:
        return None, grid.doubt
    if grid.margin < settings.lane_margin:
        return None, "the lanes fit as well in another place"
    if grid.outside > settings.lane_outside:
        return None, f"a lane that the lane map does not list lies beside its {len(samples)} lanes"
    return grid, ""


def _with_borrowed_lanes(view: View, others: list[View]) -> View:
    """The view with the lanes of another picture of the same membrane and size where its own are not certain."""
    if view.grid is not None:
        return view
    for other in sorted(others, key=lambda other: other.image != view.image):
        same_place = (other.picture_shape, other.top, other.bottom) == (view.picture_shape, view.top, view.bottom)
        if other.membrane == view.membrane and other.grid is not None and same_place:
            return replace(view, grid=other.grid, borrowed=True)
    return view
