"""On demand: a short annotated film of one recording, such as results/forced_swim/clips/M01.mp4."""


rule clip:
    """Write an annotated film of one recording."""
    input:
        recordings=batch_of("recordings.zip"),
        measurements=batch_of("measurements.zip"),
    output:
        film="<results>/{assay}/clips/{recording}.mp4",
    log:
        "<results>/logs/clip/{assay}/{recording}.log",
    wildcard_constraints:
        assay="|".join(assays.with_module("clip")) or "none",
    conda:
        "../../environment.yml"
    threads: needs("threads")
    resources:
        mem_mb=needs("mem_mb"),
        runtime=needs("runtime_min"),
    params:
        folder=folder_of_recording,
        settings=settings("clip"),
        code=code_digest("clip"),
    script:
        "../scripts/clip.py"
