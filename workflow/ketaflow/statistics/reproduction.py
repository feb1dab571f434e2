"""Files from which others reproduce the statistics: values, tables of the cohort, plan, results, and two scripts.

The script in Python runs ketaflow's statistics on the values; the one in R fits the models with lme4 and emmeans. Both
compare every p value with the tables.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from ketaflow.statistics.model import Settings
from ketaflow.statistics.templates import reproduce

# Statistics tables that are exported.
TABLES = ("values", "contrasts", "omnibus", "diagnostics", "dose_response")


def facts(
    plan: Mapping[str, Any], described: Mapping[str, Mapping[str, Mapping[str, Any]]], settings: Settings
) -> dict[str, Any]:
    """Collect what the scripts need to know beside the values.

    Parameters
    ----------
    plan : mapping
        The filled plan that was carried out.
    described : mapping
        ``described[assay][measure]`` is an entry of ``measures.yaml``.
    settings : Settings

    Returns
    -------
    dict
        ``plan``, ``measures`` (those the plan names) and ``settings``.
    """
    measures: dict[str, dict[str, Any]] = {}
    for endpoint in plan["endpoints"].values():
        assay, name = endpoint["assay"], endpoint["measure"]
        if name in described.get(assay, {}):
            measures.setdefault(assay, {})[name] = dict(described[assay][name])
    return {"plan": dict(plan), "measures": measures, "settings": vars(settings)}


def files(
    tables: Mapping[str, pd.DataFrame], cohort: Mapping[str, pd.DataFrame], known: Mapping[str, Any]
) -> dict[str, pd.DataFrame | str]:
    """Files of the folder; tables are written as ``<name>.csv``.

    Parameters
    ----------
    tables : mapping of str to data frame
        The statistics tables.
    cohort : mapping of str to data frame
        ``animals``, ``arms`` and ``allocation``.
    known : mapping
        What ``facts`` returned.

    Returns
    -------
    dict of str to data frame or str
        Tables by name, and the other files with their content by file name.
    """
    templates = Path(reproduce.__file__).parent
    scripts = {name: (templates / name).read_text(encoding="utf-8") for name in ("reproduce.py", "reproduce.R")}
    return {
        **{name: tables[name] for name in TABLES},
        **{name: cohort[name] for name in ("animals", "arms", "allocation")},
        "analysis.json": json.dumps(known, indent=1, ensure_ascii=False, default=str),
        **scripts,
    }
