"""Clip: one recording and its measurements in, an annotated film out."""

from pathlib import Path
from typing import TYPE_CHECKING

from ketaflow.core import files
from ketaflow.engine import on_demand

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with files.log_to(snakemake.log[0]), files.written_aside(snakemake.output.film) as aside:
    on_demand.clip(
        snakemake.wildcards.assay,
        snakemake.wildcards.recording,
        (Path(snakemake.input.recordings), Path(snakemake.input.measurements)),
        Path(snakemake.params.folder),
        aside,
        snakemake.params.settings,
    )
