"""Summary: the counts in, the last lines of a run out; stops a strict run in which a recording failed."""

from pathlib import Path
from typing import TYPE_CHECKING

from ketaflow.core import files

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with files.log_to(snakemake.log[0]):
    counts = Path(snakemake.input.counts).read_text(encoding="utf-8")
    recordings = files.read_csv(snakemake.input.recordings)
    failed = int(recordings.drop_duplicates(["assay", "recording"])["status"].eq("failed").sum())
    if failed and snakemake.params.strict:
        raise SystemExit(f"{counts}\n{failed} recordings failed and the settings say strict: true")
    where = f"Review:  {snakemake.input.review}\nResults: {snakemake.input.results}\n"
    files.write_text(counts + where, snakemake.output.summary)
