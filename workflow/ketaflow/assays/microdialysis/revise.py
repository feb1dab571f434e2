"""An animal whose chromatogram a reviewer rejected: its course computed anew without that fraction.

The fraction counts as missed: it is no part of the baseline, and the area is interpolated over it or, where too much of
the window is gone, not given.
"""

from collections.abc import Mapping

import pandas as pd

from ketaflow.assays.microdialysis.response import time_course

TABLES = ("fractions",)


def revise(tables: Mapping[str, pd.DataFrame], rejected: Mapping[str, str], **settings: object) -> list[dict]:
    """Measurements of the animals concerned, in place of those made of all their fractions.

    Parameters
    ----------
    tables
        ``fractions``, as ``quantify`` made it for all animals.
    rejected
        The reviewers' reason by rejected recording.
    settings
        Those of ``quantify``.
    """
    fractions = tables["fractions"]
    concerned = set(fractions.loc[fractions["chromatogram"].isin(list(rejected)), "animal"])
    rows = []
    own = fractions[fractions["animal"].isin(concerned)]
    for (animal, region), course in own.groupby(["animal", "region"], dropna=False, sort=False):
        told = {path: f"the chromatogram was rejected: {reason}" for path, reason in rejected.items()}
        moved, values = time_course.from_table(course, told)
        rows += time_course.response_rows(animal, moved, values, region if isinstance(region, str) else None, settings)
    return rows
