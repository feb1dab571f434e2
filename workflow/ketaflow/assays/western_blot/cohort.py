"""What needs all membranes of a cohort: parallel membranes, pictures and lanes used twice, figure legends.

In: the tables of quantify over all batches. Out: ratios of parallel membranes, checks that ask a person to look, and
the table ``legends``. Checks of duplicates never exclude data.
"""

import pandas as pd

from ketaflow.assays.western_blot.figures.legends import legends
from ketaflow.assays.western_blot.integrity.duplicate_checks import duplicated_lane_checks, duplicated_picture_checks
from ketaflow.assays.western_blot.model import CohortSettings, Fingerprint, Lane, Target, TargetSummary
from ketaflow.assays.western_blot.normalisation.phospho_total import parallel_ratios
from ketaflow.core.cohort import rows_of as plain_rows
from ketaflow.core.inputs import Row, Rows
from ketaflow.core.results import Measurement, Summary, Tables


def summarise(tables: Tables, cohort: Tables, settings: CohortSettings) -> Summary:
    """Compute ratios over parallel membranes, check pairs of pictures, and write legends.

    Parameters
    ----------
    tables : mapping of str to data frame
        ``measurements``, ``targets`` and ``fingerprints`` of all batches.
    cohort : mapping of str to data frame
        ``western_blot_images`` and ``western_blot_lanes``.
    settings : CohortSettings
        From which similarity two lanes are reported.

    Returns
    -------
    Summary
        With the table ``legends`` (columns ``figure``, ``legend``); the table ``fingerprints`` is withdrawn.
    """
    shown = _rows(tables, "targets", TargetSummary)
    if not shown:
        return Summary()
    targets = [target for target in shown if target.superseded_by is None]
    measured = _rows(tables, "measurements", Measurement)
    ratios, checks = parallel_ratios(measured, targets, _rows(cohort, "western_blot_images", Target))
    checks += duplicated_picture_checks(shown)
    checks += duplicated_lane_checks(_rows(tables, "fingerprints", Fingerprint), shown, settings)
    parallel = {(ratio.recording, ratio.analyte) for ratio in ratios}
    written = legends(targets, measured + ratios, _rows(cohort, "western_blot_lanes", Lane), parallel)
    return Summary(measurements=ratios, checks=checks, tables={"legends": written, "fingerprints": None})


def _rows(tables: Tables, name: str, kind: type[Row]) -> list[Row]:
    """Rows of a table as dataclasses; empty where there is no such table."""
    return Rows({name: plain_rows(tables.get(name, pd.DataFrame()))}).of(name, kind)
