"""Clip: one recording and its measurements in, an annotated film out."""

from pathlib import Path
from typing import TYPE_CHECKING

from ketaflow import assays
from ketaflow.core import files, records
from ketaflow.core.errors import IngestError
from ketaflow.engine import collect

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with files.log_to(snakemake.log[0]):
    assay, name = snakemake.wildcards.assay, snakemake.wildcards.recording
    ingested = records.read_batch(snakemake.input.recordings)
    measured = records.read_batch(snakemake.input.measurements)
    before, after = next(
        pair for pair in zip(ingested, measured, strict=True) if name in collect.names_in(assay, pair[0])
    )
    if failed := next((record for record in (before, after) if record.status == "failed"), None):
        raise IngestError(f"There is no film of {name}, for it could not be measured: {failed.reason}")
    with files.written_aside(snakemake.output.film) as aside:
        assays.stage(assay, "clip").clip(
            before, after, name, Path(snakemake.params.folder), aside, **snakemake.params.settings
        )
