"""How often the checks of a stage fire on sound and on faulty recordings, at each limit, at half and at double of it.

``microscopy_checks.py`` and ``forced_swim_checks.py`` use it. A recording is drawn and measured once and judged again
with each limit. docs/decisions/0017 and 0019 show the tables.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ketaflow.core.results import Check

FACTORS = (0.5, 1.0, 2.0)


@dataclass(frozen=True)
class Recording:
    """A drawn recording that was measured.

    Attributes
    ----------
    fault : str
        The setting whose limit the fault concerns; empty if the recording is sound.
    strength : float
        How strong the fault is, in a unit of its own.
    ratio : float
        What was measured over what was drawn; NaN where nothing is to be compared.
    judge : callable
        Makes the checks of the recording with other settings.
    """

    fault: str
    strength: float
    ratio: float
    judge: Callable[[Any], Sequence[Check]]


@dataclass(frozen=True)
class Limit:
    """A setting that is the limit of a check (another name where the limit is no setting), and the check's name."""

    setting: str
    check: str


def fires(recording: Recording, settings: Any, check: str) -> bool:
    """Whether a check of a recording does not pass."""
    return any(one.check == check and one.verdict != "pass" for one in recording.judge(settings))


def report(recordings: Sequence[Recording], limits: Sequence[Limit], settings: Any) -> None:
    """Print for each limit how many recordings it flags: the sound ones, and those with its fault, by strength.

    Parameters
    ----------
    recordings : sequence of Recording
        Sound and faulty ones.
    limits : sequence of Limit
        Limits of their checks.
    settings : dataclass
        Settings of the stage as they are.
    """
    for limit in limits:
        value = getattr(settings, limit.setting, None)
        tried = [settings] if value is None else [replace(settings, **{limit.setting: f * value}) for f in FACTORS]
        print(limit.setting, *([] if value is None else [" / ".join(f"{f * value:g}" for f in FACTORS)]), flush=True)
        own = [one for one in recordings if one.fault in ("", limit.setting)]
        for fault, strength in sorted({(one.fault, one.strength if one.fault else 0.0) for one in own}):
            group = [one for one in own if one.fault == fault and (not fault or one.strength == strength)]
            counts = [sum(fires(one, changed, limit.check) for one in group) for changed in tried]
            name = f"strength {strength:g}" if fault else "sound"
            ratios = np.array([one.ratio for one in group])
            known = f"; measured over drawn {np.nanmean(ratios):.2f}" if np.isfinite(ratios).any() else ""
            print(f"  {name}: {' / '.join(map(str, counts))} of {len(group)}{known}", flush=True)
