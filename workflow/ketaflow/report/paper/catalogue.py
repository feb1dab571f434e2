"""Every figure of the results page as a figure for a paper: which there are, under which names, and their files."""

import io
import re
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Any

import matplotlib
from matplotlib.figure import Figure

from ketaflow.report import endpoints, palette
from ketaflow.report.endpoints import Endpoint, curves
from ketaflow.report.figures import dose_response, residuals
from ketaflow.report.model import Study
from ketaflow.report.paper import drawn, endpoint, overview
from ketaflow.report.paper.style import FigureStyle, Sheet
from ketaflow.report.sections import courses as over_time
from ketaflow.report.sections.overview import correlated

CREATOR = "ketaflow"
# No dates and no versions, so that equal results give equal bytes.
METADATA: dict[str, dict[str, Any]] = {
    "pdf": {"Creator": CREATOR, "Producer": None, "CreationDate": None},
    "svg": {"Creator": CREATOR, "Date": None},
    "png": {"Software": CREATOR},
}
# Of the nine levels of compression, the fastest: half the time of the usual one.
WRITING: dict[str, dict[str, Any]] = {"png": {"pil_kwargs": {"compress_level": 1}}}
NOT_IN_NAMES = re.compile(r"[^a-z0-9]+")


@dataclass(frozen=True)
class PaperFigure:
    """A figure: the name of its files, and how it is drawn on a sheet (None where it does not fit)."""

    name: str
    draw: Callable[[Sheet], Figure | None]


def figures(study: Study, *, min_animals: int, style: FigureStyle) -> list[PaperFigure]:
    """List the figures of the results page.

    Parameters
    ----------
    study : Study
        Everything the page shows.
    min_animals : int
        Fewest animals for a correlation.
    style : FigureStyle
        Of this, the palette.

    Returns
    -------
    list of PaperFigure
        In the order of the page.
    """
    arms, shown = palette.arms(study.arms, style.palette), endpoints.build(study)
    made = [PaperFigure("effect_overview", partial(overview.effect_overview, shown, arms))]
    for one in shown:
        made += _of_endpoint(one, arms)
    titles, found = correlated(shown, study.allocation, min_animals)
    if found.has_any:
        made.append(PaperFigure("correlations", partial(overview.correlations, titles, found)))
    for course in over_time.uncompared(study, shown):
        made.append(PaperFigure(f"time_course_{slug(course.title)}", partial(endpoint.time_course, course, arms)))
    for assay in study.assays:
        for picture in assay.figures:
            if picture.media == "image/svg+xml":
                source = picture.content if isinstance(picture.content, str) else picture.content.decode()
                made.append(PaperFigure(f"{assay.assay}_{slug(picture.title)}", partial(_of_assay, source)))
    return made


def files(chosen: Sequence[PaperFigure], style: FigureStyle, *, processes: int = 1) -> dict[str, bytes]:
    """Draw figures in every width and format.

    Parameters
    ----------
    chosen : sequence of PaperFigure
        The figures.
    style : FigureStyle
        Widths, formats and look.
    processes : int
        Figures drawn at the same time.

    Returns
    -------
    dict of str to bytes
        Files by name, such as ``immobility_85mm.pdf``.
    """
    style.check_font()
    if processes == 1:
        return dict(part for one in chosen for part in rendered(one, style))
    with ProcessPoolExecutor(processes) as pool:
        return dict(part for parts in pool.map(partial(_listed, style=style), chosen) for part in parts)


def rendered(one: PaperFigure, style: FigureStyle) -> Iterator[tuple[str, bytes]]:
    """Yield the files of one figure, each with its name."""
    with matplotlib.rc_context({**matplotlib.rcParamsDefault, **style.parameters}):
        for width_mm in style.widths_mm:
            figure = one.draw(Sheet(style, width_mm))
            if figure is None:
                continue
            for kind in style.formats:
                content = io.BytesIO()
                figure.savefig(content, format=kind, dpi=style.dpi, metadata=METADATA[kind], **WRITING.get(kind, {}))
                yield f"{one.name}_{width_mm:g}mm.{kind}", content.getvalue()


def slug(title: str) -> str:
    """Return a title as part of the name of a file."""
    return NOT_IN_NAMES.sub("_", title.casefold()).strip("_")


def _of_endpoint(one: Endpoint, arms: list[palette.Arm]) -> Iterator[PaperFigure]:
    if not len(one.counted):
        return
    yield PaperFigure(one.name, partial(endpoint.comparison, one, arms))
    if one.counted["time_min"].nunique() > 1:
        yield PaperFigure(f"{one.name}_time", partial(endpoint.time_course, one, arms))
    if curves(one) and dose_response.arms_by_dose(one, arms):
        yield PaperFigure(f"{one.name}_dose", partial(endpoint.dose_response, one, arms, curves(one)))
    if len(residuals.drawn_rows(one)):
        yield PaperFigure(f"{one.name}_residuals", partial(endpoint.residuals, one, arms))


def _of_assay(source: str, sheet: Sheet) -> Figure | None:
    return drawn.figure(source, sheet) if drawn.can_be_drawn(source, sheet) else None


def _listed(one: PaperFigure, style: FigureStyle) -> list[tuple[str, bytes]]:
    return list(rendered(one, style))
