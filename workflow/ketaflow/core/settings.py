"""Settings: defaults from schemas, the cohort's own on top, every fault collected.

A schema is JSON Schema (draft 2020-12) in YAML; each leaf has type, range, default and a
description with unit and source. A default is written there and nowhere else.
"""

import copy
from pathlib import Path
from typing import Any

import yaml

from ketaflow.core import yaml_files
from ketaflow.core.errors import Problem
from ketaflow.core.tables import nearest
from ketaflow.core.tables.words import LONGEST_QUOTE

STUDY = yaml.safe_load(Path(__file__).with_name("study.schema.yaml").read_text(encoding="utf-8"))


def study_schema(blocks: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """The schema of all settings: the study's own and one block for each assay or stage in ``blocks``."""
    schema = copy.deepcopy(STUDY)
    schema["properties"].update(copy.deepcopy(blocks))
    return schema


def merged(base: dict[str, Any], change: dict[str, Any]) -> dict[str, Any]:
    """Merge ``change`` into ``base``, level by level; neither is altered."""
    result = dict(base)
    for key, value in change.items():
        both = isinstance(value, dict) and isinstance(result.get(key), dict)
        result[key] = merged(result[key], value) if both else value
    return result


def with_defaults(settings: dict[str, Any] | None, schema: dict[str, Any]) -> dict[str, Any]:
    """Settings in which every key the schema gives a default has a value."""
    filled = {} if settings is None else dict(settings)
    for key, rule in schema.get("properties", {}).items():
        if rule.get("type") == "object" and isinstance(filled.get(key, {}), dict):
            filled[key] = with_defaults(filled.get(key), rule)
        elif "default" in rule:
            filled.setdefault(key, copy.deepcopy(rule["default"]))
    return filled


def typed(settings: dict[str, Any], schema: dict[str, Any]) -> dict[str, Any]:
    """Turn text that the command line gave for numbers into numbers.

    Snakemake passes on what is inside ``--config swim='{quantify: {min_bout_s: 0.6}}'`` as text.
    """
    rules = schema.get("properties", {})
    result = {}
    for key, value in settings.items():
        rule = rules.get(key, {})
        if isinstance(value, dict):
            value = typed(value, rule)
        elif isinstance(value, str) and rule.get("type", "string") != "string":
            value = yaml.safe_load(value)
        elif isinstance(value, list) and rule.get("items", {}).get("type", "string") != "string":
            value = [yaml.safe_load(item) if isinstance(item, str) else item for item in value]
        result[key] = value
    return result


def read(path: Path) -> tuple[dict[str, Any], list[Problem]]:
    """Settings of one YAML file; {} where the file is absent or empty."""
    content, faults = yaml_files.read(path)
    if content is not None and not isinstance(content, dict):
        return {}, [Problem(path.name, 0, "", "no settings found", "Write lines such as 'strict: true'")]
    return content or {}, faults


def problems(settings: dict[str, Any], schema: dict[str, Any], file: str) -> list[Problem]:
    """All problems of the settings: misspelt keys with the most similar one, wrong types, values out of range."""
    import jsonschema

    validator = jsonschema.Draft202012Validator(schema)
    found = []
    for error in validator.iter_errors(settings):
        place = ".".join(str(step) for step in error.absolute_path)
        if error.validator == "additionalProperties":
            found += _unknown_keys(error, place, file)
        else:
            about = error.schema.get("description", "")
            remedy = f"{_expected(error)}. {about}".strip()
            found.append(Problem(file, 0, place, f"found {shown(error.instance)}", remedy))
    return found


def shown(value: object) -> str:
    """A value as a message quotes it, in at most 80 characters."""
    text = repr(value)
    return text if len(text) <= LONGEST_QUOTE else f"{text[: LONGEST_QUOTE - 4]} ..."


def _unknown_keys(error: Any, place: str, file: str) -> list[Problem]:
    known = list(error.schema.get("properties", {}))
    unknown = [key for key in error.instance if key not in known]
    found = []
    for key in unknown:
        meant = nearest(str(key), known)
        remedy = f"Did you mean '{meant}'?" if meant else f"Allowed here: {', '.join(known)}"
        found.append(Problem(file, 0, f"{place}.{key}".lstrip("."), "there is no such setting", remedy))
    return found


EXPECTED = {
    "type": "Expected {}",
    "enum": "Allowed: {}",
    "minimum": "The smallest value allowed is {}",
    "maximum": "The largest value allowed is {}",
    "exclusiveMinimum": "The value must be greater than {}",
    "exclusiveMaximum": "The value must be less than {}",
    "minItems": "At least {} values are needed",
    "maxItems": "At most {} values are allowed",
}


def _expected(error: Any) -> str:
    """What the schema requires, as text."""
    limit = error.validator_value
    if error.validator not in EXPECTED:
        return error.message
    return EXPECTED[error.validator].format(", ".join(map(str, limit)) if isinstance(limit, list) else limit)
