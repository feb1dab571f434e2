"""One palette for arms, everywhere: the control in grey, each drug a hue, rising dose away from the ground.

In light and in dark every colour has a contrast of 3:1 or more with the page (WCAG 2.2, 1.4.11). Hues
are blue, orange, green, purple, which people with the common colour blindnesses tell apart (after
Okabe & Ito 2008); doses of one drug differ in lightness.
"""

from dataclasses import dataclass

import pandas as pd

CONTROL = ("#6a7177", "#a6afb7")
# Lowest to highest dose: (first, last) on the light page, (first, last) on the dark page.
RAMPS = (
    (("#4596c6", "#08396b"), ("#3f84b8", "#b4dcfb")),
    (("#cd761a", "#6f3300"), ("#b36a20", "#ffcf99")),
    (("#2b9a73", "#0a4a37"), ("#2f8b6b", "#a6ecd2")),
    (("#b069a5", "#562653"), ("#a4629b", "#f1c9ea")),
)
GROUND = ("#fbfbf9", "#14171a")


@dataclass(frozen=True)
class Arm:
    """An arm as figures show it; ``colours`` are those of the light and of the dark page."""

    name: str
    label: str
    place: int
    is_control: bool
    dose_mg_per_kg: float
    drug: str
    colours: tuple[str, str]

    @property
    def colour(self) -> str:
        """The colour as the pages' style sheet knows it."""
        return f"var(--arm-{self.place})"


def arms(table: pd.DataFrame) -> list[Arm]:
    """Arms in their one order (control, then ``order``, then dose) with label and colours."""
    ordered = _ordered(table)
    drugs = ordered["drug"].fillna("").astype(str)
    if "pretreatment" in ordered:
        drugs = drugs + ordered["pretreatment"].fillna("").astype(str).radd(" + ").where(
            ordered["pretreatment"].notna(), ""
        )
    control = ordered["control"].astype(bool)
    hues = list(dict.fromkeys(drugs[~control]))
    made = []
    for place, row in enumerate(ordered.itertuples(index=False)):
        same = [other for other in range(len(ordered)) if drugs[other] == drugs[place] and not control[other]]
        colours = CONTROL if control[place] else _shade(hues.index(drugs[place]), same.index(place), len(same))
        label = getattr(row, "label", None)
        label = label if isinstance(label, str) and label else str(row.arm)
        made.append(
            Arm(str(row.arm), label, place, bool(control[place]), float(row.dose_mg_per_kg), drugs[place], colours)
        )
    return made


def css(known: list[Arm]) -> str:
    """Custom properties of the arms' colours, light and dark."""
    light, dark = ("".join(f"--arm-{arm.place}:{arm.colours[theme]};" for arm in known) for theme in (0, 1))
    return f":root{{{light}}}@media (prefers-color-scheme:dark){{:root{{{dark}}}}}@media print{{:root{{{light}}}}}"


def contrast(one: str, other: str) -> float:
    """Contrast ratio of two colours, 1 to 21 (WCAG 2.2, relative luminance)."""
    brighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (brighter + 0.05) / (darker + 0.05)


def _ordered(table: pd.DataFrame) -> pd.DataFrame:
    order = pd.to_numeric(table["order"]) if "order" in table else pd.Series(float("nan"), index=table.index)
    keys = pd.DataFrame(
        {"control": ~table["control"].astype(bool), "order": order, "dose": pd.to_numeric(table["dose_mg_per_kg"])}
    )
    return table.loc[keys.sort_values(["control", "order", "dose"], kind="stable").index].reset_index(drop=True)


def _shade(hue: int, place: int, count: int) -> tuple[str, str]:
    share = place / (count - 1) if count > 1 else 0.5
    return tuple(_between(*ends, share) for ends in RAMPS[hue % len(RAMPS)])


def _between(first: str, last: str, share: float) -> str:
    return "#" + "".join(f"{round(a + (b - a) * share):02x}" for a, b in zip(_rgb(first), _rgb(last), strict=True))


def _rgb(colour: str) -> list[int]:
    return [int(colour[at : at + 2], 16) for at in (1, 3, 5)]


def _luminance(colour: str) -> float:
    linear = [
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in (v / 255 for v in _rgb(colour))
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
