"""Formats made for exchange: ANDI/AIA netCDF (.cdf) and Allotrope simple-model JSON."""

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from ketaflow.assays.microdialysis.model import Chromatogram, VendorPeak
from ketaflow.assays.microdialysis.readers.traces import checked
from ketaflow.core.errors import IngestError
from ketaflow.core.tables import decode

# Keys of an Allotrope document: data cubes, the documents of single injections, and names of samples.
CUBE = "chromatogram data cube"
INJECTION_DOCUMENT = "chromatography document"
SAMPLE_NAMES = ("sample identifier", "written name", "sample name")
ANDI_TIMES = ("actual_sampling_interval", "actual_delay_time")
SECONDS = {"s": 1.0, "sec": 1.0, "second": 1.0, "min": 60.0, "minute": 60.0, "ms": 0.001}


def read_andi(path: Path) -> list[Chromatogram]:
    """Read an ANDI file (netCDF, times in seconds), with its peak table if it has one."""
    from scipy.io import netcdf_file

    try:
        with netcdf_file(path, mmap=False) as content:
            variables: dict[str, np.ndarray] = {
                name: np.array(variable[...]) for name, variable in content.variables.items()
            }
            even = getattr(content.variables.get("ordinate_values"), "uniform_sampling_flag", b"Y")
            unit = getattr(content, "detector_unit", b"").decode("latin-1").strip()
            detector = getattr(content, "detector_name", b"").decode("latin-1").strip()
            time_unit = getattr(content, "retention_unit", b"").decode("latin-1").strip().lower()
    except Exception as error:
        raise IngestError(f"{path.name}: not a whole netCDF file ({error}). Export or copy it again.") from error
    if "ordinate_values" not in variables or "actual_sampling_interval" not in variables:
        raise IngestError(f"{path.name}: no chromatogram in this netCDF file (ordinate_values is missing).")
    if even[:1].upper() != b"N":
        variables.pop("raw_data_retention", None)
    elif "raw_data_retention" not in variables:
        raise IngestError(f"{path.name}: sampled unevenly, and without the times. Export the chromatogram as text.")
    try:
        trace = _andi_trace(variables, unit, detector, _seconds(time_unit, path.name))
        return [checked(trace, path.name)]
    except (ValueError, TypeError) as error:
        raise IngestError(
            f"{path.name}: not one chromatogram of evenly spaced values ({error}). Export each separately."
        ) from error


def _seconds(unit: str | None, file: str) -> float:
    """How long a unit of time is; a second where none is given."""
    plain = (unit or "s").strip().lower().removesuffix("time")
    known = SECONDS.get(plain, SECONDS.get(plain.rstrip("s"))) if plain else 1.0
    if known is None:
        raise IngestError(
            f"{file}: times are given in '{unit}', expected one of {', '.join(SECONDS)}. Export it as text."
        )
    return known


def _andi_trace(variables: dict[str, np.ndarray], unit: str, detector: str, second: float) -> Chromatogram:
    """Signal and peaks; ``second`` is the length of the file's unit of time. ValueError for shapes that misfit."""
    signal = variables["ordinate_values"].astype(float)
    step, delay = (float(np.asarray(variables.get(name, 0.0)).item()) for name in ANDI_TIMES)
    evenly = delay + np.arange(len(signal)) * step
    time_s = variables.get("raw_data_retention", evenly).astype(float) * second
    return Chromatogram(time_s / 60, signal, unit, detector, "ANDI", vendor_peaks=_andi_peaks(variables, second))


def _andi_peaks(variables: dict[str, np.ndarray], second: float) -> list[VendorPeak]:
    retention_s, area = variables.get("peak_retention_time"), variables.get("peak_area")
    if retention_s is None or area is None:
        return []
    names = variables.get("peak_name", np.full((len(area), 1), b""))
    texts = [b"".join(name).decode("latin-1").strip("\0 ") or None for name in names]
    return [
        VendorPeak(retention_min=float(time_s) * second / 60, area=float(value), name=name)
        for time_s, value, name in zip(retention_s, area, texts, strict=True)
    ]


def is_json(content: bytes) -> bool:
    """Whether the bytes open a JSON object, or a list of them (LabSolutions opens a section by a bracket too)."""
    opening = content[:400].replace(b"\0", b"").lstrip(b"\xef\xbb\xbf\xff\xfe")
    return bool(re.match(rb"\s*(\[\s*)?\{", opening))


def read_allotrope(path: Path) -> list[Chromatogram]:
    """Read every chromatogram data cube of an Allotrope JSON document, wherever it is nested."""
    try:
        document = json.loads(decode(path.read_bytes()))
    except (ValueError, RecursionError) as error:
        raise IngestError(f"{path.name}: not whole JSON ({error}). Export it again.") from error
    found = [replace(_cube(cube, path.name), sample=sample) for cube, sample in _cubes(document, "")]
    if not found:
        raise IngestError(
            f"{path.name}: no 'chromatogram data cube' in this JSON. Export the chromatogram with its data."
        )
    return found


def _cubes(node: object, sample: str) -> list[tuple[dict[str, Any], str]]:
    """Every data cube, with the name of the sample of its document."""
    if isinstance(node, list):
        return [cube for part in node for cube in _cubes(part, sample)]
    if not isinstance(node, dict):
        return []
    sample = _sample_of(node) or sample
    found = [(value, sample) for key, value in node.items() if CUBE in key and isinstance(value, dict)]
    own = [value for value, _ in found]
    for key, value in node.items():
        if any(value is one for one in own):
            continue
        if isinstance(value, list) and key.endswith(INJECTION_DOCUMENT) and len(value) > 1:
            for number, part in enumerate(value, start=1):
                found += _cubes(part, f"injection {number}")
        else:
            found += _cubes(value, sample)
    return found


def _sample_of(node: dict[str, Any]) -> str:
    """Name of the sample that a document describes; '' where it describes none."""
    described = node.get("sample document")
    if not isinstance(described, dict):
        return ""
    return str(next((described[name] for name in SAMPLE_NAMES if described.get(name)), ""))


def _cube(cube: dict[str, Any], file: str) -> Chromatogram:
    try:
        structure, inside = cube.get("cube-structure", {}), cube["data"]
        dimension = dict((structure.get("dimensions") or [{}])[0])
        measure = dict((structure.get("measures") or [{}])[0])
        time = np.asarray(inside["dimensions"][0], float).reshape(-1)
        signal = np.asarray(inside["measures"][0], float).reshape(-1)
    except (KeyError, IndexError, TypeError, ValueError, AttributeError) as error:
        raise IngestError(
            f"{file}: a data cube without its dimension or measure ({error}). Export it again."
        ) from error
    seconds = _seconds(dimension.get("unit"), file)
    detector = str(cube.get("label", "") or measure.get("concept", ""))
    return checked(Chromatogram(time * seconds / 60, signal, str(measure.get("unit", "")), detector, "Allotrope"), file)
