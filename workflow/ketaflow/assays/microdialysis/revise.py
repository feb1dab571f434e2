"""Response of an animal whose chromatogram a reviewer rejected, computed again without that fraction.

The fraction counts as missed: it is no part of the baseline. The area is interpolated over it, or missing where too
much of the window is gone.
"""

from collections.abc import Mapping

import pandas as pd

from ketaflow.assays.microdialysis.model import QuantifySettings
from ketaflow.assays.microdialysis.response import time_course
from ketaflow.assays.microdialysis.response.brain_time import PATHS_BY
from ketaflow.core.results import Measurement, Tables

TABLES = ("fractions", "injections")
NO_INJECTIONS = pd.DataFrame(columns=["animal", "region", "fraction", "analyte", "recording"])


def revise(tables: Tables, rejected: Mapping[str, str], settings: QuantifySettings) -> list[Measurement]:
    """Measure the animals concerned again.

    Parameters
    ----------
    tables : mapping of str to data frame
        ``fractions`` and ``injections``, as ``quantify`` published them for all animals.
    rejected : mapping of str to str
        The reviewers' reason, by rejected recording.
    settings : QuantifySettings
        The settings of ``quantify``.

    Returns
    -------
    list of Measurement
        In place of those made of all fractions.
    """
    fractions, injections = tables["fractions"], tables.get("injections", NO_INJECTIONS)
    paths = fractions["chromatogram"].fillna("").str.split(PATHS_BY, regex=False)
    touched = paths.map(lambda own: any(path in rejected for path in own))
    concerned = set(fractions.loc[touched, "animal"])
    reasons = {path: f"the chromatogram was rejected: {reason}" for path, reason in rejected.items()}
    rows: list[Measurement] = []
    own = fractions[fractions["animal"].isin(concerned)]
    for (animal, region), course in own.groupby(["animal", "region"], dropna=False, sort=False):
        place = region if isinstance(region, str) else None
        repeats = injections[injections["animal"].eq(str(animal)) & injections["region"].fillna("").eq(place or "")]
        moved, values = time_course.from_table(course, reasons, repeats)
        rows += time_course.response_rows(str(animal), moved, values, place, settings)
        # Means of several injections have the animal as their recording, and change when one of them is rejected.
        made = time_course.concentration_rows(str(animal), moved, values, place, settings.time_grid_min)
        rows += [row for row in made if row.recording == animal and len(repeats)]
    return rows
