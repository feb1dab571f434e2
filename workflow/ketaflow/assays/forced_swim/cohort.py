"""Agreement of ketaflow and people over all recordings of a cohort.

In: the tables of ``quantify`` of all batches, and what people scored. Out: ``agreement`` (a row for each pair of
scorers), ``agreement_recordings`` (the totals behind it), checks of raters and recordings that do not fit, and
Bland-Altman figures with their legends. Nothing if nobody scored.
"""

from itertools import combinations

import pandas as pd

from ketaflow.assays.forced_swim.figures import bland_altman
from ketaflow.assays.forced_swim.model import HumanScoreRow
from ketaflow.assays.forced_swim.raters import comparison, rater_checks
from ketaflow.assays.forced_swim.raters.comparison import PairAgreement, PairedTotal
from ketaflow.assays.forced_swim.settings import CohortSettings
from ketaflow.core.results import Check, Summary, Tables, check, frame

HUMAN_SCORES = "forced_swim_human_scores"


def summarise(tables: Tables, cohort: Tables, settings: CohortSettings) -> Summary:
    """Compare all scorers over the whole cohort.

    Parameters
    ----------
    tables : mapping of str to data frame
        What ``quantify`` published: ``windows`` and ``states``.
    cohort : mapping of str to data frame
        Tables of the cohort: ``forced_swim`` and ``forced_swim_human_scores``.
    settings : CohortSettings
        Settings.

    Returns
    -------
    Summary
        Tables ``human_scores``, ``agreement``, ``agreement_recordings``, ``legends``; checks; figures.
    """
    human_scores = cohort.get(HUMAN_SCORES, pd.DataFrame())
    if not len(human_scores):
        return Summary()
    columns = list(HumanScoreRow.__dataclass_fields__)
    published: dict[str, pd.DataFrame | None] = {"human_scores": human_scores.reindex(columns=columns)}
    if any(not len(tables.get(name, ())) for name in ("windows", "states")):
        return Summary(tables=published)
    scores = comparison.compare_scorers(tables["windows"], tables["states"], human_scores, settings.step_s)
    pairs = [comparison.pair_agreement(a, b, scores) for a, b in combinations(scores.raters, 2)]
    pairs = [pair for pair in pairs if pair.n]
    swims = cohort.get("forced_swim", pd.DataFrame(columns=["recording", "animal"]))
    if not pairs:
        left_out = rater_checks.totals_of_other_lengths(scores)
        return Summary(checks=rater_check_rows(left_out, swims), tables=published)
    totals = comparison.paired_totals(scores)
    figures, legends = bland_altman.bland_altman_figures(pairs, totals, settings.human_limits_s)
    findings = rater_checks.all_findings(scores, settings.human_limits_s)
    return Summary(
        checks=rater_check_rows(findings, swims),
        tables={
            **published,
            "agreement": frame(pairs, PairAgreement),
            "agreement_recordings": frame(totals, PairedTotal),
            "legends": frame(legends, bland_altman.Legend),
        },
        figures=figures,
    )


def rater_check_rows(findings: list[rater_checks.Finding], swims: pd.DataFrame) -> list[Check]:
    """Make checks of findings.

    Parameters
    ----------
    findings : list of Finding
        Findings; those about a rater in all recordings have no recording.
    swims : data frame
        ``recording`` and ``animal``.

    Returns
    -------
    list of Check
        One per finding; ``warn`` where the finding raises a doubt.
    """
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
        for one in findings
    ]
