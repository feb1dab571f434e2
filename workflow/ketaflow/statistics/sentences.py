"""What was found and what was done, in plain lines."""

from collections.abc import Mapping

import pandas as pd


def sentences(tables: Mapping[str, pd.DataFrame]) -> list[dict]:
    """One line per contrast: endpoint, dataset, contrast, level and the sentence."""
    keys = ["endpoint", "dataset", "contrast", "level", "reference", "sensitivity"]
    return [
        {key: "" if pd.isna(row[key]) else row[key] for key in keys} | {"sentence": sentence(row)}
        for row in tables["contrasts"].to_dict("records")
    ]


def sentence(row: Mapping) -> str:
    """One contrast in words."""
    who = (
        f"{row['level']} vs {row['reference']}"
        if isinstance(row["reference"], str) and row["reference"]
        else row["contrast"]
    )
    if pd.isna(row["p_value"]):
        return f"{row['endpoint']}, {who}: {row['note']}."
    return f"{row['endpoint']}, {who}: {row['estimate']:.4g}, p = {row['p_adjusted']:.3g}."


def methods_paragraph(plan: Mapping, tables: Mapping[str, pd.DataFrame]) -> str:
    """A methods section of what was run."""
    return f"{len(plan['endpoints'])} endpoints were compared at alpha = {plan['alpha']}."
