"""Quantify one batch: its recordings in, their measurements out."""

from pathlib import Path
from typing import TYPE_CHECKING

from ketaflow.core import files
from ketaflow.engine import batches, progress, recordings

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with files.log_to(snakemake.log[0]):
    params = snakemake.params
    job = batches.Job(
        snakemake.wildcards.assay,
        "quantify",
        params.settings,
        params.code,
        Path(snakemake.output.measurements),
        Path(params.cache),
    )
    failed = batches.follow(job, [snakemake.input.recordings], recordings.groups_from(params.rows))
    progress.tell(Path(snakemake.log[0]).parents[2], job.stage, job.assay, snakemake.wildcards.batch, failed)
