"""From measurements, the blinding key and the plan to comparisons between dose arms."""


rule statistics:
    """Carry out the plan. The only rule that is given the allocation of animals to arms."""
    input:
        measurements="<results>/measurements.csv",
        reviewed=after_review(),
        checks="<results>/checks.csv",
        review_key="<results>/review_key.csv",
        animals=cohort_table("animals"),
        arms=cohort_table("arms"),
        allocation=cohort_table("allocation"),
        plan=cohort_file("plan.yaml"),
        decisions=cohort_table("qc_decisions"),
    output:
        descriptives="<results>/statistics/descriptives.csv",
        omnibus="<results>/statistics/omnibus.csv",
        contrasts="<results>/statistics/contrasts.csv",
        variance_components="<results>/statistics/variance_components.csv",
        diagnostics="<results>/statistics/diagnostics.csv",
        residuals="<results>/statistics/residuals.csv",
        exclusions="<results>/statistics/exclusions.csv",
        power="<results>/statistics/power.csv",
        dose_response="<results>/statistics/dose_response.csv",
        dose_curves="<results>/statistics/dose_curves.csv",
        values="<results>/statistics/values.csv",
        sentences="<results>/statistics/sentences.json",
        analysis="<results>/statistics/analysis.json",
        lock=update("<results>/statistics/plan.lock.json"),
    log:
        "<results>/logs/statistics.log",
    conda:
        "../../environment.yml"
    resources:
        mem_mb=doubled_on_retry(2000),
        runtime=doubled_on_retry(60),
    params:
        settings=study.settings["statistics"],
        measures=studies.measures(),
        code=digest.script_code("statistics"),
    script:
        "../scripts/statistics.py"
