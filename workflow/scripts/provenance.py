"""Provenance: fingerprints, settings and versions in, provenance.json and a research-object crate out."""

from typing import TYPE_CHECKING

from ketaflow.core import files
from ketaflow.engine import provenance

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with files.log_to(snakemake.log[0]):
    recordings = files.read_csv(snakemake.input.recordings)
    facts = provenance.facts(snakemake.params.settings, snakemake.params.tables, recordings)
    files.write_json(facts, snakemake.output.provenance)
    files.write_json(provenance.crate(facts), snakemake.output.crate)
