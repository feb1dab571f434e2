"""What a paper must tell of an animal study, and whether this cohort's tables hold it.

After the Essential 10 of ARRIVE 2.0 (Percie du Sert 2020, PLoS Biol 18:e3000410, doi:10.1371/journal.pbio.3000410).
``held`` stands in the tables or in this page; ``missing`` could stand in a table and does not; ``yours`` is known to
the lab alone.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from ketaflow.report import formatting


@dataclass(frozen=True)
class Item:
    """One thing to report: its topic, whether it is held, missing or yours, and what to write or add."""

    topic: str
    state: str
    told: str


def items(
    animals: pd.DataFrame, arms: pd.DataFrame, allocation: pd.DataFrame, plan: Mapping | None, has_review: bool
) -> list[Item]:
    """The list, in ARRIVE's order."""
    return [
        *_design(arms, allocation),
        *_plan(plan),
        Item("Randomisation", "yours", "How animals were allocated to arms (method, who, blocked by cage or sex)."),
        *_blinding(has_review),
        *_animals(animals, allocation),
        *_procedures(arms),
        Item("Ethics and registration", "yours", "Licence, approving body, and where the protocol was registered."),
    ]


def _design(arms: pd.DataFrame, allocation: pd.DataFrame) -> list[Item]:
    sizes = allocation.groupby("arm")["animal"].nunique()
    told = ", ".join(f"{arm} {sizes.get(arm, 0)}" for arm in arms["arm"])
    return [
        Item(
            "Groups and animals per group",
            "held",
            f"{len(arms)} arms; animals allocated: {told}. The unit is the animal.",
        ),
    ]


def _plan(plan: Mapping | None) -> list[Item]:
    if plan is None:
        return [
            Item(
                "Plan",
                "missing",
                "No plan.yaml: everything on this page is exploratory. Write the plan before unblinding.",
            )
        ]
    endpoints = plan["endpoints"]
    primary = [name for name, endpoint in endpoints.items() if endpoint.get("role") == "primary"]
    sized = [name for name, endpoint in endpoints.items() if endpoint.get("smallest_effect")]
    rules = sum(len(endpoint.get("exclude") or []) for endpoint in endpoints.values())
    return [
        Item(
            "Sample size",
            "held" if sized else "missing",
            f"smallest_effect is declared for {formatting.listed(sized)}; say how the number of animals was chosen."
            if sized
            else "No endpoint declares smallest_effect: say how the number of animals was chosen.",
        ),
        Item(
            "Exclusion criteria",
            "held" if rules else "missing",
            f"{formatting.count(rules, 'rule')} set in the plan."
            if rules
            else "The plan sets no exclusion rules; say whether there were any.",
        ),
        Item(
            "Primary outcome",
            "held" if len(primary) == 1 else "missing",
            f"{formatting.listed(primary)}."
            if len(primary) == 1
            else f"{formatting.count(len(primary), 'primary endpoint')}; one is expected.",
        ),
    ]


def _blinding(has_review: bool) -> list[Item]:
    state, told = (
        ("held", "Recordings were reviewed under codes.")
        if has_review
        else ("missing", "No review decisions are in the cohort folder.")
    )
    return [
        Item("Blinding of quality review", state, told),
        Item("Blinding elsewhere", "yours", "Who knew the arm while dosing, testing and handling the tissue."),
    ]


def _animals(animals: pd.DataFrame, allocation: pd.DataFrame) -> list[Item]:
    used = animals[animals["animal"].isin(allocation["animal"])]
    made = [Item("Species and source", "yours", "Species, supplier, health status, previous procedures.")]
    topics = {
        "strain": "Strain",
        "sex": "Sex",
        "birth_date": "Age",
        "weight_g": "Weight",
        "cage": "Housing groups",
        "litter": "Litter",
    }
    for column, topic in topics.items():
        known = used[column].replace("unknown", None).notna().sum() if column in used else 0
        whole = known == len(used) and known > 0
        told = _known(used, column) if whole else f"animals.{column} is known for {known} of {len(used)} animals."
        made.append(Item(topic, "held" if whole else "missing", told))
    return made


def _known(used: pd.DataFrame, column: str) -> str:
    if column == "weight_g":
        weights = used[column].astype(float)
        return f"{weights.mean():.1f} ± {weights.std():.1f} g (mean ± SD)."
    counts = used[column].value_counts()
    if len(counts) <= 4:
        return ", ".join(f"{value} {count}" for value, count in counts.items()) + "."
    return (
        f"{len(counts)} {column}s." if column != "birth_date" else f"Born {used[column].min()} to {used[column].max()}."
    )


def _procedures(arms: pd.DataFrame) -> list[Item]:
    routes = arms["route"].dropna().unique() if "route" in arms else []
    drugs = ", ".join(f"{row.drug} {row.dose_mg_per_kg:g} mg/kg" for row in arms.itertuples())
    return [
        Item("Drug and dose", "held", f"{drugs}."),
        Item(
            "Route",
            "held" if len(routes) else "missing",
            f"{', '.join(map(str, routes))}" if len(routes) else "arms.route is empty.",
        ),
        Item(
            "Timing and procedures",
            "yours",
            "Time from dose to each test, time of day, apparatus, anaesthesia, tissue handling.",
        ),
    ]
