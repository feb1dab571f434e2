"""Calibrate: the batches of one assay and what people scored in, fitted thresholds or weights out."""

from pathlib import Path
from typing import TYPE_CHECKING

from ketaflow import assays
from ketaflow.core import files, records
from ketaflow.core.errors import IngestError
from ketaflow.engine import collect

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with files.log_to(snakemake.log[0]):
    assay, folders = snakemake.params.assay, [Path(folder) for folder in snakemake.params.batches]
    if not folders:
        raise IngestError(f"This cohort has no recordings of {assays.title(assay).lower()}: nothing to calibrate on.")
    ingested = (
        record
        for folder in folders
        for record in records.read_batch(folder / "recordings.zip")
        if record.status != "failed"
    )
    made = assays.stage(assay, "calibrate").calibrate(
        ingested, collect.batch_tables(folders), snakemake.params.settings
    )
    files.write_all(made, Path(snakemake.output.calibration))
    files.tell_terminal(made.get("told.txt", ""))
