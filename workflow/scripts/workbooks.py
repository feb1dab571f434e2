"""Workbooks: statistics, measurements and the arms in, a Prism file and an Excel workbook out."""

from pathlib import Path
from typing import TYPE_CHECKING

from ketaflow.core import cohort, files
from ketaflow.report import decisions, endpoints, palette, workbooks
from ketaflow.statistics import plan as plans

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with files.log_to(snakemake.log[0]):
    inputs, params = snakemake.input, snakemake.params
    items = files.read_csv(inputs.review_key).to_dict("records")
    judged = decisions.apply(cohort.read_table(inputs.decisions[0]), items) if inputs.decisions else None
    made = {}
    if decisions.is_open(judged, params.require_review):
        tables = {path.stem: files.read_csv(path) for path in map(Path, inputs.statistics) if path.suffix == ".csv"}
        plan = plans.read(Path(inputs.plan[0])) if inputs.plan else None
        shown = endpoints.build(
            tables,
            files.read_csv(inputs.reviewed[0] if inputs.reviewed else inputs.measurements),
            cohort.read_table(inputs.allocation[0]),
            endpoints.carried_out(plan, files.read_json(inputs.lock), tables["contrasts"]),
            params.measures,
        )
        made = workbooks.workbooks(shown, palette.arms(cohort.read_table(inputs.arms[0])))
    files.write_all(made, Path(snakemake.output.folder))
