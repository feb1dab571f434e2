"""Plates drawn from a known curve: layouts, log-normal noise, and faults in wells whose names are known.

Nothing of the assay's own simulation is used, so that tests do not agree with the program by sharing its code.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

import numpy as np

from ketaflow import assays
from ketaflow.assays.elisa.model import Plate, QcSettings, QuantifySettings, Source, Well, WellRow
from ketaflow.core.inputs import build
from ketaflow.core.settings import with_defaults

DEFAULTS = with_defaults({}, assays.described("elisa", "settings.schema"))
ROWS = "ABCDEFGH"


@dataclass(frozen=True)
class Kit:
    """The curve ``bottom + span * (x / (x + c)) ...`` of a kit and its standards."""

    bottom: float = 0.06
    top: float = 3.2
    c: float = 900.0
    b: float = 1.15
    g: float = 1.0
    levels: tuple[float, ...] = (1000, 500, 250, 125, 62.5, 31.25, 15.6, 7.8)

    def response(self, x):
        """Response at concentrations."""
        power = (np.asarray(x, float) / self.c) ** self.b
        return self.top + (self.bottom - self.top) / (1 + power) ** self.g


@dataclass
class Layout:
    """What is in each well: the row of the table, and the concentration in the well."""

    rows: dict[str, WellRow] = field(default_factory=dict)
    truth: dict[str, float] = field(default_factory=dict)

    def put(self, wells: Iterable[str], sample: str, in_well: float, **more) -> None:
        """Fill wells with one sample."""
        for well in wells:
            self.rows[well] = well_row(well, sample, **more)
            self.truth[well] = in_well


def well_row(well: str, sample: str, **more) -> WellRow:
    """A row of the table, empty but for what is given."""
    empty = WellRow("P1", well, sample, None, "BDNF", None, None, None, None, None, None, None, None)
    return replace(empty, **more)


def standards_down(kit: Kit, layout: Layout, columns=(1, 2)) -> None:
    """Standards from row A downwards, in duplicate, and blanks at the end where there is room."""
    for place, level in enumerate(kit.levels):
        wells = [f"{ROWS[place]}{column}" for column in columns]
        layout.put(wells, "standard", level, concentration_pg_per_ml=level)


def usual(kit: Kit, rng: np.random.Generator, *, blanks: bool = True, animals: int = 36) -> Layout:
    """Eight standards in columns 1 and 2, blanks in H11 and H12, animals side by side in duplicate."""
    layout = Layout()
    standards_down(kit, layout)
    pairs = [(f"{row}{column}", f"{row}{column + 1}") for column in range(3, 12, 2) for row in ROWS]
    if blanks:
        layout.put(pairs.pop(), "blank", 0.0)
    low, high = np.log(min(kit.levels)), np.log(max(kit.levels))
    for number, pair in enumerate(pairs[:animals], start=1):
        x = float(np.exp(rng.uniform(low, high)))
        layout.put(pair, "animal", x, animal=f"M{number:02d}", matrix="plasma", dilution_factor=2.0)
    return layout


def responses(kit: Kit, layout: Layout, rng: np.random.Generator, noise: float = 0.05) -> dict[str, float]:
    """Responses of all wells with log-normal noise."""
    return {
        well: float(kit.response(x) * rng.lognormal(0, noise)) if noise else float(kit.response(x))
        for well, x in layout.truth.items()
    }


def plate(layout: Layout, values: dict[str, float]) -> Plate:
    """The plate as ``ingest`` returns it."""
    response = np.full((8, 12), np.nan)
    for well, value in values.items():
        response[ROWS.index(well[0]), int(well[1:]) - 1] = value
    wells = [
        Well(well, ROWS.index(well[0]), int(well[1:]) - 1, row, values.get(well, np.nan))
        for well, row in sorted(layout.rows.items(), key=lambda item: (item[0][0], int(item[0][1:])))
    ]
    return Plate("P1", wells, response, Source("drawn", "450 nm", 450.0, "", []), [])


def settings(**changed) -> QuantifySettings:
    """Default settings of ``quantify``, some of them changed."""
    return replace(build(QuantifySettings, DEFAULTS["quantify"]), **changed)


def qc_settings(**changed) -> QcSettings:
    """Default settings of ``qc``, some of them changed."""
    return replace(build(QcSettings, DEFAULTS["qc"]), **changed)


def exchanged(values: dict[str, float], first: str, second: str) -> dict[str, float]:
    """Responses with two rows exchanged."""
    names = {first: second, second: first}
    return {names.get(well[0], well[0]) + well[1:]: value for well, value in values.items()}


def whole_plate(kit: Kit, layout: Layout, rng: np.random.Generator, noise: float = 0.05) -> dict[str, float]:
    """Responses of all 96 wells; empty ones read as plastic does."""
    values = {f"{row}{column}": 0.05 * rng.lognormal(0, 0.03) for row in ROWS for column in range(1, 13)}
    return values | responses(kit, layout, rng, noise)
