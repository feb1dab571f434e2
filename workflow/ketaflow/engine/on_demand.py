"""Outputs on demand: calibration to human scores, and annotated videos."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from ketaflow import assays
from ketaflow.core.errors import IngestError
from ketaflow.core.inputs import build
from ketaflow.engine import batch_files
from ketaflow.engine.codec import hints
from ketaflow.engine.collection.batch_tables import batch_tables
from ketaflow.engine.preparation import assay_tables
from ketaflow.engine.stages import stage

Made = Mapping[str, pd.DataFrame | str | bytes]


def calibrated(
    assay: str, folders: list[Path], settings: Mapping[str, Any], cohort: Path, tables: Mapping[str, str]
) -> Made:
    """Fit an assay's thresholds or weights to what people scored.

    Parameters
    ----------
    assay : str
        An assay with a module ``calibrate``.
    folders : list of Path
        Its batch folders.
    settings : mapping
        Its whole block of the settings.
    cohort : Path
        The cohort folder.
    tables : mapping of str to str
        Files of the assay's tables in it, by table name.

    Returns
    -------
    mapping of str to data frame, str or bytes
        What to write, by file name.
    """
    calibrate = assays.stage(assay, "calibrate").calibrate
    paths = [folder / "recordings.zip" for folder in folders]
    published = batch_tables(folders)
    kind = stage(assay, "ingest").writes
    contents = (one.content for path in paths for one in batch_files.read(path, kind) if one.content is not None)
    own = build(hints(calibrate)["settings"], settings)
    result: Made = calibrate(contents, published, assay_tables.read_tables(assay, cohort, tables), own)
    return result


def clip(
    assay: str, recording: str, batch: tuple[Path, Path], folder: Path, path: Path, settings: Mapping[str, Any]
) -> None:
    """Write an annotated film of one recording.

    Parameters
    ----------
    assay, recording : str
        Which recording.
    batch : tuple of Path
        Batch files of ``ingest`` and ``quantify`` that hold it.
    folder, path : Path
        Where the paths of the batch start, and the film to write.
    settings : mapping
        The block ``clip`` of the assay's settings.

    Raises
    ------
    IngestError
        If the recording could not be measured.
    """
    film = assays.stage(assay, "clip").clip
    kinds = stage(assay, "ingest").writes, stage(assay, "quantify").writes
    read = [batch_files.read(file, kind) for file, kind in zip(batch, kinds, strict=True)]
    before, after = next(
        pair for pair in zip(*read, strict=True) if recording in {one.name for one in pair[0].recordings}
    )
    if failed := next((one for one in (before, after) if one.status == "failed"), None):
        raise IngestError(f"There is no film of {recording}: it could not be measured ({failed.reason})")
    film(before.content, after.content, recording, folder, path, build(hints(film)["settings"], settings))
