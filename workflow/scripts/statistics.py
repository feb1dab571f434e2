"""Statistics: measurements, allocation and plan in, comparisons between dose arms out."""

from pathlib import Path
from typing import TYPE_CHECKING

from ketaflow import statistics
from ketaflow.core import cohort, files
from ketaflow.engine import progress
from ketaflow.engine.provenance import versions
from ketaflow.review import decisions
from ketaflow.review.items import items
from ketaflow.statistics import methods, reproduction, sentences
from ketaflow.statistics import plan as plans

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

TABLES = (
    "descriptives", "omnibus", "contrasts", "variance_components", "diagnostics", "residuals", "exclusions", "power",
    "dose_response", "dose_curves", "values",
)  # fmt: skip

with files.log_to(snakemake.log[0]):
    inputs, params, output = snakemake.input, snakemake.params, snakemake.output
    known = items(files.read_csv(inputs.review_key))
    judged = decisions.apply(cohort.read_table(inputs.decisions[0]), known) if inputs.decisions else None
    plan = plans.read(Path(inputs.plan[0])) if inputs.plan else None
    measurements, settings = files.read_csv(inputs.measurements), statistics.Settings(**params.settings)
    tables = statistics.analyse(
        statistics.StudyTables(
            measurements=measurements,
            checks=files.read_csv(inputs.checks),
            **cohort.read_common({name: Path(inputs[name][0]) for name in ("animals", "arms", "allocation")}),
            rejected=judged.rejected if judged else None,
            reviewed=files.read_csv(inputs.reviewed[0]) if inputs.reviewed else None,
        ),
        plan,
        params.measures,
        settings,
    )
    for name in TABLES:
        files.write_csv(tables[name], output[name])
    carried_out = plan or plans.default(params.measures, measurements)
    written = {"sentences": sentences.sentences(tables), "methods": methods.methods_paragraph(carried_out, tables)}
    files.write_json(written, output.sentences)
    files.write_json(reproduction.facts(carried_out, params.measures, settings), output.analysis)
    lock = Path(output.lock)
    files.write_json(plans.lock(carried_out, files.read_json(lock), versions.versions()), lock)
    versions.note_job(snakemake.log[0], params.code)
    progress.tell_rule(snakemake.log[0], snakemake.rule)
