"""Ingest one batch: its rows and instrument files in, its checked recordings out."""

from pathlib import Path
from typing import TYPE_CHECKING

from ketaflow import assays
from ketaflow.core import files
from ketaflow.engine import batches, progress, study

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with files.log_to(snakemake.log[0]):
    recordings = batches.ingest_batch(
        study.groups_from(snakemake.params.rows),
        Path(snakemake.params.folder),
        assays.stage(snakemake.wildcards.assay, "ingest").ingest,
        snakemake.params.settings,
        code=snakemake.params.code,
        cache=Path(snakemake.params.cache),
        later=study.later_tables(snakemake.wildcards.assay),
    )
    batches.write(recordings, snakemake.output.recordings, Path(snakemake.params.cache))
    progress.tell(
        Path(snakemake.log[0]).parents[2],
        "ingest",
        snakemake.wildcards.assay,
        snakemake.wildcards.batch,
        failed=sum(record.status == "failed" for record in recordings),
    )
