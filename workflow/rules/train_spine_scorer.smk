"""On demand: the weights that ketaflow ships for dendritic spines, fitted again to its own simulated images."""


rule train_spine_scorer:
    """Write workflow/ketaflow/assays/dendritic_spines/detection/scorer.npz again, into the results folder."""
    output:
        scorer="<results>/dendritic_spines/training/scorer.npz",
    log:
        "<results>/logs/train_spine_scorer.log",
    conda:
        "../../environment.yml"
    resources:
        mem_mb=doubled_on_retry(3000),
        runtime=doubled_on_retry(120),
    script:
        "../scripts/train_spine_scorer.py"
