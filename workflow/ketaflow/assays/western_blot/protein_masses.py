"""Masses of proteins by the names that labs give them.

In: the name of a target as written in the table. Out: its apparent mass on a gel, from the reference table
``resources/reference/proteins.csv``.
"""

import csv
import re
from functools import cache
from pathlib import Path

PROTEINS = Path(__file__).resolve().parents[4] / "resources" / "reference" / "proteins.csv"


def known_mass_kda(target: str) -> float | None:
    """Return the mass of a protein (kDa), None where the reference table does not list it.

    Parameters
    ----------
    target : str
        Name of the protein in any usual spelling: ``p-mTOR (Ser2448)``, ``phospho-GSK3β``, ``PSD-95``.
    """
    name = plain_name(target)
    return _masses_kda().get(name) or (_masses_kda().get(name[1:]) if name.startswith("p") else None)


@cache
def _masses_kda() -> dict[str, float]:
    """Masses by every name the reference table gives a protein."""
    masses = {}
    with PROTEINS.open(encoding="utf-8") as table:
        for row in csv.DictReader(table):
            for name in (row["protein"], *row["synonyms"].split(";")):
                masses[plain_name(name)] = float(row["kda"])
    return masses


def plain_name(name: str) -> str:
    """Return a protein's name without case, hyphens, Greek letters and phosphorylated sites, which labs vary."""
    for letter, word in (("β", "b"), ("α", "a"), ("beta", "b"), ("alpha", "a")):
        name = name.lower().replace(letter, word)
    name = re.sub(r"\(.*?\)", "", name)
    name = re.sub(r"^(phospho|p)[-_ ]+|[-_ ]+(p?[sty]\d+)(/[sty]?\d+)*$", "", name.strip())
    name = re.sub(r"^(phospho|p)[-_ ]*[sty]\d+[-_ ]*", "", name)
    return re.sub(r"[^a-z0-9]", "", name)
