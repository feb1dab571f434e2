"""Export: the tables of one assay in, files for other programs out."""

from pathlib import Path
from typing import TYPE_CHECKING

from ketaflow import assays
from ketaflow.core import files
from ketaflow.core.errors import IngestError
from ketaflow.engine.collection.batch_tables import batch_tables

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with files.log_to(snakemake.log[0]):
    assay, folders = snakemake.params.assay, [Path(folder) for folder in snakemake.params.batches]
    if not folders:
        raise IngestError(f"This cohort has no recordings of {assays.title(assay).lower()}: nothing to export.")
    made = assays.stage(assay, "export").export(batch_tables(folders))
    files.write_all(made, Path(snakemake.output.export))
    files.tell_terminal(f"{len(made)} files in {snakemake.output.export}")
