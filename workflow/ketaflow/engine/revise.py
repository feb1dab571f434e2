"""Measurements after the review: values that depend on a rejected recording are computed again without it.

In: the measurements, what reviewers rejected, and the tables that ``quantify`` published. Out: the measurements of the
data set ``reviewed``. Rejected recordings keep their own rows here; the statistics leave those out and list them. An
assay takes part by a module ``revise.py`` (docs/adding_an_assay.md). The arm of an animal is not known here.
"""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from ketaflow import assays
from ketaflow.core.inputs import build
from ketaflow.core.results import Measurement, Tables, frame
from ketaflow.engine.codec import hints


def revised(
    measurements: pd.DataFrame,
    rejected: pd.DataFrame,
    settings: Mapping[str, Mapping[str, Any]],
    published: Mapping[str, Tables],
) -> pd.DataFrame:
    """Compute again the values that depend on a rejected recording.

    Parameters
    ----------
    measurements : data frame
        The measurements table of all assays.
    rejected : data frame
        One row per rejected recording: assay, recording, reviewer, reason.
    settings : mapping
        Each assay's whole block.
    published : mapping of str to mapping
        By assay, the tables that its stage ``quantify`` published.

    Returns
    -------
    data frame
        The same table, rows computed again at its end.
    """
    for name, decisions in rejected.groupby("assay"):
        assay = str(name)
        if not assays.has(assay, "revise"):
            continue
        revise = assays.stage(assay, "revise").revise
        reasons = dict(zip(decisions["recording"], decisions["reason"], strict=True))
        own = build(hints(revise)["settings"], settings[assay]["quantify"])
        again = frame(revise(published[assay], reasons, own), Measurement)
        measurements = in_place(measurements, again, assay)
    return measurements


def in_place(measurements: pd.DataFrame, again: pd.DataFrame, assay: str) -> pd.DataFrame:
    """Replace the rows of every recording and measure that was computed again.

    Parameters
    ----------
    measurements, again : data frame
        The measurements table, and the new rows of one assay.
    assay : str
        The assay.

    Returns
    -------
    data frame
        With the columns and types of ``measurements``.
    """
    if not len(again):
        return measurements
    units = {name: facts["unit"] for name, facts in assays.described(assay, "measures").items()}
    replaced = set(zip(again["recording"], again["measure"], strict=True))
    named = zip(measurements["recording"], measurements["measure"], strict=True)
    old = pd.Series([pair in replaced for pair in named], index=measurements.index) & measurements["assay"].eq(assay)
    again = again.assign(assay=assay, unit=again["measure"].map(units)).reindex(columns=measurements.columns)
    return pd.concat([measurements[~old], again.astype(measurements.dtypes.to_dict())], ignore_index=True)
