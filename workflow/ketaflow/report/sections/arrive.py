"""What a paper must report about an animal study, and whether the tables of this cohort hold it.

After the Essential 10 of ARRIVE 2.0 (Percie du Sert 2020, PLoS Biol 18:e3000410, doi:10.1371/journal.pbio.3000410).
"""

from dataclasses import dataclass

import pandas as pd

from ketaflow.report import formatting
from ketaflow.report.model import Plan, Study

# Columns of animals.csv to report, and their topics.
ANIMAL_TOPICS = {
    "strain": "Strain",
    "sex": "Sex",
    "birth_date": "Age",
    "weight_g": "Weight",
    "cage": "Housing groups",
    "litter": "Litter",
}
# Up to so many different values are listed one by one.
MOST_LISTED = 4


@dataclass(frozen=True)
class Item:
    """One thing to report.

    Attributes
    ----------
    state : {"held", "missing", "yours"}
        Held by the tables; could be in a table but is not; known to the lab alone.
    text : str
        What to write, or what to add.
    """

    topic: str
    state: str
    text: str


def items(study: Study) -> list[Item]:
    """List what to report, in the order of ARRIVE."""
    return [
        _design(study),
        *_plan(study.plan),
        Item("Randomisation", "yours", "How animals were allocated to arms (method, who, blocked by cage or sex)."),
        *_blinding(study),
        *_animals(study.animals, study.allocation),
        *_procedures(study.arms),
        Item("Ethics and registration", "yours", "Licence, approving body, and where the protocol was registered."),
    ]


def _design(study: Study) -> Item:
    sizes = study.allocation.groupby("arm")["animal"].nunique()
    counts = ", ".join(f"{arm} {sizes.get(arm, 0)}" for arm in study.arms["arm"])
    text = f"{len(study.arms)} arms; animals allocated: {counts}. The experimental unit is the animal."
    return Item("Groups and animals per group", "held", text)


def _plan(plan: Plan | None) -> list[Item]:
    if plan is None:
        text = "No plan.yaml: everything on this page is exploratory. Write the plan before unblinding."
        return [Item("Plan", "missing", text)]
    return [_sample_size(plan), _exclusion_criteria(plan), _primary_outcome(plan)]


def _sample_size(plan: Plan) -> Item:
    sized = [name for name, endpoint in plan.endpoints.items() if endpoint.smallest_effect]
    if not sized:
        text = "No endpoint declares smallest_effect; state how the number of animals was chosen."
        return Item("Sample size", "missing", text)
    text = f"smallest_effect is declared for {formatting.listed(sized)}; state how the number of animals was chosen."
    return Item("Sample size", "yours", text)


def _exclusion_criteria(plan: Plan) -> Item:
    n_rules = sum(endpoint.n_exclusion_rules for endpoint in plan.endpoints.values())
    if not n_rules:
        text = "The plan has no exclusion rules; state whether there were any criteria."
        return Item("Exclusion criteria", "missing", text)
    return Item("Exclusion criteria", "held", f"The plan has {formatting.count(n_rules, 'rule')}.")


def _primary_outcome(plan: Plan) -> Item:
    primary = [name for name, endpoint in plan.endpoints.items() if endpoint.role == "primary"]
    if len(primary) == 1:
        return Item("Primary outcome", "held", f"{primary[0]}.")
    text = f"{formatting.count(len(primary), 'primary endpoint')}; one is expected."
    return Item("Primary outcome", "missing", text)


def _blinding(study: Study) -> list[Item]:
    topic = "Blinding of quality review"
    if study.review is not None:
        review = Item(topic, "held", "Recordings were reviewed blind.")
    else:
        review = Item(topic, "missing", "The cohort folder has no review decisions.")
    elsewhere = "Who knew the arm while dosing, testing and handling the tissue."
    return [review, Item("Blinding elsewhere", "yours", elsewhere)]


def _animals(animals: pd.DataFrame, allocation: pd.DataFrame) -> list[Item]:
    used = animals[animals["animal"].isin(allocation["animal"])]
    source = Item("Species and source", "yours", "Species, supplier, health status, previous procedures.")
    return [source, *(_animal_item(used, column, topic) for column, topic in ANIMAL_TOPICS.items())]


def _animal_item(used: pd.DataFrame, column: str, topic: str) -> Item:
    n_known = int(used[column].replace("unknown", None).notna().sum()) if column in used else 0
    if n_known and n_known == len(used):
        return Item(topic, "held", _described(used, column))
    return Item(topic, "missing", f"animals.{column} is known for {n_known} of {len(used)} animals.")


def _described(used: pd.DataFrame, column: str) -> str:
    if column == "weight_g":
        weights = used[column].astype(float)
        return f"{weights.mean():.1f} ± {weights.std():.1f} g (mean ± SD)."
    counts = used[column].value_counts()
    if len(counts) <= MOST_LISTED:
        return ", ".join(f"{value} {count}" for value, count in counts.items()) + "."
    if column == "birth_date":
        return f"Born {used[column].min()} to {used[column].max()}."
    return f"{len(counts)} {column}s."


def _procedures(arms: pd.DataFrame) -> list[Item]:
    drugs = ", ".join(f"{drug} {dose:g} mg/kg" for drug, dose in zip(arms["drug"], arms["dose_mg_per_kg"], strict=True))
    routes = [str(route) for route in arms["route"].dropna().unique()] if "route" in arms else []
    procedures = "Time from dose to each test, time of day, apparatus, anaesthesia, tissue handling."
    return [
        Item("Drug and dose", "held", f"{drugs}."),
        Item("Route", "held", f"{', '.join(routes)}.") if routes else Item("Route", "missing", "arms.route is empty."),
        Item("Timing and procedures", "yours", procedures),
    ]
