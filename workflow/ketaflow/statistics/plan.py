"""The statistics plan: read, checked against its schema, filled in, locked.

In: ``plan.yaml`` of the cohort folder, written before unblinding. Out: a plan in which every key has a value, or a
PlanError that lists every fault. Without a file, the default plan: each measure that its assay calls an endpoint is
compared with control and labelled exploratory.
"""

import copy
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd
import yaml

from ketaflow.core import clock, files, settings
from ketaflow.core.errors import PlanError, Problem
from ketaflow.core.tables import nearest
from ketaflow.statistics import exclusion_rules

FILE = "plan.yaml"
SCHEMA = yaml.safe_load(Path(__file__).with_name("plan.schema.yaml").read_text(encoding="utf-8"))
ENDPOINT = SCHEMA["$defs"]["endpoint"]
DEFAULT_FAMILY = "exploratory"
REPEATING_DESIGNS = ("nested", "repeated", "crossover")


def read(path: Path) -> dict[str, Any] | None:
    """Read a plan and fill it in; None if there is no file."""
    if not path.is_file():
        return None
    content, problems = settings.read(path)
    if problems:
        raise error(problems)
    return filled(content)


def filled(plan: Mapping[str, Any]) -> dict[str, Any]:
    """Fill in every default; raises PlanError with every fault."""
    if problems := faults(plan):
        raise error(problems)
    return _whole(plan)


def faults(plan: Mapping[str, Any]) -> list[Problem]:
    """Find every fault of a plan that does not depend on the cohort: unknown keys and words, contradictions."""
    found = [fault for fault in settings.problems(dict(plan), SCHEMA, FILE) if ".contrasts." not in fault.column]
    found += _contrast_faults(plan)
    return found or _contradictions(_whole(plan))


def _whole(plan: Mapping[str, Any]) -> dict[str, Any]:
    whole = settings.with_defaults(dict(plan), SCHEMA)
    whole["endpoints"] = {name: _endpoint(endpoint) for name, endpoint in plan["endpoints"].items()}
    whole["families"] = {"primary": "none", **dict(whole["families"])}
    return whole


def default(described: Mapping[str, Mapping[str, Mapping[str, Any]]], measurements: pd.DataFrame) -> dict[str, Any]:
    """Make the plan of a cohort that has none.

    Parameters
    ----------
    described : mapping
        ``described[assay][measure]`` is an entry of ``measures.yaml``; it may name ``contrasts`` (the inverted U, where
        higher doses are known to act less). Measures that no assay describes are endpoints too.
    measurements : data frame
        With the contract's columns.

    Returns
    -------
    dict
        A filled plan: an endpoint for each analyte, region and session, compared with control, exploratory.
    """
    endpoints: dict[str, dict[str, Any]] = {}
    kinds = ["assay", "measure", "analyte", "region", "session"]
    present = measurements.reindex(columns=[*kinds, "animal", "time_min"]).astype(dict.fromkeys(kinds, object))
    present = present.fillna(dict.fromkeys(kinds, ""))
    for key, rows in present.groupby(kinds, sort=True):
        assay, measure, *rest = (str(part) for part in key)
        entry = described.get(assay, {}).get(measure, {"endpoint": True})
        if not entry["endpoint"]:
            continue
        name = ".".join([assay, measure, *filter(None, rest)])
        name = "".join(letter if letter.isalnum() or letter in "_.-" else "-" for letter in name)[:64]
        where = {kind: value for kind, value in zip(kinds[2:], rest, strict=True) if value}
        endpoints[name] = {"assay": assay, "measure": measure, "where": where, "design": _natural_design(rows)}
        if "contrasts" in entry:
            endpoints[name]["contrasts"] = list(entry["contrasts"])
    return {
        "alpha": SCHEMA["properties"]["alpha"]["default"],
        "endpoints": {name: _endpoint(endpoint) for name, endpoint in endpoints.items()},
        "families": {DEFAULT_FAMILY: "none"},
    }


def lock(plan: Mapping[str, Any], before: Mapping[str, Any] | None, versions: Mapping[str, Any]) -> dict[str, Any]:
    """Make the content of ``plan.lock.json``: the fingerprint of the first plan, and later changes.

    Parameters
    ----------
    plan : mapping
        The plan carried out.
    before : mapping or None
        The lock of the previous run; None or empty if there was none.
    versions : mapping of str to str
        Versions of the packages used.
    """
    now = clock.now().isoformat()
    entry = {"sha256": files.digest(plan), "locked_at": now, "versions": dict(versions), "plan": dict(plan)}
    if not before:
        return {**entry, "changed": False, "changes": []}
    changes = list(before.get("changes", []))
    current = changes[-1]["sha256"] if changes else before["sha256"]
    if entry["sha256"] != current:
        changes.append({"sha256": entry["sha256"], "changed_at": now, "what": _differences(before.get("plan"), plan)})
    changed = entry["sha256"] != before["sha256"]
    return {**before, "changed": changed, "changes": changes}


def _endpoint(endpoint: Mapping[str, Any]) -> dict[str, Any]:
    whole = {**endpoint}
    for key, rule in ENDPOINT["properties"].items():
        rule = {**SCHEMA["$defs"]["names"], **rule} if "$ref" in rule else rule
        if "default" in rule:
            whole.setdefault(key, copy.deepcopy(rule["default"]))
    whole.setdefault("family", whole["role"])
    return whole


def _natural_design(rows: pd.DataFrame) -> str:
    """Choose the design by what repeats within an animal."""
    several = rows.groupby("animal").size().max() > 1
    if not several:
        return "one_way"
    return "repeated" if rows["time_min"].nunique() > 1 else "nested"


def _contrast_faults(plan: Mapping[str, Any]) -> list[Problem]:
    """Contrasts that are neither a known word nor a name with weights."""
    word, custom = ENDPOINT["properties"]["contrasts"]["items"]["anyOf"]
    found = []
    for name, endpoint in _mapping(_mapping(plan).get("endpoints")).items():
        contrasts = _mapping(endpoint).get("contrasts")
        for entry in contrasts if isinstance(contrasts, list) else []:
            place = f"endpoints.{name}.contrasts"
            if isinstance(entry, dict):
                found += settings.problems(entry, custom, FILE)
            elif entry not in word["enum"]:
                meant = nearest(str(entry), word["enum"])
                hint = f"Did you mean '{meant}'?" if meant else f"Allowed: {', '.join(word['enum'])}"
                found.append(Problem(FILE, 0, place, f"there is no contrast '{entry}'", hint))
    return found


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _contradictions(plan: Mapping[str, Any]) -> list[Problem]:
    """Find faults that a schema cannot express."""
    found = []
    for name, endpoint in plan["endpoints"].items():
        place = f"endpoints.{name}"
        if endpoint["family"] not in plan["families"] and endpoint["family"] != endpoint["role"]:
            known = ", ".join(plan["families"]) or "none yet"
            found.append(
                Problem(FILE, 0, f"{place}.family", f"there is no family '{endpoint['family']}'",
                        f"Add it under families, or use one of: {known}")
            )  # fmt: skip
        found += [Problem(FILE, 0, f"{place}.{key}", what, remedy) for key, what, remedy in _misfits(endpoint)]
    return found


def _misfits(endpoint: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    """Find keys of one endpoint that contradict each other: key, what was found, remedy."""
    found = []
    design, fixed = endpoint["design"], endpoint["fixed"]
    if design == "factorial" and len(fixed) < 2:
        found.append(
            ("fixed", "a factorial design with fewer than two factors", "Name two columns, as in [drug, pretreatment]")
        )
    if design == "ancova" and not endpoint["covariates"]:
        found.append(
            ("covariates", "an ancova without covariates", "Name numeric columns of animals, as in [weight_g]")
        )
    if "interaction" in endpoint["contrasts"] and (design != "factorial" and design != "repeated"):
        found.append(("contrasts", "an interaction in a design without interactions", "Set design to factorial"))
    if endpoint["random_slopes"] and (design != "repeated" or endpoint["time"] != "linear"):
        found.append(
            (
                "random_slopes",
                "random slopes without a straight line over time",
                "Set design to repeated and time to linear",
            )
        )
    unpaired = {"welch", "rank", "mann_whitney", "unit_means"} & set(endpoint["sensitivity"])
    if design == "crossover" and (unpaired or "jonckheere" in endpoint["contrasts"]):
        key = "sensitivity" if unpaired else "contrasts"
        what = ", ".join(sorted(unpaired)) or "jonckheere"
        found.append(
            (
                key,
                f"{what} in a crossover, where each animal is its own control",
                "Remove it: it ignores that the groups are the same animals",
            )
        )
    if endpoint.get("summary") and design in REPEATING_DESIGNS:
        found.append(("summary", f"rows averaged in a {design} design", "Remove summary, or set design to one_way"))
    if endpoint["scale"] == "log" and endpoint.get("smallest_effect", 2) <= 1:
        found.append(("smallest_effect", "on the log scale it is a ratio", "Give a ratio above 1, as in 1.3"))
    if endpoint.get("at_bounds") == "squeeze" and endpoint["scale"] != "logit":
        found.append(("at_bounds", "squeeze on a scale without bounds", "Set scale to logit, or remove at_bounds"))
    for rule in endpoint["exclude"]:
        fault = exclusion_rules.fault(rule["when"])
        if fault:
            found.append(
                ("exclude", f"the rule '{rule['when']}' cannot be read: {fault}", "Write it as in unscored_s > 12")
            )
    return found


def _differences(before: Mapping[str, Any] | None, now: Mapping[str, Any]) -> list[str]:
    """Names of endpoints and keys that changed; empty if the previous plan was not kept."""
    if not before:
        return []
    former, current = before.get("endpoints", {}), now["endpoints"]
    names = sorted(name for name in {*former, *current} if former.get(name) != current.get(name))
    rest = sorted(key for key in ("alpha", "families") if before.get(key) != now.get(key))
    return [*rest, *(f"endpoints.{name}" for name in names)]


def error(problems: list[Problem]) -> PlanError:
    """Put all faults into one message."""
    lines = [
        f"{fault.file}, {fault.column or 'the file'}: {fault.found}. {fault.remedy}" for fault in sorted(set(problems))
    ]
    lines = [line.replace("there is no such setting", "there is no such key") for line in lines]
    text = "\n".join(f"  {number}. {line}" for number, line in enumerate(lines, start=1))
    return PlanError(f"{len(problems)} fault{'s' * (len(problems) != 1)} in the plan; nothing was compared:\n{text}")
