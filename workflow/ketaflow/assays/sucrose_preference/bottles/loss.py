"""Bottles: what one lost, what of that was drunk, and what share of it was sucrose.

In: readings of each bottle and of the leak-control bottles. Out: grams and millilitres, and the
faults that make a number unusable. Plain numbers throughout: a study has thousands of bottles.
"""

from statistics import median

WATER = "water"
SUCROSE = "sucrose"
# Solutions met in two-bottle tests. A name that is neither here nor given with a concentration is not believed.
SOLUTIONS = frozenset(
    (
        "sucrose", "water", "saccharin", "glucose", "fructose", "sucralose", "maltodextrin", "lactose", "trehalose",
        "quinine", "ethanol", "saline", "nacl", "intralipid", "denatonium", "milk", "casein", "malt", "polycose",
        "aspartame", "acesulfame", "citric_acid", "monosodium_glutamate",
    )
)  # fmt: skip
# Water at 20 degrees, and the rise per per cent of sucrose by weight: a fit to the values of the CRC Handbook of
# Chemistry and Physics (1.0021, 1.0060, 1.0178 and 1.0381 g/ml at 1, 2, 5 and 10 %), within 0.0002 up to 10 %.
WATER_G_PER_ML = 0.9982
DENSITY_RISE, DENSITY_CURVE = 0.00389, 1.0e-5


def density_g_per_ml(content: str, concentration_pct: float) -> float:
    """Density at 20 degrees; of a solution other than sucrose, that of water."""
    if content != SUCROSE:
        return WATER_G_PER_ML
    return WATER_G_PER_ML + DENSITY_RISE * concentration_pct + DENSITY_CURVE * concentration_pct**2


def lost_amount(start: float, end: float, unit: str, volume_scale: str) -> float:
    """What left the bottle between two readings, in their unit; negative if the bottle gained."""
    return end - start if unit == "ml" and volume_scale == "removed" else start - end


def control_loss_g_per_h(
    losses: list[tuple[str, float, float]], content: str, limit_g: float, precision_g: float
) -> float:
    """Loss of a bottle nobody drank from: evaporation, drops, handling (grams per hour).

    Parameters
    ----------
    losses
        Content, loss (grams) and duration (hours) of each leak-control bottle of the session.
    content
        The bottle to be corrected; controls with the same content are preferred to the others.
    limit_g
        Controls that lost more than this in 24 h leaked and are left out.
    precision_g
        Controls that gained more than this were misread and are left out.

    Returns
    -------
    float
        Median over the controls; 0 if there are none.
    """
    sound = [(what, loss / hours) for what, loss, hours in losses if -precision_g <= loss <= limit_g * hours / 24]
    same = [rate for what, rate in sound if what == content]
    rates = same or [rate for _, rate in sound]
    return max(0.0, median(rates)) if rates else 0.0


def preference_pct(wanted: float, other: float) -> float | None:
    """Share of the wanted solution in all that was drunk (%); None if nothing was."""
    total = wanted + other
    return 100.0 * (wanted / total) if total > 0 else None


def side_difference_points(left: float, right: float) -> float | None:
    """Difference between the shares of two bottles with the same content (percentage points)."""
    total = left + right
    return 100.0 * (abs(left - right) / total) if total > 0 else None


def daily_limit_ml(weight_g: float | None, hours: float, *, mouse_ml: float, rat_ml: float, rat_from_g: float) -> float:
    """The most an animal can have drunk in a session of that length (millilitres).

    A day's limit, more in proportion for longer sessions, no less for shorter ones: a thirsty animal
    drinks half a day's fluid within an hour.
    """
    day_ml = rat_ml if weight_g is not None and weight_g >= rat_from_g else mouse_ml
    return day_ml * max(1.0, hours / 24)
