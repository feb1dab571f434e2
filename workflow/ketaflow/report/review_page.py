"""The blinded review page: every recording under a code, with its figures, its checks and room for a decision.

In: items, in any order. Out: report/qc.html, which loads nothing from elsewhere, and qc-2.html and so on if one page
would grow too large. Items are shuffled with a seed; names of recordings, animals and files are removed from every text
and figure.
"""

import base64
import json
import math
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import IO, Any

import pandas as pd

from ketaflow.core import files
from ketaflow.core.errors import CohortError, Problem
from ketaflow.core.overlays import Cell, Mark, Overlay, Shape
from ketaflow.core.results import Check, Figure
from ketaflow.core.svg import COLOURS
from ketaflow.report import formatting, templates
from ketaflow.report.model import ReportSettings
from ketaflow.review import blinding
from ketaflow.review.corrections import EditableTable, name_code
from ketaflow.review.decisions import COLUMNS, in_bulk
from ketaflow.review.doubt import doubt
from ketaflow.review.items import ReviewItem

STATUSES = ("ok", "flagged", "failed")
BYTES_PER_MB = 1_000_000
# Kept free on every page for the page itself, and for one entry of the index (bytes); at most a quarter of the page.
PAGE_BYTES = 500_000
ENTRY_BYTES = 116
FINGERPRINT_LETTERS = 12
# Colours of images that captions name and charts do not use; the page draws each beside its name.
OTHER_COLOURS = {"magenta": "#ff00ff", "cyan": "#00d5d5", "red": "#e03030", "white": "#ffffff", "black": "#000000"}


@dataclass(frozen=True)
class Blinding:
    """What keeps the page blind: the key of the codes, and names to hide besides recordings and animals."""

    key: str
    hidden_names: tuple[str, ...] = ()


@dataclass(frozen=True)
class ShownFigure:
    """A figure as the page holds it: SVG, the source of an image, or why it is withheld."""

    title: str
    caption: str
    svg: str = ""
    src: str = ""
    withheld: str = ""
    outcome: bool = False
    overlay: Overlay | None = None


@dataclass(frozen=True)
class ShownCheck:
    """A check as the page shows it; the animal it concerns is left out."""

    check: str
    place: str
    value: float | None
    unit: str
    low: float | None
    high: float | None
    verdict: str
    message: str


@dataclass(frozen=True)
class ShownItem:
    """An item as the page holds it."""

    code: str
    reason: str
    figures: tuple[ShownFigure, ...]
    checks: tuple[ShownCheck, ...]

    @classmethod
    def from_json(cls, text: bytes) -> "ShownItem":
        """Read an item that was put aside as JSON."""
        item = json.loads(text)
        figures = tuple(_read_figure(figure) for figure in item["figures"])
        return cls(item["code"], item["reason"], figures, tuple(ShownCheck(**check) for check in item["checks"]))


def _read_figure(figure: dict[str, Any]) -> ShownFigure:
    if not figure["overlay"]:
        return ShownFigure(**figure)
    over = figure["overlay"]
    shapes = tuple(
        Shape(**{**shape, "keys": tuple(Cell(**cell) for cell in shape["keys"])}) for shape in over["shapes"]
    )
    marks = tuple(Mark(**mark) for mark in over["marks"])
    return ShownFigure(**{**figure, "overlay": Overlay(**{**over, "shapes": shapes, "marks": marks})})


@dataclass(frozen=True)
class Entry:
    """An item in the index of every page, and where it lies in the temporary file (bytes)."""

    code: str
    assay: str
    status: str
    item_sha256: str
    doubt: float
    start: int
    size: int


@dataclass
class ItemStore:
    """Items in a temporary file, so that 20,000 figures never fill the memory; what is known of all of them."""

    file: IO[bytes]
    entries: list[Entry] = field(default_factory=list)
    titles: dict[str, str] = field(default_factory=dict)
    names: set[str] = field(default_factory=set)

    def read(self, entry: Entry) -> ShownItem:
        """Read an item back."""
        self.file.seek(entry.start)
        return ShownItem.from_json(self.file.read(entry.size))


def write(
    items: Iterable[ReviewItem],
    path: Path,
    *,
    cohort_name: str,
    blind: Blinding,
    decisions: pd.DataFrame | None,
    settings: ReportSettings,
    corrected: Sequence[EditableTable] = (),
) -> list[Path]:
    """Write the review page and its further pages.

    Parameters
    ----------
    items : iterable of ReviewItem
        Every recording, in any order; taken one by one.
    path : Path
        Where the first page goes; further pages are written beside it.
    cohort_name : str
        Name of the cohort.
    blind : Blinding
        Key of the codes and names to hide.
    decisions : data frame or None
        Earlier decisions (columns of qc_decisions.csv), which the page starts from if the settings say so.
    settings : ReportSettings
        Of these, ``page_size_mb``, ``reject_reasons``, ``hide_outcome`` and ``show_earlier_decisions``.
    corrected : sequence of EditableTable
        Tables that the reviewer can correct, as they are now.

    Returns
    -------
    list of Path
        The pages, in order.

    Raises
    ------
    CohortError
        If two recordings share a code.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryFile(dir=path.parent) as file:
        store = _stored(items, file, blind.key)
        scrubber = blinding.Scrubber({*store.names, *blind.hidden_names})
        order = sorted(store.entries, key=lambda entry: blinding.shuffle_key(entry.code, blind.key))
        pages = _split(order, int(settings.page_size_mb * BYTES_PER_MB))
        paths = [_page_path(path, number) for number in range(1, len(pages) + 1)]
        shared = {
            "cohort": cohort_name,
            **_index(pages, store.titles),
            "reasons": settings.reject_reasons,
            "hide_outcome": settings.hide_outcome,
            "earlier": _earlier(decisions, scrubber) if settings.show_earlier_decisions else [],
            "tables": [asdict(table) for table in corrected],
            "pages": [other.name for other in paths],
            "colours": {**COLOURS, **OTHER_COLOURS},
        }
        for number, (page, entries) in enumerate(zip(paths, pages, strict=True), start=1):
            shown = [_json(_scrubbed(store.read(entry), scrubber)) for entry in entries]
            content = {**shared, "page": number, "items": shown}
            files.write_text(templates.render("review.html", content=content), page)
    _remove_others(path, paths)
    return paths


def _stored(items: Iterable[ReviewItem], file: IO[bytes], blinding_key: str) -> ItemStore:
    store, owners = ItemStore(file), dict[str, str]()
    for item in items:
        code = blinding.code(item.assay, item.recording, blinding_key)
        if code in owners:
            raise CohortError([_same_code(owners[code], item.recording)])
        owners[code] = item.recording
        packed = json.dumps(_json(_shown(item, code, blinding_key)), separators=(",", ":")).encode()
        doubtful = round(doubt(item.checks, item.status), 2)
        store.entries.append(Entry(code, item.assay, item.status, item.item_sha256, doubtful, file.tell(), len(packed)))
        file.write(packed)
        store.titles.setdefault(item.assay, item.assay_title)
        store.names |= {
            str(name) for name in (item.recording, item.animal, *(one.animal for one in item.checks)) if name
        }
    return store


def _json(item: ShownItem) -> dict[str, Any]:
    """An item as JSON holds it: what ``asdict`` returns, without a copy of every string of 20,000 items."""
    figures = [asdict(figure) if figure.overlay else vars(figure) for figure in item.figures]
    return {**vars(item), "figures": figures, "checks": [vars(check) for check in item.checks]}


def _same_code(one: str, other: str) -> Problem:
    remedy = "Remove the file for a new key (a chance of 1 in 1,900 with 20,000 recordings)"
    return Problem("blinding_key_file", 0, "", f"'{one}' and '{other}' would share a code", remedy)


def _shown(item: ReviewItem, code: str, blinding_key: str) -> ShownItem:
    figures = tuple(_shown_figure(_coded(figure, item.assay, blinding_key)) for figure in item.figures)
    return ShownItem(code, item.reason or "", figures, tuple(_shown_check(check) for check in item.checks))


def _coded(figure: Figure, assay: str, blinding_key: str) -> Figure:
    """A figure whose overlay holds codes in place of names."""
    if figure.overlay is None:
        return figure

    def cell(one: Cell) -> Cell:
        known = one.is_name and one.value
        return replace(one, value=name_code(assay, one.column, one.value, blinding_key)) if known else one

    shapes = tuple(replace(shape, keys=tuple(map(cell, shape.keys))) for shape in figure.overlay.shapes)
    return replace(figure, overlay=replace(figure.overlay, shapes=shapes))


def _shown_figure(figure: Figure) -> ShownFigure:
    caption = formatting.micro(figure.caption)
    raw = figure.content if isinstance(figure.content, bytes) else figure.content.encode()
    if figure.media == "image/svg+xml":
        return ShownFigure(figure.title, caption, svg=raw.decode(), outcome=figure.outcome)
    if blinding.carries_text(raw):
        withheld = "This image is withheld because its file contains text that could name the animal."
        return ShownFigure(figure.title, caption, withheld=withheld)
    src = f"data:{figure.media};base64,{base64.b64encode(raw).decode()}"
    return ShownFigure(figure.title, caption, src=src, outcome=figure.outcome, overlay=figure.overlay)


def _shown_check(check: Check) -> ShownCheck:
    return ShownCheck(
        check=formatting.words(check.check),
        place=check.place,
        value=_finite(check.value),
        unit=formatting.UNITS.get(check.unit, formatting.unit(check.unit)),
        low=_finite(check.low),
        high=_finite(check.high),
        verdict=check.verdict,
        message=formatting.micro(check.message),
    )


def _finite(value: float | None) -> float | None:
    return float(value) if value is not None and math.isfinite(value) else None


def _scrubbed(item: ShownItem, scrubber: blinding.Scrubber) -> ShownItem:
    figures = tuple(
        replace(
            figure,
            title=scrubber.text(figure.title),
            caption=scrubber.text(figure.caption),
            svg=scrubber.svg(figure.svg),
            overlay=figure.overlay and _scrubbed_overlay(figure.overlay, scrubber),
        )
        for figure in item.figures
    )
    checks = tuple(
        replace(check, message=scrubber.text(check.message), place=scrubber.text(check.place)) for check in item.checks
    )
    return replace(item, reason=scrubber.text(item.reason), figures=figures, checks=checks)


def _scrubbed_overlay(overlay: Overlay, scrubber: blinding.Scrubber) -> Overlay:
    shapes = tuple(
        replace(shape, label=scrubber.text(shape.label), given_by=scrubber.text(shape.given_by))
        for shape in overlay.shapes
    )
    marks = tuple(replace(mark, text=scrubber.text(mark.text)) for mark in overlay.marks)
    return replace(overlay, shapes=shapes, marks=marks, asks=scrubber.text(overlay.asks))


def _split(order: Sequence[Entry], page_bytes: int) -> list[list[Entry]]:
    """Items page by page; at least one page."""
    limit = page_bytes - min(page_bytes // 4, PAGE_BYTES + ENTRY_BYTES * len(order))
    pages: list[list[Entry]] = [[]]
    filled = 0
    for entry in order:
        if pages[-1] and filled + entry.size > limit:
            pages.append([])
            filled = 0
        pages[-1].append(entry)
        filled += entry.size
    return pages


def _index(pages: Sequence[Sequence[Entry]], titles: dict[str, str]) -> dict[str, Any]:
    """Index of all items for every page, in the compact form the script of the page reads."""
    assays = sorted(titles)
    numbered = [(entry, number) for number, entries in enumerate(pages, start=1) for entry in entries]
    fingerprint = files.digest([[entry.code, entry.item_sha256] for entry, _ in numbered])
    return {
        "content": fingerprint[:FINGERPRINT_LETTERS],
        "assays": [titles[assay] for assay in assays],
        "index": [
            [
                entry.code,
                assays.index(entry.assay),
                STATUSES.index(entry.status),
                entry.item_sha256,
                number,
                entry.doubt,
            ]
            for entry, number in numbered
        ],
    }


def _earlier(decisions: pd.DataFrame | None, scrubber: blinding.Scrubber) -> list[dict[str, str]]:
    """Earlier decisions as rows of qc_decisions.csv, which the script of the page reads."""
    if decisions is None or not len(decisions):
        return []
    known = decisions.reindex(columns=list(COLUMNS)).astype(object).assign(bulk=in_bulk(decisions).map({True: "yes"}))
    known = known.where(known.notna(), "").astype(str)
    known = known.assign(**{name: known[name].map(scrubber.text) for name in ("reason", "note")})
    return [dict(zip(COLUMNS, row, strict=True)) for row in known.itertuples(index=False)]


def _page_path(path: Path, number: int) -> Path:
    return path if number == 1 else path.with_name(f"{path.stem}-{number}{path.suffix}")


def _remove_others(path: Path, written: Sequence[Path]) -> None:
    """Remove further pages of an earlier, larger review."""
    for old in path.parent.glob(f"{path.stem}-[0-9]*{path.suffix}"):
        if old not in written:
            old.unlink()
