"""From recordings and what was measured in them to checks, and to the pictures a reviewer judges."""


rule qc:
    """Check one batch of an assay's recordings."""
    input:
        recordings="<results>/{assay}/{batch}/recordings.zip",
        measurements="<results>/{assay}/{batch}/measurements.zip",
    output:
        checks="<results>/{assay}/{batch}/checks.zip",
    log:
        "<results>/logs/qc/{assay}/{batch}.log",
    conda:
        "../../environment.yml"
    threads: needs("threads")
    resources:
        mem_mb=needs("mem_mb"),
        runtime=needs("runtime_min"),
    params:
        rows=rows("qc"),
        settings=settings("qc"),
        code=code_digest("qc"),
        cache=cache("qc"),
    script:
        "../scripts/qc.py"
