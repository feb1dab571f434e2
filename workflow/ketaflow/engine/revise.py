"""What stands after the review: values computed from a rejected recording are computed anew without it.

In: the measurements, what reviewers rejected, and the assays' own tables. Out: the measurements of the data set
``reviewed``. Rejected recordings keep their own rows here; the statistics leave those out and list them. An assay
takes part by a module ``revise.py`` (docs/adding_an_assay.md). Which arm an animal is in is not known here.
"""

from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from ketaflow import assays
from ketaflow.core import files


def revised(
    measurements: pd.DataFrame, rejected: pd.DataFrame, settings: Mapping[str, Mapping], results: Path
) -> pd.DataFrame:
    """Measurements in which nothing rests on a rejected recording any more.

    Parameters
    ----------
    measurements
        The contract's table of all assays.
    rejected
        One row per rejected recording: assay, recording, reviewer, reason.
    settings
        Each assay's whole block.
    results
        Folder in which ``<assay>/<table>.csv`` stand.
    """
    for assay, decisions in rejected.groupby("assay"):
        if not assays.has(assay, "revise"):
            continue
        module = assays.stage(assay, "revise")
        tables = {name: files.read_csv(results / assay / f"{name}.csv") for name in module.TABLES}
        reasons = dict(zip(decisions["recording"], decisions["reason"], strict=True))
        anew = module.revise(tables, reasons, **settings[assay]["quantify"])
        measurements = in_place(measurements, pd.DataFrame(anew), assay)
    return measurements


def in_place(measurements: pd.DataFrame, anew: pd.DataFrame, assay: str) -> pd.DataFrame:
    """Measurements with the rows of every recording and measure that was computed anew replaced."""
    if not len(anew):
        return measurements
    replaced = set(zip(anew["recording"], anew["measure"], strict=True))
    named = zip(measurements["recording"], measurements["measure"], strict=True)
    old = pd.Series([pair in replaced for pair in named], index=measurements.index) & measurements["assay"].eq(assay)
    anew = anew.assign(assay=assay).reindex(columns=measurements.columns).astype(measurements.dtypes.to_dict())
    return pd.concat([measurements[~old], anew], ignore_index=True)
