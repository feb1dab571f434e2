"""Which individual of a pose file is the animal of a cylinder?

In: the individuals of a file, and the rows that name it. Out: one individual for each row, or the reason why none can
be chosen. An animal stays in its cylinder, so tracks that lie above one another and are never seen together are one
animal, and the order from left to right is that of the cylinders.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from ketaflow.assays.forced_swim.model import SwimRow
from ketaflow.assays.forced_swim.poses import constants
from ketaflow.assays.forced_swim.poses.model import Poses
from ketaflow.assays.forced_swim.poses.motion import body_extents
from ketaflow.core.errors import IngestError


def choose(individuals: list[Poses], rows: Sequence[SwimRow], file: str) -> list[Poses]:
    """Choose the individual of each row: by its name, else by the place of its cylinder.

    Parameters
    ----------
    individuals : list of Poses
        Those that are seen for long enough.
    rows : sequence of SwimRow
        Rows that name the file.
    file : str
        Name of the file, for messages.

    Returns
    -------
    list of Poses
        In the order of the rows.

    Raises
    ------
    IngestError
        If a row fits none, or the individuals cannot be told apart by their place.
    """
    by_name = {one.name: one for one in individuals}
    named = [by_name.get(row.animal) or by_name.get(row.recording) for row in rows]
    if all(one is not None for one in named):
        return [in_own_place(one, individuals) for one in named if one is not None]
    if len(individuals) == 1 and len(rows) == 1:
        return individuals
    animals = from_left_to_right(individuals, file)
    wrong = [row for row in rows if row.cylinder > len(animals)]
    if wrong:
        raise IngestError(
            f"{file}: there is no animal in cylinder {wrong[0].cylinder}; the file holds {listed(individuals)}, in "
            f"{len(animals)} place{'s' * (len(animals) != 1)}. Correct the column cylinder, or name the individuals "
            "like the animals."
        )
    return [in_own_place(animals[row.cylinder - 1], animals) for row in rows]


def in_own_place(one: Poses, individuals: list[Poses]) -> Poses:
    """Remove the frames in which an individual is nearer to the place of another than to its own: they were exchanged.

    Parameters
    ----------
    one : Poses
        The individual.
    individuals : list of Poses
        All individuals; those closer than a body length to it are not compared.

    Returns
    -------
    Poses
    """
    seen, own = one.is_seen, float(np.median(one.x))
    length = float(np.nanmedian(body_extents(one.xy)))
    exchanged = np.zeros(len(seen), bool)
    for other in individuals:
        place = float(np.median(other.x))
        if abs(place - own) > length:
            exchanged[seen] |= np.abs(one.x - place) < np.abs(one.x - own)
    return replace(one, xy=np.where(exchanged[:, None, None], np.nan, one.xy))


def listed(individuals: list[Poses]) -> str:
    """List individuals for a message."""
    shown = [f"'{one.name}'" if one.name else "one without a name" for one in individuals]
    return ", ".join(shown[:6]) + (f" and {len(shown) - 6} more" if len(shown) > 6 else "")


def from_left_to_right(individuals: list[Poses], file: str) -> list[Poses]:
    """Join the tracks of each cylinder, and order them from the left.

    Parameters
    ----------
    individuals : list of Poses
        Individuals or tracks.
    file : str
        Name of the file, for messages.

    Returns
    -------
    list of Poses

    Raises
    ------
    IngestError
        If two that are seen together lie above one another, or one is seen for less than half of the time.
    """
    joined: list[Poses] = []
    for one in sorted(individuals, key=lambda one: float(np.median(one.x))):
        if not joined:
            joined.append(one)
            continue
        (first_left, first_right), (left, right) = reach(joined[-1]), reach(one)
        are_apart = left >= first_right
        seen_together = (joined[-1].is_seen & one.is_seen).sum() > constants.MAX_COMMON_FRACTION * min(
            joined[-1].is_seen.sum(), one.is_seen.sum()
        )
        length = max(float(np.nanmedian(body_extents(poses.xy))) for poses in (joined[-1], one))
        within = max(right, first_right) - min(left, first_left) <= constants.MAX_REACH_LENGTHS * length
        if are_apart and (seen_together or not within):
            joined.append(one)
            continue
        if seen_together:
            raise IngestError(
                f"{file}: '{joined[-1].name}' and '{one.name}' are seen at the same time in the same place, so the "
                f"cylinders cannot be told apart; the file holds {listed(individuals)}. Name the individuals like the "
                "animals of the table, correct the tracks, or use one video for each cylinder."
            )
        joined[-1] = together(joined[-1], one)
    any_seen = np.any([one.is_seen for one in joined], axis=0).sum()
    broken = [one for one in joined if one.is_seen.sum() < constants.MIN_PRESENT_FRACTION * any_seen]
    if broken and len(joined) > 1:
        raise IngestError(
            f"{file}: '{broken[0].name}' is seen in less than half of the frames, so the order of the cylinders is not "
            f"certain; the file holds {listed(individuals)}. Join the tracks of each animal in the program, or name "
            "the individuals like the animals of the table."
        )
    return joined


def reach(poses: Poses) -> tuple[float, float]:
    """Return between which horizontal positions an animal mostly is (pixels)."""
    left, right = np.percentile(poses.x, (constants.LEFT_PERCENTILE, constants.RIGHT_PERCENTILE))
    return float(left), float(right)


def together(first: Poses, second: Poses) -> Poses:
    """Return one individual of two tracks that are not seen together."""
    take = second.is_seen & ~first.is_seen
    return replace(
        first,
        xy=np.where(take[:, None, None], second.xy, first.xy),
        likelihood=np.where(take[:, None], second.likelihood, first.likelihood),
    )
