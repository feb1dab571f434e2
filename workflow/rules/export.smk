"""On demand: what was found, as files for other programs, such as ImageJ's regions of spines."""

for offering in assays.with_module("export"):

    rule:
        """Write what was found as files for other programs."""
        name:
            f"export_{offering}"
        input:
            measurements=batch_files("measurements.zip", offering),
        output:
            export=directory(f"<results>/export/{offering}"),
        log:
            f"<results>/logs/export/{offering}.log",
        conda:
            "../../environment.yml"
        resources:
            mem_mb=doubled_on_retry(1000),
            runtime=doubled_on_retry(30),
        params:
            assay=offering,
            batches=study.batch_folders().get(offering, []),
            code=digest.code("export", offering),
        script:
            "../scripts/export.py"
