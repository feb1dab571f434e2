"""From the reviewers' decisions to measurements in which nothing rests on what they rejected."""


rule revise:
    """Compute anew what rejected recordings had a part in. Runs only where there are decisions."""
    input:
        measurements="<results>/measurements.csv",
        review_key="<results>/review_key.csv",
        decisions=cohort_table("qc_decisions"),
    output:
        measurements="<results>/measurements_reviewed.csv",
    log:
        "<results>/logs/revise.log",
    conda:
        "../../environment.yml"
    resources:
        mem_mb=doubled_on_retry(1000),
        runtime=doubled_on_retry(10),
    params:
        settings={assay: study.settings[assay] for assay in study.assays},
        code=studies.revise_code(study.assays),
    script:
        "../scripts/revise.py"
