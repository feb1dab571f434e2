"""Collect: the batch files of all assays in, the study's tables out."""

from pathlib import Path
from typing import TYPE_CHECKING

from ketaflow.core import cohort, files
from ketaflow.engine import progress, recordings
from ketaflow.engine.batch_files import Source
from ketaflow.engine.collection import collect, run_summary
from ketaflow.engine.preparation import assay_tables
from ketaflow.engine.provenance import versions
from ketaflow.review import blinding, blinding_key

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with files.log_to(snakemake.log[0]):
    params, output = snakemake.params, snakemake.output
    folder = Path(params.folder)
    given = {"animals": snakemake.input.animals, "measurements": snakemake.input.imported}
    common = cohort.read_common({name: Path(paths[0]) for name, paths in given.items() if paths})
    key = blinding_key.read(Path(params.key_file))
    collected = collect.collect(
        {
            assay: collect.AssayInput(
                [Path(batch) for batch in batches],
                params.settings[assay],
                Source(**params.tables[recordings.main_table(assay)]),
                tuple(Source(path, files.sha256(folder / path), (folder / path).stat().st_size) for path in more),
                assay_tables.read_tables(assay, folder, params.cohort_tables[assay], key),
            )
            for (assay, batches), more in zip(params.batches.items(), params.later_files.values(), strict=True)
        },
        animals=common["animals"],
        imported=common.get("measurements"),
    )
    results = Path(output.measurements).parent
    for assay, tables in collected.own.items():
        files.write_tables(tables, results / assay)
        files.write_figures(collected.figures[assay], results / assay / "figures")
    items = collected.items
    codes = [blinding.code(*item, key) for item in zip(items["assay"], items["recording"], strict=True)]
    keyed = [blinding.keyed_fingerprint(sha256, key) for sha256 in items["item_sha256"]]
    files.write_csv(items.assign(code=codes, item_sha256=keyed), output.review_key)
    files.write_json(run_summary.shown(collected), output.shown)
    files.write_csv(collected.measurements, output.measurements)
    files.write_csv(collected.checks, output.checks)
    files.write_csv(collected.recordings, output.recordings)
    files.write_text(run_summary.summary(collected), output.counts)
    versions.note_job(snakemake.log[0], params.code)
    progress.tell_rule(snakemake.log[0], snakemake.rule)
