"""What ``quantify`` makes of the swims of one file: the rows of its published tables, and the scores behind them."""

from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from ketaflow.core.results import Measurement, table

State = Literal["immobility", "swimming", "climbing", "diving", "unscored"]


@dataclass(frozen=True)
class StateBout:
    """One row of ``states.csv``: a bout of one state (seconds of the video)."""

    recording: str
    state: State
    start_s: float
    stop_s: float


@dataclass(frozen=True)
class TimeBin:
    """One row of ``bins.csv``: seconds of every state in a bin (times in seconds from release)."""

    recording: str
    bin_start_s: float
    bin_stop_s: float
    immobility_s: float
    swimming_s: float
    climbing_s: float
    diving_s: float
    unscored_s: float


@dataclass(frozen=True)
class BehaviourSample:
    """One row of ``samples.csv``: the predominant state of an interval (times in seconds from release)."""

    recording: str
    sample_start_s: float
    sample_stop_s: float
    state: State


@dataclass(frozen=True)
class ScoringWindow:
    """One row of ``windows.csv``: the scored part of a recording (seconds of the video)."""

    recording: str
    start_s: float
    stop_s: float


@dataclass(frozen=True)
class SwimScore:
    """How a swim was scored, for checks and figures.

    Attributes
    ----------
    window_s : tuple of float
        Start and stop of the scoring window (seconds of the video).
    threshold : float
        The threshold that was used.
    activity : (n_frames,) float32
        What was compared with the threshold, one value per row of the trace.
    unscored_s : float
        Seconds of the window in which the animal was not seen.
    immobility_by_threshold_s : tuple of float
        Immobility in the window with a threshold a step lower, as it is, and a step higher.
    threshold_step : str
        The step in words.
    """

    window_s: tuple[float, float]
    threshold: float
    activity: np.ndarray
    unscored_s: float
    immobility_by_threshold_s: tuple[float, float, float]
    threshold_step: str

    @property
    def threshold_change_s(self) -> float:
        """Largest change of immobility when the threshold moves by a step (seconds)."""
        return max(abs(seconds - self.immobility_by_threshold_s[1]) for seconds in self.immobility_by_threshold_s)


@dataclass(frozen=True)
class Measured:
    """What ``quantify`` makes of one file.

    Attributes
    ----------
    measurements, states, bins, samples, windows : list
        Published tables.
    scores : dict of str to SwimScore
        By recording, of those that could be scored.
    """

    measurements: list[Measurement] = table()
    states: list[StateBout] = table()
    bins: list[TimeBin] = table()
    samples: list[BehaviourSample] = table()
    windows: list[ScoringWindow] = table()
    scores: dict[str, SwimScore] = field(default_factory=dict)
