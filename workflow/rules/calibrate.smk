"""On demand: an assay's thresholds fitted to what a lab's own people scored."""

for scored in assays.with_module("calibrate"):

    rule:
        """Fit thresholds of the assay to what a lab's own people scored."""
        name:
            f"calibrate_{scored}"
        input:
            recordings=batch_files("recordings.zip", scored),
            measurements=batch_files("measurements.zip", scored),
            tables=tables_of_assays(scored),
        output:
            calibration=directory(f"<results>/{scored}/calibration"),
        log:
            f"<results>/logs/calibrate/{scored}.log",
        conda:
            "../../environment.yml"
        resources:
            mem_mb=doubled_on_retry(4000),
            runtime=doubled_on_retry(120),
        params:
            assay=scored,
            batches=study.batch_folders().get(scored, []),
            settings=study.settings[scored],
            folder=cohort_folder,
            cohort_tables=study.cohort_tables(scored),
            code=digest.code("calibrate", scored),
        script:
            "../scripts/calibrate.py"
