"""EthoVision's exports in the forms labs keep them: raw data as workbook or text in five languages, and statistics."""

import csv
import io
import re
import zipfile
from pathlib import Path

import numpy as np

RATE_HZ = 5.0
TITLES = {
    "en": ("Number of header lines:", "Trial time", "Recording time", "Mobility", "Mobility state(Immobile)"),
    "de": ("Anzahl Kopfzeilen:", "Versuchszeit", "Aufnahmezeit", "Mobilität", "Mobilitätszustand(Immobil)"),
    "fr": ("Nombre de lignes d'en-tête :", "Temps d’essai", "Temps d’enregistrement", "Mobilité", "Mobilité(Immobile)"),
    "es": ("Número de líneas:", "Tiempo de ensayo", "Tiempo de grabación", "Movilidad", "Movilidad(Inmóvil)"),
    "nl": ("Aantal kopregels:", "Proeftijd", "Opnametijd", "Mobiliteit", "Mobiliteit(Onbeweeglijk)"),
}


def mobility(duration_s: float, bouts: list[tuple[float, float]]) -> np.ndarray:
    """Percent: 5 in the bouts, 30 elsewhere."""
    times_s = np.arange(0, duration_s, 1 / RATE_HZ)
    still = np.zeros(len(times_s), bool)
    for start_s, stop_s in bouts:
        still |= (times_s >= start_s) & (times_s < stop_s)
    return np.where(still, 5.0, 30.0)


def raw_rows(
    values: np.ndarray, *, language="en", arena="Arena 1", notes="", columns=("mobility", "immobile"), titles=None
):
    """Rows of one arena as EthoVision lays them out."""
    label, trial, recording, continuous, state = TITLES[language]
    named = {"mobility": (continuous, "%"), "immobile": (state, ""), **(titles or {})}
    header = [
        ["Experiment", "swim"], ["Trial name", "Trial     3"], ["Arena name", arena], ["Subject name", "Subject 1"],
        ["User-defined Independent Variable", ""], ["treatment", "drugB"], ["strain", "FSL"], ["notes", notes],
        ["", ""],
    ]  # fmt: skip
    head = [
        [trial, recording, *(named[name][0] for name in columns)],
        ["s", "s", *(named[name][1] for name in columns)],
    ]
    cells = {"mobility": values.tolist(), "immobile": (values < 9).astype(int).tolist()}
    body = [
        [12.0 + place / RATE_HZ, place / RATE_HZ, *(cells[name][place] for name in columns)]
        for place in range(len(values))
    ]
    return [[label, str(len(header) + 3)], *header, *head, *body]


def workbook(path: Path, sheets: dict[str, list[list]], *, dimension=True) -> None:
    """Write sheets; without the tag that states their size if asked to."""
    import openpyxl

    book = openpyxl.Workbook()
    book.remove(book.active)
    for title, rows in sheets.items():
        sheet = book.create_sheet(title)
        for row in rows:
            sheet.append([None if cell == "" else cell for cell in row])
    book.save(path)
    if not dimension:
        with zipfile.ZipFile(path) as old:
            parts = {name: old.read(name) for name in old.namelist()}
        with zipfile.ZipFile(path, "w") as new:
            for name, part in parts.items():
                new.writestr(name, re.sub(rb"<dimension[^>]*/>", b"", part))


def text(path: Path, rows: list[list], *, delimiter=";", encoding="utf-16", decimal=".") -> None:
    """Write one arena as text."""
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, delimiter=delimiter, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    for row in rows:
        writer.writerow([str(cell).replace(".", decimal) if isinstance(cell, float) else cell for cell in row])
    path.write_bytes(buffer.getvalue().encode(encoding))
