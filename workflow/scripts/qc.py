"""Check one batch: its recordings and measurements in, their checks and pictures out."""

from pathlib import Path
from typing import TYPE_CHECKING

from ketaflow import assays
from ketaflow.core import files, records
from ketaflow.engine import batches, progress

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with files.log_to(snakemake.log[0]):
    recordings = records.read_batch(snakemake.input.recordings)
    measured = records.read_batch(snakemake.input.measurements)
    checked = batches.stage_batch(
        list(zip(recordings, measured, strict=True)),
        assays.stage(snakemake.wildcards.assay, "qc").qc,
        snakemake.params.settings,
        code=snakemake.params.code,
        cache=Path(snakemake.params.cache),
    )
    batches.write(checked, snakemake.output.checks, Path(snakemake.params.cache))
    progress.tell(
        Path(snakemake.log[0]).parents[2],
        "qc",
        snakemake.wildcards.assay,
        snakemake.wildcards.batch,
        failed=sum(record.status == "failed" for record in checked),
    )
