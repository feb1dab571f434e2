"""Quantify one batch: its recordings in, their measurements out."""

from pathlib import Path
from typing import TYPE_CHECKING

from ketaflow import assays
from ketaflow.core import files, records
from ketaflow.engine import batches, progress

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with files.log_to(snakemake.log[0]):
    measured = batches.stage_batch(
        [(recording,) for recording in records.read_batch(snakemake.input.recordings)],
        assays.stage(snakemake.wildcards.assay, "quantify").quantify,
        snakemake.params.settings,
        code=snakemake.params.code,
        cache=Path(snakemake.params.cache),
    )
    batches.write(measured, snakemake.output.measurements, Path(snakemake.params.cache))
    progress.tell(
        Path(snakemake.log[0]).parents[2],
        "quantify",
        snakemake.wildcards.assay,
        snakemake.wildcards.batch,
        failed=sum(record.status == "failed" for record in measured),
    )
