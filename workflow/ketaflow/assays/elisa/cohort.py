"""What needs all plates of a cohort: one value per animal, and controls compared over plates.

In: the tables of quantify over all batches. Out: measurements, checks of the controls, and the table ``controls``.
"""

from collections import defaultdict
from collections.abc import Sequence

import numpy as np
import pandas as pd

from ketaflow.assays.elisa import combining
from ketaflow.assays.elisa.model import AnimalResult, CohortSettings, SampleResult, WellRow
from ketaflow.core.cohort import rows_of as plain_rows
from ketaflow.core.inputs import Row, Rows
from ketaflow.core.results import Check, Summary, Tables, check, within

CONTROL_COLUMNS = ["analyte", "control", "matrix", "nominal_pg_per_ml", "plates", "mean_pg_per_ml", "cv_pct"]


def summarise(tables: Tables, cohort: Tables, settings: CohortSettings) -> Summary:
    """Combine the plates of each animal, and compare the controls of all plates.

    Parameters
    ----------
    tables : mapping of str to data frame
        ``animals`` and ``samples`` of all batches; ``measurements`` with a row for each plate that could not be read.
    cohort : mapping of str to data frame
        ``elisa_wells``.
    settings : CohortSettings
        Largest variation of a control over plates.

    Returns
    -------
    Summary
        One measurement for each animal, analyte, matrix, session and time.
    """
    results = _rows(tables, "animals", AnimalResult)
    failed = tables.get("measurements", pd.DataFrame())
    failures = dict(zip(failed["recording"], failed["reason"], strict=True)) if len(failed) else {}
    known = {(one.animal, one.analyte, one.matrix, one.session, one.time_min) for one in results}
    wells = _rows(cohort, "elisa_wells", WellRow)
    controls, checks = _controls(_rows(tables, "samples", SampleResult), settings)
    return Summary(
        measurements=[*combining.combined(results), *combining.unread(wells, failures, known)],
        checks=checks,
        tables={"controls": controls},
    )


def _rows(tables: Tables, name: str, kind: type[Row]) -> list[Row]:
    """Rows of a table as dataclasses; empty where there is no such table."""
    return Rows({name: plain_rows(tables.get(name, pd.DataFrame()))}).of(name, kind)


def _controls(found: Sequence[SampleResult], settings: CohortSettings) -> tuple[pd.DataFrame, list[Check]]:
    """Mean and variation of each control over the plates, and plates that deviate."""
    groups: dict[tuple[str, str, str, float | None], dict[str, list[float]]] = defaultdict(dict)
    for one in found:
        if one.sample == "control" and one.concentration_pg_per_ml is not None:
            key = (one.analyte, one.control or "", one.matrix or "", one.nominal_pg_per_ml)
            groups[key].setdefault(one.plate, []).append(one.concentration_pg_per_ml)
    rows, checks = [], []
    for (analyte, control, matrix, nominal), by_plate in groups.items():
        means = {plate: float(np.mean(values)) for plate, values in by_plate.items()}
        mean = float(np.mean(list(means.values())))
        cv_pct = 100 * float(np.std(list(means.values()), ddof=1)) / mean if len(means) > 1 else None
        rows.append((analyte, control, matrix, nominal, len(means), mean, cv_pct))
        if cv_pct is None:
            continue
        limit = settings.plate_cv_max_pct
        name = " ".join(filter(None, [analyte, control, f"{nominal:g} pg/ml" if nominal else ""]))
        verdict = within(cv_pct, None, limit)
        message = f"control {name} over {len(means)} plates"
        checks.append(
            check("plate_to_plate", cv_pct, recording="", message=message, verdict=verdict, unit="%", high=limit)
        )
        if verdict != "pass":
            checks += [
                check(
                    "plate_deviates", 100 * (value / mean - 1), recording=plate, verdict="warn", unit="%", low=-limit,
                    high=limit, message=f"deviation of control {name} from its mean over {len(means)} plates",
                )
                for plate, value in means.items()
                if abs(100 * (value / mean - 1)) > limit
            ]  # fmt: skip
    return pd.DataFrame(rows, columns=CONTROL_COLUMNS), checks
