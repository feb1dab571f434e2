"""Collect: the batch files of all assays in, the study's tables out."""

from pathlib import Path
from typing import TYPE_CHECKING

from ketaflow.core import cohort, files
from ketaflow.engine import collect, study
from ketaflow.review import blinding

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with files.log_to(snakemake.log[0]):
    params, output = snakemake.params, snakemake.output
    collected = collect.collect(
        {assay: [Path(folder) for folder in folders] for assay, folders in params.batches.items()},
        params.settings,
        animals=cohort.read_table(snakemake.input.animals[0]),
        table_files={assay: params.tables[study.main_table(assay)] for assay in params.batches},
        brought_in=cohort.read_table(snakemake.input.brought_in[0]) if snakemake.input.brought_in else None,
    )
    results = Path(output.measurements).parent
    for assay, tables in collected.own.items():
        files.write_tables(tables, results / assay)
        files.write_figures(collected.figures[assay], results / assay / "figures")
    items = collected.items
    codes = [blinding.code(*item, params.blinding_key) for item in zip(items["assay"], items["recording"], strict=True)]
    files.write_csv(items.assign(code=codes), output.review_key)
    files.write_json(collect.shown(collected), output.shown)
    files.write_csv(collected.measurements, output.measurements)
    files.write_csv(collected.checks, output.checks)
    files.write_csv(collected.recordings, output.recordings)
    files.write_text(collect.summary(collected), output.counts)
