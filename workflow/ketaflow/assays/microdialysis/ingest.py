"""Chromatograms of one animal, and the standards beside them: any export in, checked traces out.

A chromatogram that cannot be read is kept as its reason, so that the animal's others are measured all the same.
"""

from functools import lru_cache
from pathlib import Path

import numpy as np

from ketaflow.assays.microdialysis.readers import dispatch
from ketaflow.assays.microdialysis.readers.traces import Trace
from ketaflow.core.errors import IngestError
from ketaflow.core.records import Record


def ingest(rows: dict[str, list[dict]], folder: Path, *, detector: str, time_unit: str) -> Record:
    """Read the chromatograms of one animal and of the standards.

    Returns a record whose ``facts`` hold, for each path, the array, unit and vendor's peaks (``traces``) or the reason
    why there is none (``unreadable``); ``arrays`` are (2, n) float: minutes and signal.
    """
    paths = [row["chromatogram"] for name in ("microdialysis", "microdialysis_standards") for row in rows.get(name, [])]
    record = Record(facts={"traces": {}, "unreadable": {}})
    for number, path in enumerate(dict.fromkeys(path for path in paths if path)):
        try:
            trace = chosen(_read(folder / path, time_unit), detector, Path(path).name)
        except (IngestError, OSError) as error:
            record.facts["unreadable"][path] = str(error)
            continue
        record.facts["traces"][path] = {
            "array": f"trace_{number}",
            "detector": trace.detector,
            "form": trace.form,
            "unit": trace.unit,
            "area_unit": trace.area_unit,
            "area_time_s": trace.area_time_s,
            "vendor_peaks": trace.vendor_peaks if not len(trace.signal) else [],
        }
        record.arrays[f"trace_{number}"] = np.stack([trace.time_min, trace.signal])
    return record


def _read(path: Path, time_unit: str) -> list[Trace]:
    facts = path.stat()
    return _read_once(path, facts.st_mtime_ns, facts.st_size, time_unit)


@lru_cache(maxsize=64)
def _read_once(path: Path, _changed: int, _size: int, time_unit: str) -> list[Trace]:
    """The standards come with every animal of a batch; they are read once."""
    return dispatch.read(path, time_unit=time_unit)


def chosen(found: list[Trace], detector: str, file: str) -> Trace:
    """The detector asked for; the first where none is."""
    if not detector:
        return found[0]
    fitting = [trace for trace in found if detector.lower() in trace.detector.lower()]
    if not fitting:
        there = ", ".join(repr(trace.detector) for trace in found)
        raise IngestError(
            f"{file}: no detector named like '{detector}', found {there}. Change microdialysis.ingest.detector."
        )
    return fitting[0]
