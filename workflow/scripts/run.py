"""Run: settings and fingerprints of the tables in, run.json out, which the results page shows."""

from typing import TYPE_CHECKING

from ketaflow.core import files
from ketaflow.engine.provenance import versions

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with files.log_to(snakemake.log[0]):
    params = snakemake.params
    known = {"made_at": versions.now(), "settings": params.settings, "tables": params.tables}
    files.write_json({**versions.environment(), **known}, snakemake.output.run)
