"""ketaflow: raw recordings of a preclinical antidepressant study in, review and group statistics out.

The rules are in workflow/rules, in the order of the data; how each assay is measured is in
workflow/ketaflow/assays, one folder per assay.
"""

import sys

from snakemake.utils import min_version

min_version("9.10")

# The library lives beside the rules; Snakemake hands this path on to every script.
sys.path.insert(0, f"{workflow.basedir}/workflow")


configfile: f"{workflow.basedir}/config.yaml"


include: "workflow/rules/common.smk"
include: "workflow/rules/before.smk"
include: "workflow/rules/demo.smk"
include: "workflow/rules/ingest.smk"
include: "workflow/rules/quantify.smk"
include: "workflow/rules/qc.smk"
include: "workflow/rules/collect.smk"
include: "workflow/rules/revise.smk"
include: "workflow/rules/statistics.smk"
include: "workflow/rules/report.smk"
include: "workflow/rules/calibrate.smk"
include: "workflow/rules/train_spine_scorer.smk"
include: "workflow/rules/export.smk"
include: "workflow/rules/clip.smk"


rule all:
    """Write both pages, the tables behind them, and a count of what failed."""
    default_target: True
    input:
        "<results>/report/qc.html",
        "<results>/report/results.html",
        "<results>/provenance.json",
        "<results>/summary.txt",
        paper_figures(),


onstart:
    claim_results()
    withdraw_old_page()
    tell_plan()


onsuccess:
    tell_summary()


onerror:
    tell_failure()
