"""The results page: what was asked, left out, checked and found, arms named.

In: the statistics tables, the study's tables, the plan and its lock, versions. Out: report/results.html,
one file that needs nothing else. Nothing is estimated here but correlations between endpoints.
"""

from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from ketaflow.core import files
from ketaflow.report import endpoints, formatting, palette, templates
from ketaflow.report.sections import arrive, content

NO_LOCK = {"sha256": "", "locked_at": "", "changed": False, "changes": []}


def write(
    path: Path,
    *,
    tables: Mapping[str, pd.DataFrame],
    measurements: pd.DataFrame,
    checks: pd.DataFrame,
    recordings: pd.DataFrame,
    arms: pd.DataFrame,
    allocation: pd.DataFrame,
    animals: pd.DataFrame,
    plan: Mapping | None,
    plan_lock: Mapping | None,
    measures: Mapping[str, Mapping[str, Mapping]],
    provenance: Mapping,
    review: Mapping | None,
    sentences: list[dict],
    methods_paragraph: str,
    shown: list[dict] = (),
    cohort_name: str = "",
    **settings: object,
) -> list[endpoints.Endpoint]:
    """Write the results page, and give back the endpoints it shows.

    Parameters
    ----------
    tables
        The statistics tables by name.
    plan
        The cohort's plan as the statistics filled it in; None where the cohort has none (the plan of the lock, the
        default one, is shown then).
    review
        ``Decisions.summary()``; None where nobody has decided anything.
    sentences
        One dict per contrast: endpoint, dataset, contrast, level, sensitivity, sentence.
    shown
        What each assay shows of the whole cohort: title, figures (SVG), legends.
    settings
        The report's settings: ``correlation_min_animals``.
    """
    carried_out = plan or (plan_lock or {}).get("plan") or endpoints.planned_of(tables["contrasts"])
    known = palette.arms(arms)
    endpoints_shown = endpoints.build(tables, measurements, allocation, carried_out, measures)
    page = templates.render(
        "results.html",
        words=formatting,
        cohort_name=cohort_name or Path(str(provenance.get("settings", {}).get("cohort", "cohort"))).name,
        status=_status(recordings, review, plan, plan_lock or {}),
        review=review,
        methods=methods_paragraph,
        provenance=provenance,
        arrive=arrive.items(animals, arms, allocation, plan, review is not None),
        **_asked(endpoints_shown, carried_out, plan, plan_lock, known, allocation, len(animals)),
        **_doubted(recordings, checks, tables["exclusions"]),
        **_found(endpoints_shown, known, sentences, allocation, settings["correlation_min_animals"]),
        by_assay=[content.by_assay(assay) for assay in shown],
    )
    files.write_text(page, path)
    return endpoints_shown


def hold(path: Path, *, cohort_name: str, review: Mapping | None, n_items: int) -> None:
    """Write, in place of the results, how far the review is: the settings say ``require_review: true``."""
    decided = review["n_decided"] if review else 0
    pending = review["pending"] if review else n_items
    page = templates.render("held.html", cohort_name=cohort_name, decided=decided, pending=pending, n_items=n_items)
    files.write_text(page, path)


def _asked(shown, carried_out, plan, plan_lock, known, allocation, n_animals) -> dict:
    """Arms, animals, and the plan with its lock."""
    return {
        "arms": known,
        "arm_css": palette.css(known),
        "sizes": allocation.groupby("arm")["animal"].nunique().to_dict(),
        "n_animals": n_animals,
        "has_plan": plan is not None,
        "asked": content.asked(shown),
        "lock": NO_LOCK | dict(plan_lock or {}),
        "alpha": carried_out.get("alpha"),
        "families": carried_out.get("families", {}),
    }


def _doubted(recordings: pd.DataFrame, checks: pd.DataFrame, exclusions: pd.DataFrame) -> dict:
    """What failed, what was left out, which checks asked for a look."""
    doubtful, n_doubtful = content.doubtful(checks)
    raised, every_check = content.check_counts(checks)
    return {
        "failed": content.failed(recordings),
        "left_out": content.left_out(exclusions),
        "raised": raised,
        "every_check": every_check,
        "n_checks": len(checks),
        "doubtful": doubtful,
        "n_doubtful": n_doubtful,
    }


def _found(shown, known: list[palette.Arm], sentences: list[dict], allocation: pd.DataFrame, least: int) -> dict:
    """The cascade, every endpoint, the correlations and the tests."""
    parts = [content.endpoint_part(endpoint, known, sentences) for endpoint in shown]
    return {
        "mechanism": content.mechanism(shown, known, _arm_of(allocation), least),
        "roles": content.by_role(parts),
        "tests": content.tests(shown, {arm.name: arm.label for arm in known}),
    }


def _arm_of(allocation: pd.DataFrame) -> pd.Series:
    return allocation.drop_duplicates("animal").set_index("animal")["arm"]


def _status(
    recordings: pd.DataFrame, review: Mapping | None, plan: Mapping | None, lock: Mapping
) -> list[tuple[str, str]]:
    """What a reader must know first: (kind, sentence)."""
    told = []
    counts = recordings.drop_duplicates(["assay", "recording"])["status"].value_counts()
    if counts.get("failed", 0):
        told.append(("fail", f"{formatting.count(counts['failed'], 'recording')} could not be measured; see below."))
    if plan is None:
        told.append(("warn", "There is no plan: every endpoint is exploratory."))
    if lock.get("changed"):
        told.append(("warn", "The plan differs from the one first locked."))
    if review is None:
        told.append(("warn", "Nobody has reviewed the recordings yet."))
    elif review["pending"]:
        told.append(
            ("warn", f"The review is not complete: {review['pending']} of {review['n_items']} recordings are pending.")
        )
    else:
        told.append(("pass", f"All {review['n_items']} recordings were reviewed under codes."))
    if review and review["stale"]:
        told.append(
            (
                "warn",
                f"{formatting.count(len(review['stale']), 'decision')} count no more: the recording has changed since.",
            )
        )
    return told
