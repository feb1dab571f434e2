"""The laboratory's own scorer, as it travels with a recording from ``ingest`` on: weights by ``scorer_<name>``."""

import numpy as np

from ketaflow.assays.dendritic_spines.detection import scorer
from ketaflow.core.errors import IngestError

PREFIX = "scorer_"


def weights(arrays: dict[str, np.ndarray]) -> scorer.Weights:
    """The weights among the arrays of a recording; empty where the settings name no scorer."""
    own = {name.removeprefix(PREFIX): array for name, array in arrays.items() if name.startswith(PREFIX)}
    if own and len(own["mean"]) != scorer.INPUT_WIDTH:
        raise IngestError(
            f"dendritic_spines.ingest.scorer_file: this scorer looks at {len(own['mean'])} numbers of each candidate, "
            f"ketaflow now gives {scorer.INPUT_WIDTH}: it was taught with another version. Leave the setting empty, "
            "run snakemake calibrate_dendritic_spines, and enter the new file."
        )
    return own
