"""Preference: the share of a solution in two amounts, whether drunk, licked or counted in contact time."""

from ketaflow.assays.sucrose_preference import constants


def solution_of(contents: set[str]) -> str | None:
    """The solution offered beside water; None if there was no water, or no single solution."""
    others = contents - {constants.WATER}
    return others.pop() if len(others) == 1 and constants.WATER in contents else None


def preference_pct(solution: float, water: float) -> float | None:
    """Preference for a solution: its share of the total intake.

    Parameters
    ----------
    solution, water : float
        Intakes (or licks, or contact times) in one unit.

    Returns
    -------
    float or None
        100 x solution / (solution + water) (%); None if both are 0.

    References
    ----------
    Serchov et al. 2016, Bio-protocol 6(19):e1958.
    """
    total = solution + water
    return 100.0 * (solution / total) if total > 0 else None


def side_difference_points(left: float, right: float) -> float | None:
    """Difference between the shares of two bottles with the same content.

    Parameters
    ----------
    left, right : float
        Intakes from the two sides in one unit.

    Returns
    -------
    float or None
        100 x abs(left - right) / (left + right) (percentage points); None if both are 0.
    """
    total = left + right
    return 100.0 * (abs(left - right) / total) if total > 0 else None
