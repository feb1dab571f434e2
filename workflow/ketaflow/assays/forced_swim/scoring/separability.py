"""Whether climbing can be told from swimming, and what becomes of its values if it cannot.

In: a swim, the settings and the rules. Out: a reason, and values without those of climbing.
"""

import numpy as np

from ketaflow.assays.forced_swim.model import Swim
from ketaflow.assays.forced_swim.scoring.states import posture_separates
from ketaflow.assays.forced_swim.settings import PoseRule, QuantifySettings, Rules, SamplingRule


def climbing_note(swim: Swim, settings: QuantifySettings, rules: Rules) -> str:
    """Return why climbing is not separated from swimming; empty if it is.

    Parameters
    ----------
    swim : Swim
        The swim; its species counts where the setting leaves it open.
    settings : QuantifySettings
        ``climbing``: auto, yes or no.
    rules : StateRules, SamplingRule or PoseRule
        A sampling rule knows mobility alone, a rule for poses the speed of parts.

    Returns
    -------
    str
    """
    if isinstance(rules, SamplingRule):
        return "EthoVision's mobility does not separate climbing from swimming; both are counted as swimming"
    if isinstance(rules, PoseRule):
        return "the motion of body parts does not separate climbing from swimming; both are counted as swimming"
    if "height" not in swim.trace:
        return "climbing is not visible from above; it is counted as swimming"
    if settings.climbing == "no" or (settings.climbing == "auto" and swim.species == "mouse"):
        return (
            "climbing is not separated from swimming in mice, which also paddle with the head above water; both are "
            "counted as swimming (set forced_swim.quantify.climbing to yes to separate them)"
        )
    if not posture_separates(swim.trace, rules):
        return (
            "the animal's outline is upright nearly all the time it moves, so posture does not separate climbing from "
            "swimming; both are counted as swimming"
        )
    return ""


def without_climbing(values: dict[str, float], inseparable: str) -> tuple[dict[str, float], dict[str, str]]:
    """Empty the values of climbing where it is not separated from swimming.

    Parameters
    ----------
    values : dict of str to float
        By measure.
    inseparable : str
        Why it is not; empty if it is.

    Returns
    -------
    values : dict of str to float
    notes : dict of str to str
        Why a value is undefined, by measure.
    """
    if not inseparable:
        return values, {}
    emptied = ("climbing_s", "climbing_samples")
    return {**values, **dict.fromkeys(emptied, np.nan)}, dict.fromkeys(emptied, inseparable)
