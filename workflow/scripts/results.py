"""Results: statistics, measurements and the arms in, the results page and the workbooks out."""

from pathlib import Path
from typing import TYPE_CHECKING

from ketaflow.core import files
from ketaflow.engine import progress
from ketaflow.engine.provenance import versions
from ketaflow.report import model, palette, results_page, study_files, workbooks
from ketaflow.review import decisions
from ketaflow.statistics import plan as plans
from ketaflow.statistics import reproduction

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with files.log_to(snakemake.log[0]):
    inputs, params = snakemake.input, snakemake.params
    found = study_files.StudyFiles.from_inputs(inputs)
    page, made = Path(snakemake.output.page), {}
    judged = found.review()
    if decisions.is_open(judged, params.require_review):
        plan = plans.read(Path(inputs.plan[0])) if inputs.plan else None
        study = study_files.read(found, name=params.cohort, plan=plan, measures=params.measures, notes=params.notes)
        shown = results_page.write(page, study, model.ReportSettings.from_dict(params.settings))
        made = workbooks.workbooks(shown, palette.arms(study.arms)) | reproduction.files(
            study.statistics,
            {"animals": study.animals, "arms": study.arms, "allocation": study.allocation},
            files.read_json(next(path for path in inputs.statistics if path.endswith("analysis.json"))),
        )
    else:
        results_page.hold(page, cohort_name=params.cohort, review=judged, n_items=len(found.items))
    files.write_all(made, Path(snakemake.output.workbooks))
    versions.note_job(snakemake.log[0], params.code)
    progress.tell_rule(snakemake.log[0], snakemake.rule)
