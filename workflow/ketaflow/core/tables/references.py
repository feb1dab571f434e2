"""Columns that refer to another table: which of its columns they mean, and names that a spreadsheet has shortened."""

from collections import defaultdict
from collections.abc import Mapping
from typing import Any

import pandas as pd

# The column that a reference to a table means.
REFERENCED = {"animals": "animal", "arms": "arm"}


def referenced_column(rule: Mapping[str, Any], column: str) -> str:
    """Column of the other table that a column refers to, by the column's rule in its schema."""
    return str(rule.get("referenced_column") or REFERENCED.get(rule["references"], column))


def restored_zeros(
    found: dict[str, pd.DataFrame], files: Mapping[str, str], schemas: Mapping[str, Mapping[str, Any]]
) -> list[str]:
    """Restore, in place, leading zeros that a spreadsheet dropped (7 for 007), if only one name is possible.

    Parameters
    ----------
    found : dict of str to data frame
        Tables by name. Columns that refer to another of them change.
    files : mapping of str to str
        File of each table, for the notes.
    schemas : mapping of str to mapping
        Schema of each table; ``references`` of a column names the table it refers to.

    Returns
    -------
    list of str
        One note per column that was changed.
    """
    notes = []
    for name, table in found.items():
        for column, rule in schemas[name]["columns"].items():
            target = rule.get("references")
            if target not in found or target == name or column not in table:
                continue
            key = referenced_column(rule, column)
            known = {str(value) for value in found[target][key].dropna()}
            by_number: dict[str, set[str]] = defaultdict(set)
            for value in known:
                if value.isascii() and value.isdigit():
                    by_number[value.lstrip("0")].add(value)
            changed = {
                value: next(iter(by_number[value.lstrip("0")]))
                for value in {str(cell) for cell in table[column].dropna()} - known
                if value.isascii() and value.isdigit() and len(by_number[value.lstrip("0")]) == 1
            }
            if changed:
                table[column] = table[column].map(lambda cell, changed=changed: changed.get(cell, cell))
                old, new = sorted(changed.items())[0]
                more = f" and {len(changed) - 1} more" if len(changed) > 1 else ""
                notes.append(f"{files[name]}: {column} {old} was read as {new}{more}, as in {files[target]}")
    return notes
