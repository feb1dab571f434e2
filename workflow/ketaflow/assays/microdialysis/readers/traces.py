"""What every reader yields: one detector's signal over time, and the peaks the instrument's own software found."""

from dataclasses import dataclass, field

import numpy as np

from ketaflow.core.errors import IngestError

# Fewer points than this are no chromatogram (a status message, a half-written header).
FEWEST_POINTS = 20
# No detector counts so far: such a value was damaged on the way.
HIGHEST_SIGNAL = 1e18


@dataclass
class Trace:
    """One detector of one chromatogram.

    ``time_min`` and ``signal`` are (n,) float; both are empty where the file holds a peak table alone.
    ``vendor_peaks`` are dicts with ``name``, ``retention_min``, ``start_min``, ``stop_min``, ``area``, ``height``,
    ``concentration``, ``unit``; what the file does not tell is None. ``area_time_s`` is the unit of time in the
    vendor's areas: 1 for signal x s, 60 for signal x min.
    """

    time_min: np.ndarray
    signal: np.ndarray
    unit: str = ""
    detector: str = ""
    form: str = ""
    area_time_s: float = 1.0
    vendor_peaks: list[dict] = field(default_factory=list)

    @property
    def area_unit(self) -> str:
        """Unit of the areas, such as mAU*s."""
        return f"{self.unit or 'signal'}*{'min' if self.area_time_s == 60 else 's'}"


def vendor_peak(**known: object) -> dict:
    """A peak of the instrument's own table, with None for what it does not tell."""
    names = ("name", "retention_min", "start_min", "stop_min", "area", "height", "concentration", "unit")
    return {name: known.get(name) for name in names}


def checked(trace: Trace, file: str, *, promised: int | None = None) -> Trace:
    """The trace, if its times and values agree with each other and with what the header promised.

    Raises IngestError for a truncated file, times that run backwards, and values that are no numbers.
    """
    found = len(trace.signal)
    if promised is not None and found != promised:
        raise IngestError(
            f"{file}: the header promises {promised} points, {found} are there. The file is cut short or was edited: "
            "export it again."
        )
    if len(trace.time_min) != found:
        raise IngestError(
            f"{file}: {len(trace.time_min)} times for {found} values. Export the chromatogram again, with both columns."
        )
    if found < FEWEST_POINTS:
        raise IngestError(
            f"{file}: only {found} points, expected at least {FEWEST_POINTS}. Export the whole run again."
        )
    if not (np.isfinite(trace.signal).all() and np.isfinite(trace.time_min).all()):
        row = int(np.flatnonzero(~(np.isfinite(trace.signal) & np.isfinite(trace.time_min)))[0])
        raise IngestError(f"{file}: point {row + 1} is no number. Export the chromatogram again.")
    if np.abs(trace.signal).max() > HIGHEST_SIGNAL:
        row = int(np.argmax(np.abs(trace.signal)))
        raise IngestError(
            f"{file}: point {row + 1} is {trace.signal[row]:.3g}, which no detector gives. The file is damaged: copy "
            "it again."
        )
    if np.any(np.diff(trace.time_min) <= 0):
        row = int(np.flatnonzero(np.diff(trace.time_min) <= 0)[0])
        raise IngestError(
            f"{file}: time does not increase after point {row + 1} ({trace.time_min[row]:g} min). Two runs in one "
            "file, or a damaged export: export each run by itself."
        )
    return trace
