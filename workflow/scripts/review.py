"""Review: figures and checks of every recording in, the blinded page out."""

from pathlib import Path
from typing import TYPE_CHECKING

from ketaflow.core import cohort, files
from ketaflow.engine import progress
from ketaflow.engine.collection import review_items
from ketaflow.engine.provenance import versions
from ketaflow.report import review_page
from ketaflow.report.model import ReportSettings
from ketaflow.review import blinding_key
from ketaflow.review.corrections import EditableTable

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with files.log_to(snakemake.log[0]):
    inputs, params = snakemake.input, snakemake.params
    found = review_items.read(files.read_csv(inputs.review_key), files.read_csv(inputs.check_table), params.batches)
    review_page.write(
        found,
        Path(snakemake.output.page),
        cohort_name=params.cohort,
        blind=review_page.Blinding(blinding_key.read(Path(params.key_file)), tuple(params.hide)),
        corrected=[EditableTable(**table) for table in params.corrections],
        decisions=cohort.read_table(inputs.decisions[0]) if inputs.decisions else None,
        settings=ReportSettings.from_dict(params.settings),
    )
    versions.note_job(snakemake.log[0], params.code)
    progress.tell_rule(snakemake.log[0], snakemake.rule)
