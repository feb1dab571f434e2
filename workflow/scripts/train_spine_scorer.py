"""Train: nothing in, the weights of the shipped scorer out."""

from pathlib import Path
from typing import TYPE_CHECKING

from ketaflow.assays.dendritic_spines.detection.scorer import SHIPPED
from ketaflow.assays.dendritic_spines.detection.scorer_file import installed_versions, versions_trained_with
from ketaflow.assays.dendritic_spines.training import shipped_scorer
from ketaflow.core import files

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with files.log_to(snakemake.log[0]):
    scorer, summary = shipped_scorer.train()
    Path(snakemake.output.scorer).write_bytes(scorer)
    if scorer == SHIPPED.read_bytes():
        files.tell_terminal(f"{summary}; these are the shipped weights, byte for byte")
    else:
        shipped, here = ", ".join(versions_trained_with(SHIPPED)), ", ".join(installed_versions())
        files.tell_terminal(
            f"{summary}; these are not the shipped weights, which were trained with {shipped or 'unknown versions'}; "
            f"installed here: {here}. Another processor rounds differently, too."
        )
