"""From instrument files to checked recordings."""


rule ingest:
    """Read one batch of an assay's recordings."""
    input:
        drawn=drawn,
    output:
        recordings="<results>/{assay}/{batch}/recordings.zip",
    log:
        "<results>/logs/ingest/{assay}/{batch}.log",
    conda:
        "../../environment.yml"
    threads: needs("threads")
    resources:
        mem_mb=needs("mem_mb"),
        runtime=needs("runtime_min"),
    params:
        rows=rows("ingest"),
        marks=marks,
        folder=folder,
        settings=settings("ingest"),
        limits=study.settings["limits"],
        code=code_digest("ingest"),
        cache=cache("ingest"),
    script:
        "../scripts/ingest.py"
