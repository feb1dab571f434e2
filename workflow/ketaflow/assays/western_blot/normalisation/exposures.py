"""Which of several exposures of one blot counts.

In: the readings of a group. Out: the same, with targets marked as superseded. Pictures that show the same target of the
same membrane and repeat are exposures of one blot: two of them are not two values. The exposure with the fewest
saturated lanes counts, and of these the one that rises furthest above the noise, which is the longest.
"""

from dataclasses import replace

import numpy as np

from ketaflow.assays.western_blot.bands.reading import Reading
from ketaflow.assays.western_blot.model import Target


def choose_exposures(readings: list[Reading], *, saturated_limit_pct: float) -> list[Reading]:
    """Mark every target but that of the best exposure as superseded.

    Parameters
    ----------
    readings : list of Reading
        All readings of a group.
    saturated_limit_pct : float
        A band with more than this share of its box at the saturation level is saturated (%).

    Returns
    -------
    list of Reading
        With ``superseded_by`` of each target set to the picture that counts, or None if it counts itself.
    """
    exposures: dict[tuple[str, str, str, str | None], list[tuple[Reading, Target]]] = {}
    for reading in readings:
        for target in reading.view.targets:
            exposures.setdefault(_blot(target), []).append((reading, target))
    best = {
        blot: max(shown, key=lambda exposure: _worth(exposure[0], exposure[1], saturated_limit_pct))[1]
        for blot, shown in exposures.items()
    }

    def marked(target: Target) -> Target:
        chosen = best[_blot(target)]
        return replace(target, superseded_by=None if target == chosen else chosen.image)

    return [
        replace(reading, view=replace(reading.view, targets=[marked(target) for target in reading.view.targets]))
        for reading in readings
    ]


def _blot(target: Target) -> tuple[str, str, str, str | None]:
    return target.membrane, target.target, target.role, target.repeat


def _worth(reading: Reading, target: Target, saturated_limit_pct: float) -> tuple[bool, int, float]:
    """Any lane with a band, fewer saturated ones, further above the noise: larger is better."""
    bands = reading.bands_of(target.target)
    clean = [band for band in bands if band.saturated_pct <= saturated_limit_pct]
    signal = [band.snr for band in clean if np.isfinite(band.snr)]
    return len(bands) > 0, len(clean) - len(bands), float(np.median(signal)) if signal else 0.0
