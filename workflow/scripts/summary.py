"""Summary: the counts in, the last lines of a run out; stops a strict run in which a recording failed."""

from pathlib import Path
from typing import TYPE_CHECKING

from ketaflow.core import cohort, files
from ketaflow.engine import progress
from ketaflow.review import decisions
from ketaflow.review.items import items

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with files.log_to(snakemake.log[0]):
    inputs = snakemake.input
    counts = Path(inputs.counts).read_text(encoding="utf-8")
    recordings = files.read_csv(inputs.recordings)
    failed = int(recordings.drop_duplicates(["assay", "recording"])["status"].eq("failed").sum())
    if failed and snakemake.params.strict:
        raise SystemExit(f"{counts}\n{failed} recordings failed and the settings say strict: true")
    parts = [counts]
    if inputs.decisions:
        known = items(files.read_csv(inputs.review_key))
        parts += [f"{sentence}\n" for sentence in decisions.apply(cohort.read_table(inputs.decisions[0]), known).stale]
    if snakemake.params.notes:
        parts.append(progress.notes(snakemake.params.notes) + "\n")
    key = Path(snakemake.params.key_file).name
    parts.append(f"Keep {key}, the key of the review's codes, and keep it from reviewers.\n")
    files.write_text("".join(parts), snakemake.output.summary)
    progress.tell_rule(snakemake.log[0], snakemake.rule)
