"""Results: statistics, measurements and the arms in, the results page and the workbooks out."""

from pathlib import Path
from typing import TYPE_CHECKING

from ketaflow.core import cohort, files
from ketaflow.engine.provenance import versions
from ketaflow.report import model, palette, results_page, workbooks
from ketaflow.review import decisions
from ketaflow.review.items import items
from ketaflow.statistics import plan as plans
from ketaflow.statistics import reproduction

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with files.log_to(snakemake.log[0]):
    inputs, params = snakemake.input, snakemake.params
    known = items(files.read_csv(inputs.review_key))
    judged = decisions.apply(cohort.read_table(inputs.decisions[0]), known) if inputs.decisions else None
    written = files.read_json(inputs.sentences)
    plan = plans.read(Path(inputs.plan[0])) if inputs.plan else None
    study = model.Study(
        name=params.cohort,
        **cohort.read_common({name: Path(inputs[name][0]) for name in ("animals", "arms", "allocation")}),
        measurements=files.read_csv(inputs.reviewed[0] if inputs.reviewed else inputs.measurements),
        checks=files.read_csv(inputs.checks),
        recordings=files.read_csv(inputs.recordings),
        statistics={path.stem: files.read_csv(path) for path in map(Path, inputs.statistics) if path.suffix == ".csv"},
        measures=model.measures_from(params.measures),
        plan=model.Plan.read(plan) if plan else None,
        lock=model.PlanLock.read(files.read_json(inputs.lock)),
        review=judged,
        provenance=model.Provenance.read(files.read_json(inputs.run)),
        sentences=tuple(model.Sentence.read(one) for one in written["sentences"]),
        methods_paragraph=written["methods"],
        notes=tuple(params.notes),
        assays=tuple(model.AssayFigures.read(one) for one in files.read_json(inputs.shown)),
    )
    page, made = Path(snakemake.output.page), {}
    if decisions.is_open(judged, params.require_review):
        shown = results_page.write(page, study, model.ReportSettings.read(params.settings))
        made = workbooks.workbooks(shown, palette.arms(study.arms)) | reproduction.files(
            study.statistics,
            {"animals": study.animals, "arms": study.arms, "allocation": study.allocation},
            files.read_json(next(path for path in inputs.statistics if path.endswith("analysis.json"))),
        )
    else:
        results_page.hold(page, cohort_name=params.cohort, review=judged, n_items=len(known))
    files.write_all(made, Path(snakemake.output.workbooks))
    versions.note_job(snakemake.log[0], params.code)
