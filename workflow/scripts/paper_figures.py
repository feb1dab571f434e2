"""Figures: statistics, measurements and the arms in, every figure of the results page for a paper out."""

from pathlib import Path
from typing import TYPE_CHECKING

from ketaflow.core import files
from ketaflow.engine import progress
from ketaflow.engine.provenance import versions
from ketaflow.report import study_files
from ketaflow.report.paper import catalogue
from ketaflow.report.paper.style import FigureStyle
from ketaflow.review import decisions
from ketaflow.statistics import plan as plans

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with files.log_to(snakemake.log[0]):
    inputs, params = snakemake.input, snakemake.params
    found, style, made = study_files.StudyFiles.from_inputs(inputs), FigureStyle.from_dict(params.style), {}
    # Figures name the arms; they wait for the review as the results page does.
    if decisions.is_open(found.review(), params.require_review):
        plan = plans.read(Path(inputs.plan[0])) if inputs.plan else None
        study = study_files.read(found, name=params.cohort, plan=plan, measures=params.measures)
        chosen = catalogue.figures(study, min_animals=params.min_animals, style=style)
        made = catalogue.files(chosen, style, processes=snakemake.threads)
    files.write_all(made, Path(snakemake.output.figures))
    versions.note_job(snakemake.log[0], params.code)
    progress.tell_rule(snakemake.log[0], snakemake.rule)
