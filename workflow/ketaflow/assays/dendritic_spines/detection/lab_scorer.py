"""A laboratory's own scorer: its weights are checked against the inputs that ketaflow computes."""

from ketaflow.assays.dendritic_spines.detection.scorer import INPUT_WIDTH
from ketaflow.assays.dendritic_spines.model import Weights
from ketaflow.core.errors import IngestError


def checked_weights(weights: Weights) -> Weights:
    """Check that weights fit the inputs.

    Parameters
    ----------
    weights : dict of str to array
        Weights of a laboratory's scorer; empty where the settings name none.

    Returns
    -------
    dict of str to array
        The same weights.

    Raises
    ------
    IngestError
        If they were trained with other inputs, by another version of ketaflow.
    """
    if weights and len(weights["mean"]) != INPUT_WIDTH:
        raise IngestError(
            f"dendritic_spines.ingest.scorer_file: this scorer looks at {len(weights['mean'])} numbers of each "
            f"candidate, ketaflow now gives {INPUT_WIDTH}: it was taught with another version. Leave the setting "
            "empty, run snakemake calibrate_dendritic_spines, and enter the new file."
        )
    return weights
