"""Calibrate: the batches of one assay and what people scored in, fitted thresholds or weights out."""

from pathlib import Path
from typing import TYPE_CHECKING

from ketaflow import assays
from ketaflow.core import files
from ketaflow.core.errors import IngestError
from ketaflow.engine import on_demand

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with files.log_to(snakemake.log[0]):
    params = snakemake.params
    assay, folders = params.assay, [Path(folder) for folder in params.batches]
    if not folders:
        raise IngestError(f"This cohort has no recordings of {assays.title(assay).lower()}: nothing to calibrate on.")
    made = on_demand.calibrated(assay, folders, params.settings, Path(params.folder), params.cohort_tables)
    files.write_all(made, Path(snakemake.output.calibration))
    files.tell_terminal(str(made.get("told.txt", made.get("summary.txt", ""))))
