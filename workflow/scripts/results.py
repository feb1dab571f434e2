"""Results: statistics, measurements and the arms in, the results page and the workbooks out."""

from pathlib import Path
from typing import TYPE_CHECKING

from ketaflow.core import cohort, files
from ketaflow.report import palette, results_page, workbooks
from ketaflow.review import decisions
from ketaflow.statistics import plan as plans

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with files.log_to(snakemake.log[0]):
    inputs, params = snakemake.input, snakemake.params
    items = files.read_csv(inputs.review_key).to_dict("records")
    judged = decisions.apply(cohort.read_table(inputs.decisions[0]), items) if inputs.decisions else None
    told = files.read_json(inputs.told)
    facts = {
        "tables": {path.stem: files.read_csv(path) for path in map(Path, inputs.statistics) if path.suffix == ".csv"},
        "measurements": files.read_csv(inputs.reviewed[0] if inputs.reviewed else inputs.measurements),
        **{name: files.read_csv(inputs[name]) for name in ("checks", "recordings")},
        **{name: cohort.read_table(inputs[name][0]) for name in ("animals", "arms", "allocation")},
        "plan": plans.read(Path(inputs.plan[0])) if inputs.plan else None,
        "plan_lock": files.read_json(inputs.lock),
        "provenance": files.read_json(inputs.provenance),
        "shown": files.read_json(inputs.shown),
        "review": judged.summary() if judged else None,
        "sentences": told["sentences"],
        "methods_paragraph": told["methods"],
    }
    page, made = Path(snakemake.output.page), {}
    if decisions.is_open(judged, params.require_review):
        shown = results_page.write(
            page, measures=params.measures, cohort_name=params.cohort, **facts, **params.settings
        )
        made = workbooks.workbooks(shown, palette.arms(facts["arms"]))
    else:
        results_page.hold(page, cohort_name=params.cohort, review=facts["review"], n_items=len(items))
    files.write_all(made, Path(snakemake.output.workbooks))
