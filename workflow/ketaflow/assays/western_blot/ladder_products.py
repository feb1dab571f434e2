"""Ladders as sold, and the masses of a ladder as the lane map gives them.

In: the text of a lane map. Out: masses (kDa), from the text or from the reference table
``resources/reference/ladders.csv``.
"""

import csv
from dataclasses import dataclass
from functools import cache
from pathlib import Path

LADDERS = Path(__file__).resolve().parents[4] / "resources" / "reference" / "ladders.csv"


@dataclass(frozen=True)
class Product:
    """A ladder as sold: its name, its catalogue numbers, and the masses of its bands (kDa), descending."""

    name: str
    catalogue: tuple[str, ...]
    kda: tuple[float, ...]


@cache
def products() -> tuple[Product, ...]:
    """Return the ladders of the reference table."""
    with LADDERS.open(encoding="utf-8") as table:
        return tuple(
            Product(row["product"], tuple(row["catalogue"].split(";")), tuple(map(float, row["kda"].split())))
            for row in csv.DictReader(table)
        )


def masses_of(text: str | None) -> tuple[float, ...]:
    """Return the masses of a ladder from the lane map.

    Parameters
    ----------
    text : str or None
        Masses (kDa), ``250 150 100 75``, or a product of the reference table by its name or catalogue number.

    Returns
    -------
    tuple of float
        Empty where the lane map says nothing.

    Raises
    ------
    ValueError
        If the text is neither.
    """
    words = str(text or "").strip()
    for product in products():
        if words and (words.lower() == product.name.lower() or words in product.catalogue):
            return product.kda
    masses = tuple(float(part) for part in words.replace(";", " ").replace("/", " ").split())
    if any(not mass > 0 for mass in masses):
        raise ValueError("masses of a ladder are above zero")
    return masses
