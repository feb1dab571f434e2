"""The results page: what was compared, excluded, checked and found, with the arms named.

In: a ``Study``. Out: report/results.html, one file that loads nothing from elsewhere. Nothing is estimated here but
correlations between endpoints, and the means of time courses that are no endpoint.
"""

from dataclasses import dataclass
from pathlib import Path

from ketaflow.core import files
from ketaflow.report import endpoints, formatting, palette, templates
from ketaflow.report.endpoints import Endpoint
from ketaflow.report.html_tables import HtmlTable
from ketaflow.report.model import Plan, ReportSettings, Study
from ketaflow.report.sections import arrive
from ketaflow.report.sections.answer import Answer, answer
from ketaflow.report.sections.assays import AssaySection, assay_sections
from ketaflow.report.sections.contrasts import p_value_tables
from ketaflow.report.sections.courses import Course, courses
from ketaflow.report.sections.design import Design, design
from ketaflow.report.sections.endpoint import RoleSection, by_role, endpoint_section
from ketaflow.report.sections.overview import Overview, overview
from ketaflow.report.sections.quality import Quality, quality
from ketaflow.report.sections.status import Status, status
from ketaflow.review.decisions import Decisions


@dataclass(frozen=True)
class ResultsContent:
    """What the template prints, section by section."""

    study: Study
    status: list[Status]
    answer: Answer
    design: Design
    plan: Plan
    quality: Quality
    overview: Overview
    roles: list[RoleSection]
    tests: list[HtmlTable]
    courses: list[Course]
    assays: list[AssaySection]
    arrive: list[arrive.Item]


def write(path: Path, study: Study, settings: ReportSettings) -> list[Endpoint]:
    """Write the results page.

    Parameters
    ----------
    path : Path
        Where to write it.
    study : Study
        Everything it shows.
    settings : ReportSettings
        Of these, ``correlation_min_animals``.

    Returns
    -------
    list of Endpoint
        The endpoints it shows.
    """
    arms, shown = palette.arms(study.arms), endpoints.build(study)
    content = ResultsContent(
        study=study,
        status=status(study),
        answer=answer(shown, arms),
        design=design(study, arms, shown),
        plan=study.executed_plan,
        quality=quality(study, shown),
        overview=overview(shown, arms, study.allocation, settings.correlation_min_animals),
        roles=by_role([endpoint_section(endpoint, arms, study.sentences) for endpoint in shown]),
        tests=p_value_tables(shown, palette.labels(arms)),
        courses=courses(study, arms, shown),
        assays=assay_sections(study.assays),
        arrive=arrive.items(study),
    )
    files.write_text(templates.render("results.html", page=content, words=formatting), path)
    return shown


def hold(path: Path, *, cohort_name: str, review: Decisions | None, n_items: int) -> None:
    """Write, in place of the results, how far the review is.

    Parameters
    ----------
    path : Path
        Where the results page would go.
    cohort_name : str
        Name of the cohort.
    review : Decisions or None
        The review so far; None if nobody has decided anything.
    n_items : int
        Recordings to review.
    """
    decided = review.n_decided if review else 0
    page = templates.render("held.html", cohort_name=cohort_name, decided=decided, n_items=n_items)
    files.write_text(page, path)
