"""Sketches of the animal for the reviewer: its parts, joined to their middle, at regular times.

In: positions of the parts. Out: pairs of small images, a quarter of a second apart, for the same filmstrip as that of
a video.
"""

import numpy as np

from ketaflow.assays.forced_swim.model import StripImages
from ketaflow.assays.forced_swim.poses import constants


def sketches(xy: np.ndarray, times_s: np.ndarray, length_px: float, every_s: float) -> StripImages:
    """Draw the parts at regular times.

    Parameters
    ----------
    xy : (n_frames, n_parts, 2) float
        Positions (pixels); NaN where a part was not found.
    times_s : (n_frames,) float
        Seconds of the video.
    length_px : float
        Length of the body (pixels).
    every_s : float
        Interval between sketches (seconds).

    Returns
    -------
    StripImages
        Dark figures on white; times at which nothing was found are left out.
    """
    first = np.searchsorted(times_s, np.arange(times_s[0], times_s[-1], every_s))
    later = np.minimum(np.searchsorted(times_s, times_s[first] + constants.SKETCH_LATER_S), len(times_s) - 1)
    shown = np.isfinite(xy[first, :, 0]).any(axis=1)
    first, later = first[shown], later[shown]
    side = constants.SKETCH_SIDE_PX
    pairs = np.full((len(first), 2, side, side), constants.PAPER, np.uint8)
    scale = side / (constants.SKETCH_LENGTHS * length_px)
    for place, (now, then) in enumerate(zip(first, later, strict=True)):
        middle = np.nanmean(xy[now], axis=0)
        for which, frame in enumerate((now, then)):
            pairs[place, which] = figure((xy[frame] - middle) * scale + side / 2, side)
    return StripImages(pairs, times_s[first])


def figure(points: np.ndarray, side: int) -> np.ndarray:
    """Draw parts as dots, joined to their middle.

    Parameters
    ----------
    points : (n_parts, 2) float
        Places in the image (pixels); NaN where a part was not found.
    side : int
        Side of the image (pixels).

    Returns
    -------
    (side, side) uint8
        Grey levels; ink on paper, parts without a place left out.
    """
    from PIL import Image, ImageDraw

    image = Image.new("L", (side, side), constants.PAPER)
    pen = ImageDraw.Draw(image)
    known = [(float(x), float(y)) for x, y in points if np.isfinite(x)]
    if known:
        middle = (float(np.mean([x for x, _ in known])), float(np.mean([y for _, y in known])))
        radius = constants.SKETCH_DOT_PX
        for x, y in known:
            pen.line([middle, (x, y)], fill=constants.INK)
            pen.ellipse([x - radius, y - radius, x + radius, y + radius], fill=constants.INK)
    return np.asarray(image)
