"""Which of several exposures of one target counts.

In: the views of a group, measured. Out: rows of targets marked as superseded. Pictures that show the same target of the
same membrane and repeat are exposures of one blot: two of them are not two values. The one with the fewest saturated
lanes is taken, and of these the one that stands furthest above the noise (the longest).
"""

import numpy as np

from ketaflow.assays.western_blot.bands.membrane_view import View


def choose(seen: list[View], *, saturated_limit_pct: float) -> None:
    """Mark every target row but the best exposure's with ``superseded``: the image that stands for it."""
    by_blot: dict[tuple, list[tuple[tuple, View, dict]]] = {}
    for view in seen:
        for row in view.targets:
            row["superseded"] = None
            key = (view.membrane, row["target"], row["role"], row["repeat"])
            by_blot.setdefault(key, []).append((_worth(view, row, saturated_limit_pct), view, row))
    for exposures in by_blot.values():
        best = max(exposures, key=lambda exposure: exposure[0])
        for _, _, row in exposures:
            if row is not best[2]:
                row["superseded"] = best[1].image


def used(row: dict) -> bool:
    """Whether the picture's target counts, being the only or the best exposure."""
    return row["superseded"] is None


def _worth(view: View, row: dict, saturated_limit_pct: float) -> tuple[int, int, float]:
    """More lanes with a band, fewer saturated, further above the noise: larger is better."""
    bands = [band for band in view.reading.bands if band["target"] == row["target"]]
    clean = [band for band in bands if band["saturated_pct"] <= saturated_limit_pct]
    signal = [band["snr"] for band in clean if np.isfinite(band["snr"])]
    return len(bands) > 0, len(clean) - len(bands), float(np.median(signal)) if signal else 0.0
