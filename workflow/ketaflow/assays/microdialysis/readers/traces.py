"""Whether a chromatogram that was read can be one: enough points, finite values, times that increase."""

from collections.abc import Mapping

import numpy as np

from ketaflow.assays.microdialysis.model import Chromatogram, VendorPeak
from ketaflow.assays.microdialysis.readers import constants
from ketaflow.core.errors import IngestError


def vendor_peak(cells: Mapping[str, str | float | None]) -> VendorPeak:
    """Make a peak of what a row of the instrument's peak table gives, by field of ``VendorPeak``."""
    texts = {name: cell for name, cell in cells.items() if isinstance(cell, str)}
    numbers = {name: cell for name, cell in cells.items() if isinstance(cell, float)}
    return VendorPeak(
        name=texts.get("name"),
        retention_min=numbers.get("retention_min"),
        start_min=numbers.get("start_min"),
        stop_min=numbers.get("stop_min"),
        area=numbers.get("area"),
        height=numbers.get("height"),
        concentration=numbers.get("concentration"),
        unit=texts.get("unit"),
    )


def checked(trace: Chromatogram, file: str, *, promised: int | None = None) -> Chromatogram:
    """Check that times and values agree with each other and with the header.

    Parameters
    ----------
    trace : Chromatogram
        What was read.
    file : str
        Name of the file, for messages.
    promised : int, optional
        Number of points that the header gives.

    Returns
    -------
    Chromatogram
        The same.

    Raises
    ------
    IngestError
        If points are missing, times do not increase, or values are no numbers.
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
    if found < constants.LEAST_POINTS:
        raise IngestError(
            f"{file}: only {found} points, expected at least {constants.LEAST_POINTS}. Export the whole run again."
        )
    if not (np.isfinite(trace.signal).all() and np.isfinite(trace.time_min).all()):
        row = int(np.flatnonzero(~(np.isfinite(trace.signal) & np.isfinite(trace.time_min)))[0])
        raise IngestError(f"{file}: point {row + 1} is no number. Export the chromatogram again.")
    if np.abs(trace.signal).max() > constants.SIGNAL_MAX:
        row = int(np.argmax(np.abs(trace.signal)))
        raise IngestError(
            f"{file}: point {row + 1} is {trace.signal[row]:.3g}, which no detector gives. The file is damaged: copy "
            "it again."
        )
    if np.any(np.diff(trace.time_min) <= 0):
        row = int(np.flatnonzero(np.diff(trace.time_min) <= 0)[0])
        raise IngestError(
            f"{file}: time does not increase after point {row + 1} ({trace.time_min[row]:g} min). Two runs in one "
            "file, or a damaged export: export each run separately."
        )
    return trace
