"""Check one batch: its recordings and measurements in, their checks and figures out."""

from pathlib import Path
from typing import TYPE_CHECKING

from ketaflow.core import files
from ketaflow.engine import batches, progress, recordings

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with files.log_to(snakemake.log[0]):
    params, earlier = snakemake.params, [snakemake.input.recordings, snakemake.input.measurements]
    job = batches.Job(
        snakemake.wildcards.assay,
        "qc",
        params.settings,
        params.code,
        Path(snakemake.output.checks),
        Path(params.cache),
    )
    failed = batches.follow(job, earlier, recordings.groups_from(params.rows))
    progress.tell(Path(snakemake.log[0]).parents[2], job.stage, job.assay, snakemake.wildcards.batch, failed)
