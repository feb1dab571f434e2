"""Write docs/settings.md from the schemas, so that the page and the defaults never differ; a test compares them."""

import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "workflow"))

from ketaflow.engine import study  # noqa: E402

HEAD = """# Settings

Written from the schemas by `workflow/maintenance/write_settings_page.py` (`make docs-pages`). Settings are in
`config.yaml` (for all cohorts) or in `settings.yaml` in the cohort folder (for that cohort), both with the same
structure. `forced_swim.quantify.min_bout_s` below is

```yaml
forced_swim:
  quantify:
    min_bout_s: 1.0
```

A misspelt key or a value out of range stops the run before anything is computed.
"""
LIMITS = {"minimum": "≥ {}", "exclusiveMinimum": "> {}", "maximum": "≤ {}", "exclusiveMaximum": "< {}"}


def page() -> str:
    """The text of docs/settings.md."""
    parts = [HEAD]
    schema = study.settings_schema()
    whole = {name: rule for name, rule in schema["properties"].items() if "properties" not in rule}
    parts.append(_table("The study", whole.items()))
    for block, rule in schema["properties"].items():
        if "properties" in rule:
            parts.append(_table(f"`{block}`", _leaves(rule, block)))
    return "\n".join(parts)


def _leaves(schema: dict, place: str) -> Iterator[tuple[str, dict]]:
    for name, rule in schema["properties"].items():
        if "properties" in rule:
            yield from _leaves(rule, f"{place}.{name}")
        else:
            yield f"{place}.{name}", rule


def _table(title: str, settings) -> str:
    rows = [f"\n## {title}\n", "| setting | default | range | meaning and source |", "| --- | --- | --- | --- |"]
    for place, rule in settings:
        meaning = " ".join(str(rule["description"]).split()).replace("|", "\\|")
        rows.append(f"| `{place}` | `{rule.get('default', '')}` | {_range(rule)} | {meaning} |")
    return "\n".join(rows)


def _range(rule: dict) -> str:
    if "enum" in rule:
        return ", ".join(f"`{choice}`" for choice in rule["enum"])
    said = [form.format(rule[limit]) for limit, form in LIMITS.items() if limit in rule]
    return ", ".join(said) or str(rule.get("type", "")).strip("[]").replace("'", "")


if __name__ == "__main__":
    (ROOT / "docs" / "settings.md").write_text(page() + "\n", encoding="utf-8")
