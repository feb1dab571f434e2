"""From tables and pictures to the two pages, and to figures for papers."""


rule review:
    """Write the blinded review page."""
    input:
        review_key="<results>/review_key.csv",
        recordings=batch_files("recordings.zip"),
        checks=batch_files("checks.zip"),
        check_table="<results>/checks.csv",
        decisions=cohort_table("qc_decisions"),
    output:
        page=report(
            "<results>/report/qc.html",
            category="Review",
            caption="../report/review.rst",
            labels={"page": "blinded review"},
        ),
    log:
        "<results>/logs/review.log",
    priority: 1
    conda:
        "../../environment.yml"
    resources:
        mem_mb=doubled_on_retry(2000),
        runtime=doubled_on_retry(30),
    params:
        cohort=study.name,
        batches=study.batch_folders(),
        key_file=study.key_file.path.as_posix(),
        key_fingerprint=study.key_file.fingerprint,
        hide=study.hidden_words(),
        corrections=study.corrections(),
        settings=study.page_settings,
        code=digest.review_code(study.assays),
    script:
        "../scripts/review.py"


rule results:
    """Write the results page, arms named, and the values behind it for Prism and Excel."""
    input:
        statistics=rules.statistics.output,
        sentences="<results>/statistics/sentences.json",
        lock="<results>/statistics/plan.lock.json",
        measurements="<results>/measurements.csv",
        reviewed=after_review(),
        checks="<results>/checks.csv",
        recordings="<results>/recordings.csv",
        review_key="<results>/review_key.csv",
        shown="<results>/figures.json",
        run="<results>/run.json",
        animals=cohort_table("animals"),
        arms=cohort_table("arms"),
        allocation=cohort_table("allocation"),
        plan=cohort_file("plan.yaml"),
        decisions=cohort_table("qc_decisions"),
    output:
        page=report(
            "<results>/report/results.html",
            category="Results",
            caption="../report/results.rst",
            labels={"page": "results"},
        ),
        workbooks=directory("<results>/export/endpoints"),
    log:
        "<results>/logs/results.log",
    conda:
        "../../environment.yml"
    resources:
        mem_mb=doubled_on_retry(2000),
        runtime=doubled_on_retry(30),
    params:
        cohort=study.name,
        require_review=study.settings["require_review"],
        notes=study.notes,
        settings=study.page_settings,
        measures=studies.measures(),
        code=digest.script_code("results"),
    script:
        "../scripts/results.py"


rule figures:
    """Write every figure of the results page for a paper: PDF, SVG and PNG in export/figures."""
    input:
        "<results>/export/figures",
        "<results>/provenance.json",
    localrule: True


rule paper_figures:
    """Draw every figure of the results page in the widths and formats of the settings."""
    input:
        statistics=rules.statistics.output,
        sentences="<results>/statistics/sentences.json",
        lock="<results>/statistics/plan.lock.json",
        measurements="<results>/measurements.csv",
        reviewed=after_review(),
        checks="<results>/checks.csv",
        recordings="<results>/recordings.csv",
        review_key="<results>/review_key.csv",
        shown="<results>/figures.json",
        run="<results>/run.json",
        animals=cohort_table("animals"),
        arms=cohort_table("arms"),
        allocation=cohort_table("allocation"),
        plan=cohort_file("plan.yaml"),
        decisions=cohort_table("qc_decisions"),
    output:
        figures=directory("<results>/export/figures"),
    log:
        "<results>/logs/paper_figures.log",
    conda:
        "../../environment.yml"
    threads: 4
    resources:
        mem_mb=doubled_on_retry(2000),
        runtime=doubled_on_retry(60),
    params:
        cohort=study.name,
        require_review=study.settings["require_review"],
        min_animals=study.settings["report"]["correlation_min_animals"],
        style=study.settings["report"]["figures"],
        measures=studies.measures(),
        code=digest.script_code("paper_figures"),
    script:
        "../scripts/paper_figures.py"
