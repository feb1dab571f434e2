"""Draw one batch of a simulated cohort: its truth in, its recordings out."""

from pathlib import Path
from typing import TYPE_CHECKING

from ketaflow import assays
from ketaflow.core import files
from ketaflow.core.inputs import Rows
from ketaflow.engine import recordings

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with files.log_to(snakemake.log[0]):
    simulate = assays.stage(snakemake.wildcards.assay, "simulate")
    folder = Path(snakemake.output.recordings)
    folder.mkdir(parents=True)
    for group in recordings.groups_from(snakemake.params.rows):
        if group.files:
            simulate.draw(Rows(group.rows), folder, seed=recordings.seed(group.name))
