"""Chromatograms of one animal, and the standards beside them: any export in, checked chromatograms out.

A chromatogram that cannot be read is kept as the reason for it, so that the animal's other fractions are measured.
"""

from dataclasses import replace
from functools import lru_cache
from pathlib import Path

import numpy as np

from ketaflow.assays.microdialysis.model import Chromatogram, Dialysate, FractionRow, IngestSettings, StandardRow
from ketaflow.assays.microdialysis.readers import dispatch
from ketaflow.core.errors import IngestError
from ketaflow.core.inputs import Rows


def ingest(rows: Rows, folder: Path, settings: IngestSettings) -> Dialysate:
    """Read the chromatograms of one animal and of the standards.

    Parameters
    ----------
    rows : Rows
        Rows of ``microdialysis`` (one animal's fractions) and ``microdialysis_standards``.
    folder : Path
        The folder that the paths of the chromatograms start from.
    settings : IngestSettings
        Which detector to measure, and the unit of time of plain text.

    Returns
    -------
    Dialysate
        Every chromatogram that can be read, and the reason for every other one.
    """
    fractions = rows.of("microdialysis", FractionRow)
    standards = rows.of("microdialysis_standards", StandardRow)
    found: dict[str, Chromatogram] = {}
    unreadable: dict[str, str] = {}
    paths = [row.chromatogram for row in fractions] + [row.chromatogram for row in standards]
    for path in dict.fromkeys(path for path in paths if path):
        try:
            one = chosen(_read(folder / path, settings.time_unit), settings.detector, Path(path).name)
        except (IngestError, OSError) as error:
            unreadable[path] = str(error)
            continue
        # The instrument's own peaks are used only where there is no signal to integrate.
        found[path] = replace(
            one,
            time_min=np.asarray(one.time_min, float),
            signal=np.asarray(one.signal, float),
            vendor_peaks=[] if len(one.signal) else one.vendor_peaks,
        )
    return Dialysate(fractions[0].animal, fractions, standards, found, unreadable)


def _read(path: Path, time_unit: str) -> list[Chromatogram]:
    stamp = path.stat()
    return _read_once(path, stamp.st_mtime_ns, stamp.st_size, time_unit)


@lru_cache(maxsize=64)
def _read_once(path: Path, _changed: int, _size: int, time_unit: str) -> list[Chromatogram]:
    """Every detector of a file; the standards, which come with every animal of a batch, are read once."""
    return dispatch.read(path, time_unit=time_unit)


def chosen(found: list[Chromatogram], detector: str, file: str) -> Chromatogram:
    """Return the detector with a given name, or the first if none is named.

    Parameters
    ----------
    found : list of Chromatogram
        Every detector of a file.
    detector : str
        Name of a detector, or a part of it; case is ignored.
    file : str
        Name of the file, for the message.

    Returns
    -------
    Chromatogram

    Raises
    ------
    IngestError
        If no detector has that name.
    """
    if not detector:
        return found[0]
    fitting = [one for one in found if detector.lower() in one.detector.lower()]
    if not fitting:
        there = ", ".join(repr(one.detector) for one in found)
        raise IngestError(
            f"{file}: no detector named like '{detector}', found {there}. Change microdialysis.ingest.detector."
        )
    return fitting[0]
