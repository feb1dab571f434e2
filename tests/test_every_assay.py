"""The contract of an assay, run over whatever folders exist; a failure names the missing piece."""

import dataclasses
import inspect
import re
import typing
from pathlib import Path

import jsonschema
import pytest
import yaml

from ketaflow import assays
from ketaflow.core import settings
from ketaflow.core.tables import PARSERS

ROOT = Path(__file__).resolve().parents[1]
UNITS = (
    "_s", "_ms", "_min", "_h", "_hz", "_px", "_pct", "_g", "_mg", "_ug", "_ml", "_ul", "_um", "_um2", "_um3", "_nm",
    "_kda", "_mb", "_db", "_fps", "_per_s", "_per_min", "_g_per_ml", "_v", "_deg", "_cm", "_mm", "_points",
)  # fmt: skip
every_assay = pytest.mark.parametrize("assay", assays.names())


def leaves(schema: dict, path: str = ""):
    for name, rule in schema.get("properties", {}).items():
        if "properties" in rule:
            yield from leaves(rule, f"{path}.{name}")
        else:
            yield f"{path}.{name}".lstrip("."), rule


def test_there_are_assays():
    assert {"forced_swim", "sucrose_preference"} <= set(assays.names())


@every_assay
@pytest.mark.parametrize("stage", ["ingest", "quantify", "qc"])
def test_a_stage_is_a_function_of_its_own_name(assay, stage):
    function = getattr(assays.stage(assay, stage), stage)
    assert inspect.getdoc(function), f"{assay}.{stage} has no docstring"
    if "settings" in inspect.signature(function).parameters:
        return
    keywords = [p for p in inspect.signature(function).parameters.values() if p.kind is p.KEYWORD_ONLY]
    offered = assays.described(assay, "settings.schema")["properties"].get(stage, {}).get("properties", {})
    assert {p.name for p in keywords} == set(offered), f"{assay}.{stage}: arguments and settings differ"
    assert all(p.default is p.empty for p in keywords), "defaults live in the schema, once"


def unlike(kind: type, schema: dict, place: str) -> list[str]:
    """Places where the fields of a settings class and the keys of its schema block differ."""
    hints, keys = typing.get_type_hints(kind), schema.get("properties", {})
    found = [f"{place}.{name}" for name in {field.name for field in dataclasses.fields(kind)} ^ set(keys)]
    found += [
        f"{place}.{field.name}: default"
        for field in dataclasses.fields(kind)
        if field.default is not field.default_factory
    ]
    for name, rule in keys.items():
        if rule.get("type") == "object" and name in hints:
            found += unlike(hints[name], rule, f"{place}.{name}")
    return found


@every_assay
def test_the_settings_of_a_stage_are_its_schema_block(assay):
    blocks = assays.described(assay, "settings.schema")["properties"]
    for stage in set(blocks) - {"jobs", "calibrate", "simulate"}:
        name = {"cohort": "summarise"}.get(stage, stage)
        if not assays.has(assay, stage):
            assert not blocks[stage].get("properties"), f"{assay}.{stage}: settings without a stage"
            continue
        kind = typing.get_type_hints(getattr(assays.stage(assay, stage), name)).get("settings")
        if kind is not None:
            assert not unlike(kind, blocks[stage], f"{assay}.{stage}")


@every_assay
def test_a_simulation_draws_and_designs(assay):
    simulate = assays.stage(assay, "simulate")
    assert callable(simulate.draw)
    assert callable(simulate.design)


@every_assay
def test_settings_are_a_valid_schema_that_refuses_misspellings(assay):
    schema = assays.described(assay, "settings.schema")
    jsonschema.Draft202012Validator.check_schema(schema)
    assert schema["additionalProperties"] is False
    assert not settings.problems(settings.with_defaults({}, schema), schema, "defaults")
    assert settings.problems({"quantfy": {}}, schema, "settings.yaml")


@every_assay
def test_every_setting_has_type_default_and_description(assay):
    for place, rule in leaves(assays.described(assay, "settings.schema")):
        assert "type" in rule or "enum" in rule, place
        assert "default" in rule, place
        assert len(rule.get("description", "")) > 15, place


@every_assay
def test_every_number_among_the_settings_has_limits_and_says_its_unit(assay):
    for place, rule in leaves(assays.described(assay, "settings.schema")):
        if rule.get("type") != "number":
            continue
        assert {"minimum", "exclusiveMinimum", "maximum", "exclusiveMaximum", "enum"} & set(rule), place
        said = place.endswith(UNITS) or re.search(
            r"ratio|fraction|factor|probability|share|count|threshold|score|dimensionless", place + rule["description"]
        )
        assert said, f"{place}: put the unit into the name, or say that it has none"


@every_assay
def test_every_job_says_what_it_needs(assay):
    jobs = assays.described(assay, "settings.schema")["properties"]["jobs"]["properties"]
    assert {"batch_size", "threads", "mem_mb", "runtime_min"} <= set(jobs)


@every_assay
def test_every_measure_is_described(assay):
    for name, facts in assays.described(assay, "measures").items():
        assert {"title", "unit", "direction", "minimum", "maximum", "source"} <= set(facts), name
        assert facts["direction"] in ("lower", "higher", "none"), name


@every_assay
def test_tables_are_described_in_known_words(assay):
    described = assays.described(assay, "tables.schema")
    assert described["title"]
    assert described["group_by"]["table"] in described["tables"]
    for table, schema in described["tables"].items():
        assert schema["title"], table
        for column, rule in schema["columns"].items():
            assert rule["type"] in PARSERS, f"{table}.{column}"
            assert rule["description"], f"{table}.{column}"
    assert f"{assay}_truth" in described["tables"], "a simulated cohort needs a truth table"


@every_assay
def test_an_assay_has_a_page_and_tests_of_its_own(assay):
    assert (ROOT / "docs" / "assays" / f"{assay}.md").is_file()
    for stage in ("ingest", "quantify", "qc"):
        assert (ROOT / "tests" / "assays" / assay / f"test_{stage}.py").is_file(), stage


@every_assay
def test_an_assay_is_part_of_the_demonstration(assay):
    assert (ROOT / "resources" / "demo_cohort" / f"{assay}_truth.csv").is_file()


def test_config_yaml_repeats_no_default_wrongly():
    config = yaml.safe_load((ROOT / "config.yaml").read_text(encoding="utf-8"))
    for assay in assays.names():
        schema = assays.described(assay, "settings.schema")
        given = config.get(assay) or {}
        assert settings.merged(settings.with_defaults({}, schema), given) == settings.with_defaults({}, schema)
