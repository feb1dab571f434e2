"""Every batch of every assay put together."""


rule collect:
    """Write the tables of the whole study, and the list of what a reviewer judges."""
    input:
        recordings=batch_files("recordings.zip"),
        measurements=batch_files("measurements.zip"),
        checks=batch_files("checks.zip"),
        animals=cohort_table("animals"),
        imported=cohort_table("measurements"),
        tables=tables_of_assays(),
    output:
        measurements="<results>/measurements.csv",
        checks="<results>/checks.csv",
        recordings="<results>/recordings.csv",
        review_key="<results>/review_key.csv",
        shown="<results>/figures.json",
        counts="<results>/counts.txt",
    log:
        "<results>/logs/collect.log",
    conda:
        "../../environment.yml"
    resources:
        mem_mb=doubled_on_retry(2000),
        runtime=doubled_on_retry(30),
    params:
        batches=study.batch_folders(),
        folder=cohort_folder,
        cohort_tables={assay: study.cohort_tables(assay) for assay in study.assays},
        later_files={assay: study.later_files(assay) for assay in study.assays},
        tables=study.table_sources(),
        settings={assay: study.settings[assay] for assay in study.assays},
        key_file=study.key_file.path.as_posix(),
        key_fingerprint=study.key_file.fingerprint,
        code=digest.collect_code(study.assays),
    script:
        "../scripts/collect.py"


rule run:
    """What runs on what: versions, settings, fingerprints of the tables."""
    input:
        recordings="<results>/recordings.csv",
    output:
        run="<results>/run.json",
    log:
        "<results>/logs/run.log",
    conda:
        "../../environment.yml"
    resources:
        mem_mb=doubled_on_retry(500),
        runtime=doubled_on_retry(10),
    params:
        settings=study.stated_settings(),
        tables=study.table_sources(),
        code=digest.script_code("run"),
    script:
        "../scripts/run.py"


rule summary:
    """Count what was measured and what failed; with strict: true, stop here if anything failed."""
    input:
        counts="<results>/counts.txt",
        recordings="<results>/recordings.csv",
        review="<results>/report/qc.html",
        results="<results>/report/results.html",
        review_key="<results>/review_key.csv",
        decisions=cohort_table("qc_decisions"),
    output:
        summary="<results>/summary.txt",
    log:
        "<results>/logs/summary.log",
    conda:
        "../../environment.yml"
    resources:
        mem_mb=doubled_on_retry(500),
        runtime=doubled_on_retry(10),
    params:
        strict=study.settings["strict"],
        key_file=study.key_file.path.as_posix(),
        notes=study.notes,
        code=digest.script_code("summary"),
    script:
        "../scripts/summary.py"


rule provenance:
    """What made each result, and the fingerprints of all inputs and outputs; `snakemake verify` compares them."""
    input:
        run="<results>/run.json",
        recordings="<results>/recordings.csv",
        pages=["<results>/report/qc.html", "<results>/report/results.html"],
        figures=paper_figures(),
        summary=lambda wildcards: (
            [] if study.settings["strict"] else ["<results>/summary.txt"]
        ),
    output:
        provenance="<results>/provenance.json",
        crate="<results>/ro-crate-metadata.json",
        workflow="<results>/workflow/Snakefile",
    log:
        "<results>/logs/provenance.log",
    conda:
        "../../environment.yml"
    resources:
        mem_mb=doubled_on_retry(500),
        runtime=doubled_on_retry(30),
    params:
        batches=study.batch_folders(),
        folder=cohort_folder,
        code=digest.script_code("provenance"),
    script:
        "../scripts/provenance.py"
