"""Response of an animal whose chromatogram a reviewer rejected, computed again without that fraction.

The fraction counts as missed: it is no part of the baseline. The area is interpolated over it, or missing where too
much of the window is gone.
"""

from collections.abc import Mapping

from ketaflow.assays.microdialysis.model import QuantifySettings
from ketaflow.assays.microdialysis.response import time_course
from ketaflow.core.results import Measurement, Tables

TABLES = ("fractions",)


def revise(tables: Tables, rejected: Mapping[str, str], settings: QuantifySettings) -> list[Measurement]:
    """Measure the animals concerned again.

    Parameters
    ----------
    tables : mapping of str to data frame
        ``fractions``, as ``quantify`` published it for all animals.
    rejected : mapping of str to str
        The reviewers' reason, by rejected recording.
    settings : QuantifySettings
        The settings of ``quantify``.

    Returns
    -------
    list of Measurement
        In place of those made of all fractions.
    """
    fractions = tables["fractions"]
    concerned = set(fractions.loc[fractions["chromatogram"].isin(list(rejected)), "animal"])
    reasons = {path: f"the chromatogram was rejected: {reason}" for path, reason in rejected.items()}
    rows: list[Measurement] = []
    own = fractions[fractions["animal"].isin(concerned)]
    for (animal, region), course in own.groupby(["animal", "region"], dropna=False, sort=False):
        moved, values = time_course.from_table(course, reasons)
        place = region if isinstance(region, str) else None
        rows += time_course.response_rows(str(animal), moved, values, place, settings)
    return rows
