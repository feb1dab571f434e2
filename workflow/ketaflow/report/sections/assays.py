"""Figures and figure legends that the assays make of the whole cohort."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import quote

from markupsafe import Markup

from ketaflow.core.results import Figure
from ketaflow.report import formatting
from ketaflow.report.model import AssayFigures, Legend

# Assays draw with 11 px text for narrow cards; enlarged, it matches the 13 px of the page.
ENLARGEMENT = 1.15
# Width of a figure without a view box (px).
COLUMN_WIDTH_PX = 640.0
# Characters of SVG that an attribute with a data address holds as they are; a quarter shorter than base64.
IN_ADDRESS = " =:/;,()'@!$*+?<>[]"
VIEW_BOX = re.compile(r'viewBox=["\']0 0 ([0-9.]+)')


@dataclass(frozen=True)
class Picture:
    """A figure as an image with its own style, on white: its source as a data URL, and its width (px)."""

    title: str
    caption: str
    src: Markup
    width_px: int


@dataclass(frozen=True)
class AssaySection:
    """What the page shows of one assay."""

    assay: str
    title: str
    pictures: list[Picture]
    legends: tuple[Legend, ...]


def assay_sections(shown: Iterable[AssayFigures]) -> list[AssaySection]:
    """Return the figures and legends of each assay."""
    return [AssaySection(one.assay, one.title, [_picture(figure) for figure in one.figures], one.legends)
            for one in shown]  # fmt: skip


def _picture(figure: Figure) -> Picture:
    text = figure.content if isinstance(figure.content, str) else figure.content.decode()
    text = text if "'" in text else text.replace('"', "'")
    src = Markup("data:image/svg+xml," + quote(text, safe=IN_ADDRESS))
    box = VIEW_BOX.search(text)
    width_px = float(box[1]) if box else COLUMN_WIDTH_PX
    return Picture(figure.title, formatting.micro(figure.caption), src, round(ENLARGEMENT * width_px))
