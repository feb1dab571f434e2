"""Units in headings: ``Weight (g)``, ``Dose [µg/kg]``, ``load_ug``; and by what a value in another unit is multiplied.

A column of the documented tables carries its unit as the last part of its name (``weight_g``, ``dose_mg_per_kg``). A
heading may give the same unit in brackets, or another unit of the same kind, which is converted.
"""

import re
from dataclasses import dataclass

# Units by kind, as factors to one unit of that kind.
MASS = {"kg": 1e3, "g": 1.0, "mg": 1e-3, "ug": 1e-6, "ng": 1e-9}
TIME = {"h": 3600.0, "min": 60.0, "s": 1.0, "ms": 1e-3}
VOLUME = {"l": 1.0, "ml": 1e-3, "ul": 1e-6, "nl": 1e-9}
LENGTH = {"mm": 1e-3, "um": 1e-6, "nm": 1e-9}
MOLAR = {"molar": 1.0, "millimolar": 1e-3, "um": 1e-6, "nanomolar": 1e-9, "picomolar": 1e-12}
DOSE = {f"{mass}_per_kg": factor for mass, factor in MASS.items() if mass != "kg"}
FLOW = {
    f"{volume}_per_{time}": VOLUME[volume] / TIME[time] for volume in ("ml", "ul", "nl") for time in ("h", "min", "s")
}
KINDS = (DOSE, FLOW, MASS, TIME, VOLUME, LENGTH, {"kda": 1e3, "da": 1.0}, {"pct": 1.0}, {"px": 1.0}, {"hz": 1.0})
MOLAR_WORDS = {"M": "molar", "mM": "millimolar", "uM": "um", "nM": "nanomolar", "pM": "picomolar"}
SPELLINGS = {
    **dict.fromkeys(("%", "percent", "prozent"), "pct"),
    **dict.fromkeys(("sec", "sek", "seconds"), "s"),
    **dict.fromkeys(("minutes", "mins"), "min"),
    **dict.fromkeys(("hr", "hrs", "hours", "std"), "h"),
    **dict.fromkeys(("gram", "grams", "gramm"), "g"),
    **dict.fromkeys(("pixel", "pixels"), "px"),
    "mcg": "ug",
    "mol/l": "molar",
    "mmol/l": "millimolar",
    "umol/l": "um",
    "nmol/l": "nanomolar",
    "pmol/l": "picomolar",
}
BRACKETED = re.compile(r"^(?P<name>[^()\[\]]+?)[\s_]*[(\[]\s*(?P<unit>[^()\[\]]+?)\s*[)\]]$")


@dataclass(frozen=True)
class Reading:
    """How a heading is read: the documented column, and the factor its values are multiplied by."""

    column: str
    factor: float
    unit: str


def plain(heading: str) -> str:
    """A heading in the letters of the documented names: ``Animal ID`` is ``animal_id``."""
    return re.sub(r"[\s-]+", "_", heading.strip().lower())


def reading(heading: str, columns: list[str]) -> Reading | None:
    """Find the documented column that a heading with a unit means.

    Parameters
    ----------
    heading : str
        As typed: ``Weight (g)``, ``Dose [µg/kg]``, ``weight_kg``, ``Weight g``.
    columns : list of str
        Documented columns that no other heading gives.

    Returns
    -------
    Reading or None
        None where no column of that name takes a unit of that kind.
    """
    bracketed = BRACKETED.match(heading.strip())
    if bracketed:
        name, unit = plain(bracketed["name"]), spelled(bracketed["unit"])
        candidates = [(name, unit)]
    else:
        name = plain(heading)
        candidates = [(name[: -len(unit) - 1], unit) for kind in KINDS for unit in kind if name.endswith(f"_{unit}")]
    for stem, unit in sorted(candidates, key=lambda pair: -len(pair[1])):
        for column in columns:
            if (factor := _factor(stem, unit, column)) is not None:
                return Reading(column, factor, unit)
    return None


def spelled(unit: str) -> str:
    """A unit as it ends the documented names: ``µg/kg`` is ``ug_per_kg``."""
    plain_unit = unit.strip().replace("µ", "u").replace("μ", "u")
    if plain_unit in MOLAR_WORDS:
        return MOLAR_WORDS[plain_unit]
    plain_unit = plain_unit.lower().replace(" ", "")
    plain_unit = SPELLINGS.get(plain_unit, plain_unit)
    return re.sub(r"/|_?per_?", "_per_", plain_unit)


def _factor(stem: str, unit: str, column: str) -> float | None:
    """What values are multiplied by to be in a column's unit; None where the column is another or has no such unit."""
    if column == stem and stem == unit:
        return 1.0
    kinds = (MOLAR,) if column.startswith("concentration") and column.endswith("_um") else KINDS
    for kind in kinds:
        for own, factor in kind.items():
            if column == f"{stem}_{own}" and unit in kind:
                return kind[unit] / factor
    return None
