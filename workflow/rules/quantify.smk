"""From recordings to measurements."""


rule quantify:
    """Measure one batch of an assay's recordings."""
    input:
        recordings="<results>/{assay}/{batch}/recordings.zip",
    output:
        measurements="<results>/{assay}/{batch}/measurements.zip",
    log:
        "<results>/logs/quantify/{assay}/{batch}.log",
    conda:
        "../../environment.yml"
    threads: needs("threads")
    resources:
        mem_mb=needs("mem_mb"),
        runtime=needs("runtime_min"),
    params:
        rows=rows("quantify"),
        settings=settings("quantify"),
        code=code_digest("quantify"),
        cache=cache("quantify"),
    script:
        "../scripts/quantify.py"
