"""Review: pictures and checks of every recording in, the blinded page out."""

from pathlib import Path
from typing import TYPE_CHECKING

from ketaflow.core import cohort, files
from ketaflow.engine import collect
from ketaflow.report import review_page

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with files.log_to(snakemake.log[0]):
    inputs, params = snakemake.input, snakemake.params
    review_page.write(
        (
            review_page.ReviewItem(**facts)
            for facts in collect.review_items(
                files.read_csv(inputs.review_key), files.read_csv(inputs.check_table), params.batches
            )
        ),
        Path(snakemake.output.page),
        cohort_name=params.cohort,
        blinding_key=params.blinding_key,
        hide=params.hide,
        decisions=cohort.read_table(inputs.decisions[0]) if inputs.decisions else None,
        **params.settings,
    )
