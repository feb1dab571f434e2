"""Revise: measurements and decisions in, measurements without what was rejected out."""

from pathlib import Path
from typing import TYPE_CHECKING

from ketaflow.core import cohort, files
from ketaflow.engine import revise
from ketaflow.review import decisions

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with files.log_to(snakemake.log[0]):
    inputs, output = snakemake.input, Path(snakemake.output.measurements)
    items = files.read_csv(inputs.review_key).to_dict("records")
    rejected = decisions.apply(cohort.read_table(inputs.decisions[0]), items).rejected
    measurements = files.read_csv(inputs.measurements)
    settings = snakemake.params.settings
    files.write_csv(revise.revised(measurements, rejected, settings, output.parent), output)
