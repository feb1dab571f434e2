"""The worked examples of docs/statistics_examples.md: each plan, over the values of its table, gives the numbers."""

import math
import re
from pathlib import Path

import pandas as pd
import pytest
import yaml

from ketaflow import statistics

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "statistics_examples.md").read_text(encoding="utf-8")
EXAMPLES = {text.splitlines()[0]: text for text in re.split(r"^## ", PAGE, flags=re.M)[1:]}
NONE = pd.DataFrame(
    columns=["assay", "recording", "animal", "place", "check", "value", "unit", "low", "high", "verdict", "message"]
)


def tables(text: str) -> list[list[dict[str, str]]]:
    """The Markdown tables of a text, as rows of cells by heading."""
    found = []
    for block in re.findall(r"(?:^\|.*\n)+", text, flags=re.M):
        head, _, *rows = [[cell.strip() for cell in line.strip(" |").split("|")] for line in block.splitlines()]
        found.append([dict(zip(head, row, strict=True)) for row in rows])
    return found


def analysed(values: list[dict[str, str]], plan: dict) -> pd.DataFrame:
    """Contrasts of the planned analysis of the values that a table lists."""
    (endpoint,) = plan["endpoints"].values()
    rows = [
        {
            "arm": row["arm"],
            "animal": row.get("animal") or f"{row['arm']}_{place}",
            "sample": f"d{place}",
            "value": float(cell),
        }
        for row in values
        for place, cell in enumerate(row["values"].split(","))
    ]
    measured = pd.DataFrame(rows)
    arms = pd.DataFrame(values).drop_duplicates("arm")
    names = list(arms["arm"])
    people = measured.drop_duplicates("animal")
    given = statistics.StudyTables(
        measurements=measured.assign(assay=endpoint["assay"], measure=endpoint["measure"], unit="u")
        if endpoint.get("design") == "nested"
        else measured.drop(columns="sample").assign(assay=endpoint["assay"], measure=endpoint["measure"], unit="u"),
        checks=NONE,
        animals=pd.DataFrame({"animal": people["animal"], "sex": "unknown", "cage": None, "litter": None}),
        arms=pd.DataFrame({
            "arm": names, "control": [place == 0 for place in range(len(names))],
            "drug": list(arms["drug"]) if "drug" in arms else ["saline", *["ketamine"] * (len(names) - 1)],
            "dose_mg_per_kg": [float(re.sub(r"\D", "", name) or 0) for name in names],
            "pretreatment": list(arms["pretreatment"]) if "pretreatment" in arms else None, "stressor": None,
        }),
        allocation=people[["animal", "arm"]].reset_index(drop=True),
        rejected=None,
    )  # fmt: skip
    measures = {endpoint["assay"]: {endpoint["measure"]: {"unit": "u", "direction": "none", "endpoint": True}}}
    settings = statistics.Settings(min_animals_per_arm=3, power=0.8)
    return statistics.analyse(given, {"alpha": 0.05, **plan}, measures, settings)["contrasts"]


@pytest.mark.parametrize("title", EXAMPLES)
def test_every_printed_number_is_what_the_plan_gives(title):
    values, printed = tables(EXAMPLES[title])
    (plan,) = re.findall(r"```yaml\n(.*?)```", EXAMPLES[title], flags=re.S)
    found = analysed(values, yaml.safe_load(plan))
    assert len(found) == len(printed)
    for row, computed in zip(printed, found.to_dict("records"), strict=True):
        columns = {"lower": "ci_low", "upper": "ci_high", "t": "statistic", "adjusted p": "p_adjusted"}
        columns["ratio" if "ratio" in row else "difference"] = "estimate"
        for heading, column in columns.items():
            # Estimates on the log scale are printed as ratios.
            is_ratio = "ratio" in row and column in ("estimate", "ci_low", "ci_high")
            value = math.exp(computed[column]) if is_ratio else computed[column]
            digits = len(row[heading].partition(".")[2])
            assert round(value, digits) == float(row[heading]), (row["comparison"], heading, value)


@pytest.mark.parametrize("title", EXAMPLES)
def test_the_printed_means_and_variances_are_those_of_the_values(title):
    for row in tables(EXAMPLES[title])[0]:
        values = pd.Series([float(cell) for cell in row["values"].split(",")])
        found_by = {
            "mean": values.mean(),
            "variance": values.var(),
            "geometric mean": values.prod() ** (1 / len(values)),
        }
        for heading, found in found_by.items():
            if heading in row:
                digits = len(row[heading].partition(".")[2])
                assert round(found, digits) == float(row[heading])
