"""Results of a whole batch, as LC-MS/MS programs export them, read as the table of concentrations.

A batch has one row per injection and analyte, with the name of the sample. A sample is a fraction if its name is that
of the animal and the fraction (``M01_03``, ``M01 F3``), or is in the column ``injection`` of the table of fractions.
"""

import re
from dataclasses import dataclass, field

from ketaflow.assays.microdialysis.readers.number_text import decimal_sign, number
from ketaflow.assays.microdialysis.readers.tables.peak_tables import HEADINGS, bracketed, plain
from ketaflow.core.errors import IngestError, Problem
from ketaflow.core.tables import RawTable

COLUMNS = ("animal", "fraction", "region", "analyte", "value", "unit", "state")
TYPES = ("sample type", "type", "component type")
# Injections that are no fraction: standards, controls, blanks, and the rows of internal standards.
NO_FRACTION = re.compile(
    r"\b(std|standards?|cal\w*|qcs?|quality control|blanks?|double blank|solvent|wash|pool|internal standards?|is)\b",
    re.IGNORECASE,
)
BELOW = re.compile(r"<.*|bl?l?oq|below.*|no peak|n\.?[df]\.?", re.IGNORECASE)
ABOVE = re.compile(r">.*|aul?oq|above.*", re.IGNORECASE)


@dataclass(frozen=True)
class Layout:
    """Which column holds what, and the unit the heading of the concentrations names."""

    sample: str
    analyte: str
    amount: str
    unit: str
    unit_column: str = ""
    types: tuple[str, ...] = field(default_factory=tuple)


def layout_of(columns: list[str]) -> Layout | None:
    """Find out whether columns are those of a batch's results.

    Parameters
    ----------
    columns : list of str
        Headings of a table.

    Returns
    -------
    Layout or None
        None for an ordinary table.
    """
    by_plain = {plain(column): column for column in reversed(columns)}
    found = {
        meaning: next((by_plain[word] for word in HEADINGS[meaning] if word in by_plain), "")
        for meaning in ("sample", "name", "concentration", "unit")
    }
    if "fraction" in by_plain or not (found["sample"] and found["name"] and found["concentration"]):
        return None
    types = tuple(by_plain[word] for word in TYPES if word in by_plain)
    unit = bracketed(found["concentration"])
    return Layout(found["sample"], found["name"], found["concentration"], unit, found["unit"], types)


def reshaped(raw: RawTable, layout: Layout, fractions: RawTable) -> tuple[RawTable, list[Problem]]:
    """Read the results of a batch as rows of ``microdialysis_concentrations``.

    Parameters
    ----------
    raw : RawTable
        The results.
    layout : Layout
        Their columns.
    fractions : RawTable
        The table ``microdialysis``, whose names the samples have.

    Returns
    -------
    table : RawTable
        In the shape of ``microdialysis_concentrations``.
    problems : list of Problem
        Samples that are no fraction, and concentrations without a unit.
    """
    homes, rows = _homes(fractions), []
    amounts = [[row[layout.amount]] for _, row in raw.rows if number(row[layout.amount]) is not None]
    try:
        decimal = decimal_sign("\n".join(amount for (amount,) in amounts), amounts, raw.file)
    except IngestError:
        found, remedy = (
            "point and comma are both used as decimal signs",
            "Export the results again with one decimal sign",
        )
        return RawTable(raw.file, list(COLUMNS), [], False), [Problem(raw.file, 1, layout.amount, found, remedy)]
    quantified = {row[layout.analyte] for _, row in raw.rows if number(row[layout.amount]) is not None}
    unknown: dict[str, int] = {}
    for line, row in raw.rows:
        sample, analyte = row[layout.sample], row[layout.analyte]
        home = homes.get(sample_key(sample))
        if not sample or analyte not in quantified or (home is None and _is_no_fraction(row, layout)):
            continue
        if home is None or len(home) > 1:
            unknown.setdefault(sample, line)
            continue
        place = dict(zip(COLUMNS, home[0], strict=False))
        rows.append((line, {**place, "analyte": analyte, **_reported(row, layout, decimal)}))
    return RawTable(raw.file, list(COLUMNS), rows, False), _problems(raw, layout, fractions, rows, unknown)


def _is_no_fraction(row: dict[str, str], layout: Layout) -> bool:
    described = " ".join([row[layout.sample], *(row[column] for column in layout.types)])
    return bool(NO_FRACTION.search(described.replace("_", " ")))


def _problems(
    raw: RawTable, layout: Layout, fractions: RawTable, rows: list[tuple[int, dict[str, str]]], unknown: dict[str, int]
) -> list[Problem]:
    """Samples that have no place (with the line in which each is first found), and concentrations without a unit."""
    problems = []
    for sample, line in unknown.items():
        found = f"the sample '{sample}' is no fraction of {fractions.file}, or of more than one"
        remedy = "Name it like the animal and the fraction (M01_03), or enter its name there in a column 'injection'"
        problems.append(Problem(raw.file, line, layout.sample, found, remedy))
    if any(row["value"] and not row["unit"] for _, row in rows):
        remedy = "Write the unit into the heading, as in 'Calculated Concentration (uM)'"
        problems.append(Problem(raw.file, 1, layout.amount, "the concentrations have no unit", remedy))
    return problems


def _reported(row: dict[str, str], layout: Layout, decimal: str) -> dict[str, str]:
    """Value and unit, or the state in their place."""
    text = row[layout.amount].strip()
    value = number(text, decimal)
    unit = (row[layout.unit_column] if layout.unit_column else "") or layout.unit
    if value is not None:
        return {"value": repr(value), "unit": unit, "state": ""}
    state = "below_loq" if BELOW.fullmatch(text) else "above_range" if ABOVE.fullmatch(text) else "missed"
    return {"value": "", "unit": unit, "state": state}


def _homes(fractions: RawTable) -> dict[str, list[tuple[str, str, str]]]:
    """(animal, fraction, region) of every name a sample may have."""
    homes: dict[str, list[tuple[str, str, str]]] = {}
    for _, row in fractions.rows:
        home = (row.get("animal", ""), row.get("fraction", ""), row.get("region", ""))
        short = home[1].lstrip("0") or home[1]
        names = (
            {row["injection"]}
            if row.get("injection")
            else {f"{home[0]}_{form}{short}" for form in ("", "f", "fraction")}
        )
        for known in {sample_key(name) for name in names}:
            homes.setdefault(known, []).append(home)
    return homes


def sample_key(name: str) -> str:
    """Return a name without case, separators and zeros before its numbers."""
    parts = re.findall(r"[a-z]+|\d+", name.lower())
    return " ".join(part.lstrip("0") or "0" if part.isdigit() else part for part in parts)
