"""Train: nothing in, the weights of the shipped scorer out."""

from pathlib import Path
from typing import TYPE_CHECKING

from ketaflow.assays.dendritic_spines.detection.scorer import SHIPPED
from ketaflow.assays.dendritic_spines.training import shipped_scorer
from ketaflow.core import files

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with files.log_to(snakemake.log[0]):
    scorer, summary = shipped_scorer.train()
    Path(snakemake.output.scorer).write_bytes(scorer)
    same = scorer == SHIPPED.read_bytes()
    files.tell_terminal(f"{summary}; the weights are {'those' if same else 'not those'} that are shipped")
