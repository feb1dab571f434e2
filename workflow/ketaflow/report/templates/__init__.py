"""The pages' HTML, CSS and JavaScript, put together into files that need nothing else."""

import json
from functools import cache
from pathlib import Path

import jinja2
from markupsafe import Markup

HERE = Path(__file__).parent


@cache
def environment() -> jinja2.Environment:
    """Jinja2 over this folder: every value is escaped, and a value that was forgotten is an error."""
    made = jinja2.Environment(
        loader=jinja2.FileSystemLoader(HERE),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.globals["style"] = style
    made.globals["code"] = script
    made.filters["embedded"] = embedded
    return made


def render(name: str, **context: object) -> str:
    """One page as text."""
    return environment().get_template(name).render(**context)


def style(*names: str) -> Markup:
    """Style sheets of this folder, inline."""
    return Markup("".join((HERE / name).read_text(encoding="utf-8") for name in names))


def script(*names: str) -> Markup:
    """Scripts of this folder, inline, in a scope of their own."""
    joined = "\n".join((HERE / name).read_text(encoding="utf-8") for name in names)
    return Markup("(() => {\n'use strict';\n" + joined + "})();\n")


def embedded(content: object) -> Markup:
    """JSON that may stand inside a script element: nothing in it can end the element."""
    text = json.dumps(content, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return Markup(text.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029"))
