"""Ingest one batch: its rows and instrument files in, its checked recordings out."""

from pathlib import Path
from typing import TYPE_CHECKING

from ketaflow.core import files
from ketaflow.core.limits import Limits
from ketaflow.engine import batches, progress, recordings

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with files.log_to(snakemake.log[0]):
    params = snakemake.params
    job = batches.Job(
        snakemake.wildcards.assay,
        "ingest",
        params.settings,
        params.code,
        Path(snakemake.output.recordings),
        Path(params.cache),
        Limits(**params.limits),
    )
    failed = batches.ingest(job, recordings.groups_from(params.rows), Path(params.folder))
    progress.tell(Path(snakemake.log[0]).parents[2], job.stage, job.assay, snakemake.wildcards.batch, failed)
