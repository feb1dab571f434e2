"""What a person changed, replayed on every run: spines added, dropped, moved and named anew, in the order of the table.

A correction finds its spine by the place it lies nearest to, or, where the row gives no place, by its number. Places
outlive a change of scorer or settings, numbers do not. A spine that was added and is by now found stays one spine. A
correction that finds nothing to change is reported, never passed over.
"""

from dataclasses import dataclass

import numpy as np

# A click this near to a spine (um) means it.
CLICK_UM = 1.0
# An added spine this near to a found one (um) is that one: two heads nearer than their width are not told apart.
SAME_UM = 0.5
# Nobody moves a spine farther (um); the number in such a row means another spine by now.
FARTHEST_MOVE_UM = 6.0


@dataclass
class CorrectedSpine:
    """A spine after corrections: its number, place (z, y, x) px, class given by a person, and how it came to be.

    ``index`` is its place among those found, None where a person added it; ``origin`` is found, moved or added. A depth
    that nobody told is NaN.
    """

    number: int
    place_px: tuple[float, float, float]
    index: int | None
    origin: str = "found"
    given: str | None = None


def replay(
    rows: list[dict], places_px: np.ndarray, pixel_size_um: float, shape: tuple[int, int]
) -> tuple[list[CorrectedSpine], list[str]]:
    """Spines after corrections (rows of the table), and what could not be done.

    ``places_px`` (n, 3: z, y, x) are the spines found, numbered from 1; those that are added are numbered on from them.
    ``shape`` is the image's (height, width).
    """
    spines = [CorrectedSpine(number, tuple(place), number - 1) for number, place in enumerate(places_px, start=1)]
    next_number, failed = len(spines) + 1, []
    for row in rows:
        if is_outside(row, shape):
            failed.append(f"{_named(row)}: the image is {shape[1]} x {shape[0]} pixels")
        elif row["action"] == "add":
            spines += _added(row, spines, next_number, pixel_size_um)
            next_number += 1
        else:
            spine, reason = _meant(row, spines, pixel_size_um)
            if spine is None:
                failed.append(f"{_named(row)}: {reason}")
            else:
                _change(row, spine, spines)
    return spines, failed


def is_outside(row: dict, shape: tuple[int, int]) -> bool:
    """Whether a row names a place that the image (height, width) has not."""
    return any((row.get(name) or 0) > size for name, size in (("y_px", shape[0]), ("x_px", shape[1])))


def _change(row: dict, spine: CorrectedSpine, spines: list[CorrectedSpine]) -> None:
    """Drop, move or rename a spine, in place."""
    if row["action"] == "drop":
        spines.remove(spine)
    elif row["action"] == "reclass":
        spine.given = row["class"]
    else:
        spine.place_px = _place(row, otherwise=spine.place_px[0])
        spine.origin = "moved" if spine.index is not None else "added"


def _added(row: dict, spines: list[CorrectedSpine], number: int, pixel_size_um: float) -> list[CorrectedSpine]:
    """The new spine; none where one is found there already, which then only takes the class."""
    nearest, away_um = _nearest(row, spines, pixel_size_um)
    if nearest is None or away_um > SAME_UM:
        return [CorrectedSpine(number, _place(row, otherwise=np.nan), None, "added", row.get("class"))]
    nearest.given = row.get("class") or nearest.given
    return []


def _meant(row: dict, spines: list[CorrectedSpine], pixel_size_um: float) -> tuple[CorrectedSpine | None, str]:
    """The spine a correction is about, or the reason why there is none."""
    numbered = next((spine for spine in spines if spine.number == row.get("spine")), None)
    if row["action"] == "move" and row.get("spine") is not None:
        if numbered is None:
            return None, "there is no spine of that number"
        away_um = _nearest(row, [numbered], pixel_size_um)[1]
        if away_um > FARTHEST_MOVE_UM:
            return None, f"the spine of that number lies {away_um:.1f} um away, it is another one by now"
        return numbered, ""
    if row.get("x_px") is None or row.get("y_px") is None:
        return numbered, "there is no spine of that number"
    nearest, away_um = _nearest(row, spines, pixel_size_um)
    if nearest is not None and away_um <= CLICK_UM:
        return nearest, ""
    where = "there are no spines" if nearest is None else f"the nearest spine lies {away_um:.1f} um away"
    return None, f"{where}, expected one within {CLICK_UM:g} um"


def _nearest(row: dict, spines: list[CorrectedSpine], pixel_size_um: float) -> tuple[CorrectedSpine | None, float]:
    """The spine nearest to the row's place, and how far off it is in the plane (um)."""
    if not spines:
        return None, np.inf
    away = [np.hypot(spine.place_px[1] - row["y_px"], spine.place_px[2] - row["x_px"]) for spine in spines]
    return spines[int(np.argmin(away))], float(min(away)) * pixel_size_um


def _place(row: dict, *, otherwise: float) -> tuple[float, float, float]:
    return (otherwise if row.get("z_px") is None else row["z_px"], row["y_px"], row["x_px"])


def _named(row: dict) -> str:
    """The row in words that lead back to it in the table."""
    words = [row["action"]]
    words += [f"spine {row['spine']:g}"] if row.get("spine") is not None else []
    words += [f"{column} {row[column]:g}" for column in ("x_px", "y_px") if row.get(column) is not None]
    words += [f"by {row['by']}"] if row.get("by") else []
    return ", ".join(words)
