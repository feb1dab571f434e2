"""What a person changed, replayed: spines added, dropped, moved and named anew, in the order of the table.

A correction names a spine by its number, or by the place it lies nearest to; the place is the safer of the two, for
a new scorer numbers spines anew. One that finds nothing to change is kept and reported, never passed over.
"""

from dataclasses import dataclass, field

import numpy as np

# A click this near to a spine (um) means it.
CLICK_UM = 1.0


@dataclass
class Corrected:
    """Spines after corrections: ``kept`` indices of the found ones, places added, classes given, and what failed."""

    kept: list[int]
    moved_px: dict[int, tuple[float, float, float]] = field(default_factory=dict)
    classes: dict[int, str] = field(default_factory=dict)
    added_px: list[tuple[float, float, float]] = field(default_factory=list)
    added_classes: list[str | None] = field(default_factory=list)
    unmatched: list[str] = field(default_factory=list)


def replayed(rows: list[dict], places_px: np.ndarray, pixel_size_um: float) -> Corrected:
    """Apply corrections (rows of the table) to spines at ``places_px`` (n, 3: z, y, x), numbered from 1."""
    result = Corrected(list(range(len(places_px))))
    for row in rows:
        if row["action"] == "add":
            if row.get("x_px") is None or row.get("y_px") is None:
                result.unmatched.append("add without x_px and y_px")
                continue
            depth = row.get("z_px")
            result.added_px.append((np.nan if depth is None else depth, row["y_px"], row["x_px"]))
            result.added_classes.append(row.get("class"))
            continue
        index = _meant(row, places_px, result.kept, pixel_size_um)
        if index is None:
            result.unmatched.append(
                f"{row['action']} of spine {row.get('spine') or ''} that is not there".replace("  ", " ")
            )
        elif row["action"] == "drop":
            result.kept.remove(index)
        elif row["action"] == "reclass":
            result.classes[index] = row["class"]
        else:
            depth = places_px[index][0] if row.get("z_px") is None else row["z_px"]
            result.moved_px[index] = (depth, row["y_px"], row["x_px"])
    return result


def _meant(row: dict, places_px: np.ndarray, kept: list[int], pixel_size_um: float) -> int | None:
    """Index of the spine a correction is about; for a move without a number, the one nearest to the new place."""
    if row.get("spine") is not None:
        index = int(row["spine"]) - 1
        return index if index in kept else None
    if row.get("x_px") is None or row.get("y_px") is None or not kept:
        return None
    away = np.hypot(*(places_px[kept][:, 1:] - [row["y_px"], row["x_px"]]).T) * pixel_size_um
    return kept[int(np.argmin(away))] if away.min() <= CLICK_UM else None
