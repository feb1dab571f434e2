"""Figure legends ready for a paper: a text for every target of every membrane.

In: the cohort's tables, ``targets`` and the measurements. Out: rows of ``figure`` and ``legend``. They count animals
and never name a treatment, which nobody knows here; antibodies and exposure times are for the author to add.
"""

import pandas as pd

# What the reasons of flagged and failed values begin with or hold, and how a legend says it.
DOUBTS = (
    ("saturated", "saturated at the detector"),
    ("stronger than", "above the range of the dilution lanes"),
    ("fainter than", "below the range of the dilution lanes"),
    ("faint", "less than three times the noise"),
    ("no signal", "without a signal above background"),
    ("loading control", "without a loading control"),
    ("lanes not found", "on a picture whose lanes could not be found"),
    ("no row of bands", "without a row of bands"),
)
OTHERWISE = "doubtful for another reason"
BACKGROUNDS = {"lane": "a baseline of the lane's own profile", "gap": "a baseline of the gaps beside the lane"}
CONTROLS = ("loading_control", "total_protein")


def legends(targets: pd.DataFrame, measured: pd.DataFrame, lanes: pd.DataFrame) -> pd.DataFrame:
    """One legend for each target of each picture and membrane (columns ``figure``, ``legend``)."""
    made = []
    for row in targets.itertuples():
        loads = lanes[lanes["membrane"].eq(row.membrane) & lanes["sample"].eq("animal")]["load_ug"].dropna().unique()
        values, measure = _values(measured, row)
        parts = [_shown(row, loads), _divided(row, measure), _counted(row, values, measured), _doubtful(values)]
        made.append({"figure": _title(row), "legend": " ".join(filter(None, [*parts, _picture(row)]))})
    return pd.DataFrame(made, columns=["figure", "legend"])


def _title(row: object) -> str:
    repeat = f", repeat {row.repeat}" if row.repeat else ""
    return f"{row.target}, membrane {row.membrane}{repeat}"


def _values(measured: pd.DataFrame, row: object) -> tuple[pd.DataFrame, str]:
    """The values a figure of this picture shows, and which measure they are."""
    own = measured[measured["recording"].eq(row.image) & measured["analyte"].eq(row.target)]
    sample = f"{row.membrane}_{row.repeat}" if row.repeat else row.membrane
    own = own[own["sample"].eq(sample)]
    for measure in ("phospho_to_total_ratio", "normalised_density", "band_volume"):
        rows = own[own["measure"].eq(measure)]
        if len(rows):
            return rows, measure
    return own, "band_volume"


def _shown(row: object, loads: list) -> str:
    mass = f" (expected at {row.expected_kda:g} kDa)" if pd.notna(row.expected_kda) else ""
    load = f", {loads[0]:g} \N{MICRO SIGN}g of protein each" if len(loads) == 1 else ""
    lanes = f"{_number(row.animal_lanes, 'lane')} with {_number(row.animals, 'animal')}"
    if row.animal_lanes == row.animals:
        lanes = f"{_number(row.animal_lanes, 'lane')} with one animal each"
    others = [
        (row.pool_lanes, "pooled reference"), (row.dilution_lanes, "dilution"), (row.ladder_lanes, "ladder"),
    ]  # fmt: skip
    beside = [_number(count, name) for count, name in others if count]
    also = f", beside {_listed(beside)}" if beside else ""
    region = f" in {row.region}" if row.region else ""
    return f"Western blot of {row.target}{mass}{region}: {lanes}{load}{also}."


def _divided(row: object, measure: str) -> str:
    background = BACKGROUNDS.get(row.background_method, "a baseline")
    first = f"Band volumes less background ({background})"
    if row.role in CONTROLS:
        return f"{first}; the {row.role.replace('_', ' ')} by which the other targets of this membrane are divided."
    reference = (
        "the membrane's pooled reference" if row.reference == "pool" else "the geometric mean of the membrane's animals"
    )
    steps = [f"loading ({row.loading_controls.replace('+', ' and ')})"] if row.loading_controls else []
    if measure == "phospho_to_total_ratio":
        total = row.total_target or "the total protein"
        steps = [
            f"{total} of a parallel membrane, each over its own loading"
            if row.parallel
            else f"{total} of the same lane"
        ]
    steps.append(reference)
    averaged = "; the lanes of one animal were averaged geometrically" if row.animal_lanes > row.animals else ""
    return f"{first} were divided by {', then by '.join(steps)}{averaged}."


def _counted(row: object, values: pd.DataFrame, measured: pd.DataFrame) -> str:
    known = values[values["value"].notna()]
    same = measured["analyte"].eq(row.target) & measured["value"].notna()
    if len(values):
        same &= measured["measure"].eq(values["measure"].iloc[0])
        same &= measured["region"].astype(object).fillna("").eq(row.region)
    everywhere = measured[same]["animal"].nunique()
    alone = f"n = {_number(known['animal'].nunique(), 'animal')}"
    return f"{alone} ({everywhere} over all membranes)." if everywhere > known["animal"].nunique() else f"{alone}."


def _doubtful(values: pd.DataFrame) -> str:
    """What is marked or missing, counted by reason; nothing is left out of the values without a decision."""
    said = []
    for status, words in (("flagged", "marked and kept"), ("failed", "without a value")):
        rows = values[values["status"].eq(status)]
        if len(rows):
            counts = rows["reason"].map(_doubt).value_counts()
            listed = _listed([f"{count} {reason}" for reason, count in counts.items()])
            said.append(f"{_number(len(rows), 'animal')} {words}: {listed}.")
    return " ".join(said)


def _doubt(reason: object) -> str:
    return next((words for sign, words in DOUBTS if sign in str(reason)), OTHERWISE)


def _picture(row: object) -> str:
    drawn = f" {_number(row.boxes_drawn, 'box')} drawn by hand." if row.boxes_drawn else ""
    return f"Uncropped {row.bits:.0f}-bit {row.format}.{drawn}"


def _number(count: int, noun: str) -> str:
    plural = noun + ("es" if noun.endswith("x") else "s")
    return f"{count:.0f} {noun if count == 1 else plural}"


def _listed(words: list[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"
