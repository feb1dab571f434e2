"""Simulated cohorts: recordings drawn from the truth tables beside the cohort's own."""


rule draw:
    """Draw the recordings of one batch; only where the cohort has a truth table for the assay."""
    output:
        recordings=directory("<results>/drawn/{assay}/{batch}"),
    log:
        "<results>/logs/draw/{assay}/{batch}.log",
    conda:
        "../../environment.yml"
    threads: needs("threads")
    resources:
        mem_mb=needs("mem_mb"),
        runtime=needs("runtime_min"),
    params:
        rows=rows("simulate"),
        code=code_digest("simulate"),
    script:
        "../scripts/draw.py"
