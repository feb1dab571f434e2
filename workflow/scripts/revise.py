"""Revise: measurements and decisions in, measurements without what was rejected out."""

from pathlib import Path
from typing import TYPE_CHECKING

from ketaflow.core import cohort, files
from ketaflow.engine import progress, revise
from ketaflow.engine.collection.batch_tables import batch_tables
from ketaflow.engine.provenance import versions
from ketaflow.review import decisions
from ketaflow.review.items import items

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with files.log_to(snakemake.log[0]):
    inputs, params = snakemake.input, snakemake.params
    known = items(files.read_csv(inputs.review_key))
    rejected = decisions.apply(cohort.read_table(inputs.decisions[0]), known).rejected
    published = {assay: batch_tables([Path(folder) for folder in folders]) for assay, folders in params.batches.items()}
    measurements = files.read_csv(inputs.measurements)
    revised = revise.revised(measurements, rejected, params.settings, published)
    files.write_csv(revised, snakemake.output.measurements)
    versions.note_job(snakemake.log[0], params.code)
    progress.tell_rule(snakemake.log[0], snakemake.rule)
