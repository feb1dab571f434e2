"""The blinded review: every recording under a code, with its pictures, its checks, and room for a decision.

In: items in the order of the recordings. Out: report/qc.html, self-contained, and qc-2.html and so on
where one page would grow too large. Items are ordered by a seeded shuffle of their codes; names of
recordings, animals and files are taken out of every text and picture.
"""

import base64
import json
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from ketaflow.core import files
from ketaflow.core.errors import CohortError, Problem
from ketaflow.core.records import Figure
from ketaflow.report import formatting, templates
from ketaflow.review import blinding
from ketaflow.review.blinding import code

__all__ = ["ReviewItem", "code", "write"]

STATUSES = ("ok", "flagged", "failed")
DECISION_COLUMNS = ("code", "decision", "reason", "note", "reviewer", "decided_at", "item_sha256")
BYTES_PER_MB = 1_000_000


@dataclass
class ReviewItem:
    """One recording as a reviewer sees it, with the names the page must not tell."""

    assay: str
    assay_title: str
    recording: str
    animal: str
    status: str
    reason: str
    figures: list[Figure]
    checks: list[dict]
    item_sha256: str


@dataclass
class Entry:
    """Where an item lies in the spill file, and what every page of the review knows of it."""

    code: str
    assay: str
    status: str
    item_sha256: str
    start: int
    size: int
    page: int = 1


@dataclass
class Spill:
    """Items put aside on disk while they come in, so that 20,000 pictures never fill the memory."""

    entries: list[Entry] = field(default_factory=list)
    titles: dict[str, str] = field(default_factory=dict)
    names: set[str] = field(default_factory=set)


def write(
    items: Iterable[ReviewItem],
    path: Path,
    *,
    cohort_name: str,
    blinding_key: str,
    decisions: pd.DataFrame | None,
    hide: Iterable[str] = (),
    **settings: object,
) -> list[Path]:
    """Write the review page (and its further pages); return their paths.

    Parameters
    ----------
    items
        Every recording, in any order; taken one by one.
    path
        Where the first page goes; the others lie beside it.
    decisions
        What was decided before (columns of qc_decisions.csv), to go on from.
    hide
        Further names that may not be told: arms, files.
    settings
        The report's settings: ``page_size_mb``, ``reject_reasons``.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryFile(dir=path.parent) as store:
        spill = _spilled(items, store, blinding_key)
        scrubber = blinding.Scrubber({*spill.names, *hide})
        order = sorted(spill.entries, key=lambda entry: blinding.shuffle_key(entry.code, blinding_key))
        pages = _paged(order, int(settings["page_size_mb"] * BYTES_PER_MB))
        frame = _frame(order, spill.titles, cohort_name, _earlier(decisions, scrubber), settings)
        written = []
        for number, entries in enumerate(pages, start=1):
            content = [_scrubbed(json.loads(_taken(store, entry)), scrubber) for entry in entries]
            written.append(_page_path(path, number))
            page = templates.render(
                "review.html",
                **frame,
                page=number,
                pages=[_page_path(path, other).name for other in range(1, len(pages) + 1)],
                items=content,
            )
            files.write_text(page, written[-1])
    _remove_others(path, written)
    return written


def _spilled(items: Iterable[ReviewItem], store, blinding_key: str) -> Spill:
    spill, owners = Spill(), {}
    for item in items:
        item_code = code(item.assay, item.recording, blinding_key)
        if item_code in owners:
            raise CohortError([_same_code(owners[item_code], item.recording)])
        owners[item_code] = item.recording
        packed = json.dumps(_packed(item, item_code), separators=(",", ":")).encode()
        entry = Entry(item_code, item.assay, item.status, item.item_sha256, store.tell(), len(packed))
        store.write(packed)
        spill.entries.append(entry)
        spill.titles.setdefault(item.assay, item.assay_title)
        spill.names |= {item.recording, *_animals(item)}
    return spill


def _animals(item: ReviewItem) -> set[str]:
    return {str(name) for name in (item.animal, *(check.get("animal") for check in item.checks)) if name}


def _same_code(one: str, other: str) -> Problem:
    remedy = "Choose another blinding_key in the settings (a chance of 1 in 1,900 with 20,000 recordings)"
    return Problem("settings.yaml", 0, "blinding_key", f"'{one}' and '{other}' would share a code", remedy)


def _packed(item: ReviewItem, item_code: str) -> dict:
    return {
        "code": item_code,
        "reason": item.reason or "",
        "figures": [_figure(figure) for figure in item.figures],
        "checks": [_check(check) for check in item.checks],
    }


def _figure(figure: Figure) -> dict:
    shown = {"title": figure.title, "caption": figure.caption}
    if figure.media == "image/svg+xml":
        content = figure.content
        return {**shown, "svg": content if isinstance(content, str) else content.decode()}
    raw = figure.content if isinstance(figure.content, bytes) else figure.content.encode()
    if blinding.carries_text(raw):
        return {**shown, "withheld": "This picture is not shown: words are stored beside its pixels."}
    return {**shown, "src": f"data:{figure.media};base64,{base64.b64encode(raw).decode()}"}


def _check(check: dict) -> dict:
    """A check as the page shows it; the animal it concerns is left out."""
    numbers = {name: _finite(check.get(name)) for name in ("value", "low", "high")}
    words = {name: str(check.get(name) or "") for name in ("place", "verdict", "message")}
    unit = str(check.get("unit") or "")
    return {"check": formatting.words(check["check"]), "unit": formatting.UNITS.get(unit, unit), **words, **numbers}


def _finite(value: object) -> float | None:
    return float(value) if value is not None and value == value and abs(value) != float("inf") else None


def _scrubbed(item: dict, scrubber: blinding.Scrubber) -> dict:
    for figure in item["figures"]:
        figure["title"], figure["caption"] = scrubber.text(figure["title"]), scrubber.text(figure["caption"])
        if "svg" in figure:
            figure["svg"] = scrubber.svg(figure["svg"])
    for check in item["checks"]:
        check["message"], check["place"] = scrubber.text(check["message"]), scrubber.text(check["place"])
    item["reason"] = scrubber.text(item["reason"])
    return item


def _taken(store, entry: Entry) -> bytes:
    store.seek(entry.start)
    return store.read(entry.size)


def _paged(order: list[Entry], limit_bytes: int) -> list[list[Entry]]:
    """Items page by page; also marks each entry with its page. Half a megabyte stays for the page itself."""
    limit_bytes -= min(limit_bytes // 4, 500_000 + 110 * len(order))
    pages, filled = [[]], 0
    for entry in order:
        if pages[-1] and filled + entry.size > limit_bytes:
            pages.append([])
            filled = 0
        pages[-1].append(entry)
        filled += entry.size
        entry.page = len(pages)
    return pages


def _frame(order: list[Entry], titles: dict, cohort_name: str, earlier: list[list], settings: dict) -> dict:
    """What all pages share: the index of all items, the assays, earlier decisions, reasons."""
    assays = sorted(titles)
    index = [
        [
            entry.code,
            assays.index(entry.assay),
            STATUSES.index(entry.status) if entry.status in STATUSES else 1,
            entry.item_sha256,
            entry.page,
        ]
        for entry in order
    ]
    return {
        "cohort_name": cohort_name,
        "index": index,
        "assays": [titles[assay] for assay in assays],
        "content": files.digest([[entry.code, entry.item_sha256] for entry in order])[:12],
        "earlier": earlier,
        "reasons": settings["reject_reasons"],
    }


def _earlier(decisions: pd.DataFrame | None, scrubber: blinding.Scrubber) -> list[dict]:
    if decisions is None or not len(decisions):
        return []
    known = decisions.reindex(columns=list(DECISION_COLUMNS)).astype(object)
    rows = known.where(known.notna(), "").astype(str).to_dict("records")
    return [{**row, "reason": scrubber.text(row["reason"]), "note": scrubber.text(row["note"])} for row in rows]


def _page_path(path: Path, number: int) -> Path:
    return path if number == 1 else path.with_name(f"{path.stem}-{number}{path.suffix}")


def _remove_others(path: Path, written: list[Path]) -> None:
    """Take away further pages of an earlier, larger review."""
    for old in path.parent.glob(f"{path.stem}-[0-9]*{path.suffix}"):
        if old not in written:
            old.unlink()
