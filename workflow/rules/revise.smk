"""From the reviewers' decisions to measurements that do not depend on what they rejected."""


rule revise:
    """Compute again what rejected recordings contributed to. Runs only where there are decisions."""
    input:
        measurements="<results>/measurements.csv",
        review_key="<results>/review_key.csv",
        decisions=cohort_table("qc_decisions"),
        published=published_for_revision(),
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
        batches={
            assay: folders
            for assay, folders in study.batch_folders().items()
            if assay in assays.with_module("revise")
        },
        settings={assay: study.settings[assay] for assay in study.assays},
        code=digest.revise_code(study.assays),
    script:
        "../scripts/revise.py"
