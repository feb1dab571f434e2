"""Agreement of machine and people over all recordings of a cohort.

In: the tables of quantify, all batches together. Out: ``agreement`` (a row for each pair of scorers),
``agreement_recordings`` (the totals behind it), checks of raters and recordings whose scores look swapped, and
Bland-Altman figures with their legends. Nothing where nobody scored by hand.
"""

from itertools import combinations

import pandas as pd

from ketaflow.assays.forced_swim.figures import bland_altman
from ketaflow.assays.forced_swim.raters import comparison, rater_checks
from ketaflow.core.measures import check

NEEDED = ("windows", "states", "human_scores")


def summarise(
    tables: dict[str, pd.DataFrame], rows: dict[str, pd.DataFrame], *, step_s: float, human_limits_s: float
) -> dict[str, pd.DataFrame | list]:
    """Tables, checks and figures of agreement."""
    if any(not len(tables.get(name, ())) for name in NEEDED):
        return {}
    scores = comparison.compare_scorers(tables, step_s)
    pairs = [comparison.pair_agreement(a, b, scores) for a, b in combinations(scores.raters, 2)]
    together = pd.DataFrame([row for row in pairs if row["n"]])
    if not len(together):
        return {}
    points = comparison.paired_totals(scores)
    figures, legends = bland_altman.figures(together, points, human_limits_s)
    return {
        "agreement": together,
        "agreement_recordings": points,
        "checks": pd.DataFrame(checks(rater_checks.all_findings(scores, human_limits_s), rows)),
        "figures": figures,
        "legends": pd.DataFrame(legends, columns=["figure", "legend"]),
    }


def checks(found: list[rater_checks.Finding], rows: dict[str, pd.DataFrame]) -> list[dict]:
    """Findings as rows of the table of checks; those about a rater have no recording."""
    swims = rows.get("forced_swim", pd.DataFrame(columns=["recording", "animal"]))
    animals = dict(zip(swims["recording"], swims["animal"], strict=True))
    return [
        check(
            one.check,
            one.value,
            recording=one.recording,
            animal=animals.get(one.recording),
            place=one.rater if one.rater == comparison.AUTOMATIC else f"rater {one.rater}",
            unit=one.unit,
            low=one.low,
            high=one.high,
            verdict="warn" if one.doubtful else "pass",
            message=one.message,
        )
        for one in found
    ]
