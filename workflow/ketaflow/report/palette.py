"""One palette for the arms of all figures: the control grey, each drug a hue, doses of a drug by lightness.

On the light and on the dark page every colour has a contrast of at least 3:1 with the ground (WCAG 2.2, 1.4.11). The
hues blue, orange, green and purple are told apart with the common colour blindnesses (after Okabe & Ito 2008). Higher
doses contrast more with the ground.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

CONTROL = ("#6a7177", "#a6afb7")
# For each hue the colours of the lowest and the highest dose, on the light and on the dark page.
RAMPS = (
    (("#4596c6", "#08396b"), ("#3f84b8", "#b4dcfb")),
    (("#cd761a", "#6f3300"), ("#b36a20", "#ffcf99")),
    (("#2b9a73", "#0a4a37"), ("#2f8b6b", "#a6ecd2")),
    (("#b069a5", "#562653"), ("#a4629b", "#f1c9ea")),
)
# Palettes of figures for papers: the hues of the page, those of Okabe & Ito (2008, Color Universal Design), or greys.
PALETTES = {
    "page": RAMPS,
    "okabe_ito": (
        (("#56b4e9", "#0072b2"), ("#56b4e9", "#0072b2")),
        (("#e69f00", "#d55e00"), ("#e69f00", "#d55e00")),
        (("#4fbf9f", "#009e73"), ("#4fbf9f", "#009e73")),
        (("#cc79a7", "#8a3f68"), ("#cc79a7", "#8a3f68")),
    ),
    "grey": ((("#8c8c8c", "#000000"), ("#8c8c8c", "#000000")),),
}
GROUND = ("#fbfbf9", "#14171a")
# Weights of red, green and blue in the relative luminance, and the linear part of sRGB (WCAG 2.2).
LUMINANCE_WEIGHTS = (0.2126, 0.7152, 0.0722)
LINEAR_BELOW = 0.04045
LINEAR_SLOPE = 12.92


@dataclass(frozen=True)
class Arm:
    """An arm as figures show it.

    Attributes
    ----------
    place : int
        Position among the arms, 0 for the first.
    dose_mg_per_kg : float
        0 for vehicle.
    drug : str
        Drug, with the pretreatment if there is one.
    colours : (light, dark) str
        Colours on the light and the dark page.
    """

    name: str
    label: str
    place: int
    is_control: bool
    dose_mg_per_kg: float
    drug: str
    colours: tuple[str, str]

    @property
    def colour(self) -> str:
        """The colour as a custom property of the page."""
        return f"var(--arm-{self.place})"


def arms(table: pd.DataFrame, colours: str = "page") -> list[Arm]:
    """Return the arms with labels and colours.

    Parameters
    ----------
    table : data frame
        Rows of arms.csv: ``arm``, ``control``, ``drug``, ``dose_mg_per_kg``; optionally ``label``, ``order``,
        ``pretreatment``.
    colours : {"page", "okabe_ito", "grey"}
        Palette of the treated arms.

    Returns
    -------
    list of Arm
        Control first, then by ``order``, then by dose.
    """
    ordered = _ordered(table)
    drugs = [str(drug) for drug in _drugs(ordered)]
    is_control = [bool(one) for one in ordered["control"]]
    hues = list(dict.fromkeys(drug for drug, control in zip(drugs, is_control, strict=True) if not control))
    made = []
    for place, row in enumerate(ordered.to_dict("records")):
        same_drug = [other for other, drug in enumerate(drugs) if drug == drugs[place] and not is_control[other]]
        own = CONTROL
        if not is_control[place]:
            ramps = PALETTES[colours]
            ramp = ramps[hues.index(drugs[place]) % len(ramps)]
            own = _shades(ramp, same_drug.index(place), len(same_drug))
        label = row.get("label")
        name = str(row["arm"])
        label = label if isinstance(label, str) and label else name
        dose = float(row["dose_mg_per_kg"])
        made.append(Arm(name, label, place, is_control[place], dose, drugs[place], own))
    return made


def labels(known: Sequence[Arm]) -> dict[str, str]:
    """Return the label of each arm by its name."""
    return {arm.name: arm.label for arm in known}


def css(known: Sequence[Arm]) -> str:
    """Return the custom properties of the arms' colours, light and dark."""
    light, dark = ("".join(f"--arm-{arm.place}:{arm.colours[theme]};" for arm in known) for theme in (0, 1))
    return f":root{{{light}}}@media (prefers-color-scheme:dark){{:root{{{dark}}}}}@media print{{:root{{{light}}}}}"


def contrast(one: str, other: str) -> float:
    """Return the contrast ratio of two colours, 1 to 21 (WCAG 2.2)."""
    brighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (brighter + 0.05) / (darker + 0.05)


def _ordered(table: pd.DataFrame) -> pd.DataFrame:
    order = pd.to_numeric(table["order"]) if "order" in table else pd.Series(float("nan"), index=table.index)
    keys = pd.DataFrame(
        {"control": ~table["control"].astype(bool), "order": order, "dose": pd.to_numeric(table["dose_mg_per_kg"])}
    )
    return table.loc[keys.sort_values(["control", "order", "dose"], kind="stable").index].reset_index(drop=True)


def _drugs(ordered: pd.DataFrame) -> pd.Series:
    drugs = ordered["drug"].fillna("").astype(str)
    if "pretreatment" not in ordered:
        return drugs
    given = ordered["pretreatment"].notna()
    return drugs + (" + " + ordered["pretreatment"].fillna("").astype(str)).where(given, "")


def _shades(ramp: tuple[tuple[str, str], tuple[str, str]], place: int, count: int) -> tuple[str, str]:
    share = place / (count - 1) if count > 1 else 0.5
    light, dark = ramp
    return _between(*light, share), _between(*dark, share)


def _between(first: str, last: str, share: float) -> str:
    return "#" + "".join(f"{round(a + (b - a) * share):02x}" for a, b in zip(_rgb(first), _rgb(last), strict=True))


def _rgb(colour: str) -> list[int]:
    return [int(colour[at : at + 2], 16) for at in (1, 3, 5)]


def _luminance(colour: str) -> float:
    parts = [value / 255 for value in _rgb(colour)]
    linear = [part / LINEAR_SLOPE if part <= LINEAR_BELOW else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return sum(weight * part for weight, part in zip(LUMINANCE_WEIGHTS, linear, strict=True))
