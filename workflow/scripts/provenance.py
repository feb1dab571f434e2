"""Provenance: the records of all jobs and the results folder in, provenance.json and a research-object crate out."""

import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from ketaflow.core import files
from ketaflow.engine import progress
from ketaflow.engine.provenance import facts, ro_crate, versions

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with files.log_to(snakemake.log[0]):
    params, output = snakemake.params, snakemake.output
    results = Path(output.provenance).parent
    run = files.read_json(snakemake.input.run)
    Path(output.workflow).parent.mkdir(exist_ok=True)
    shutil.copyfile(versions.ROOT / "Snakefile", output.workflow)
    made = facts.facts(results, run["settings"], run["tables"], params.batches)
    files.write_json(made, output.provenance)
    cohort = Path(os.path.relpath(params.folder, results)).as_posix()
    files.write_json(ro_crate.crate(made, cohort), output.crate)
    progress.tell_rule(snakemake.log[0], snakemake.rule)
