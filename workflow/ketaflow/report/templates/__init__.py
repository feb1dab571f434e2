"""How do HTML, CSS and JavaScript become one file that loads nothing from elsewhere?"""

import json
from functools import cache
from pathlib import Path

import jinja2
from markupsafe import Markup

HERE = Path(__file__).parent
# What a browser may load for a page: what lies in the page itself, and nothing from a network.
POLICY = (
    "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data: blob:; media-src data:; "
    "base-uri 'none'; form-action 'none'"
)


@cache
def environment() -> jinja2.Environment:
    """Jinja2 for this folder: every value is escaped, and a missing value is an error."""
    made = jinja2.Environment(
        loader=jinja2.FileSystemLoader(HERE),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.globals["style"] = style
    made.globals["policy"] = POLICY
    made.globals["code"] = script
    made.filters["embedded"] = embedded
    return made


def render(name: str, **context: object) -> str:
    """Return a page.

    Parameters
    ----------
    name : str
        Template in this folder.
    **context
        Values for the template.

    Returns
    -------
    str
        The page as HTML.
    """
    return environment().get_template(name).render(**context)


def style(*names: str) -> Markup:
    """Return style sheets of this folder, to be put inline."""
    return Markup("".join((HERE / name).read_text(encoding="utf-8") for name in names))


def script(*names: str) -> Markup:
    """Return scripts of this folder in a scope of their own, to be put inline."""
    joined = "\n".join((HERE / name).read_text(encoding="utf-8") for name in names)
    return Markup("(() => {\n'use strict';\n" + joined + "})();\n")


def embedded(content: object) -> Markup:
    """Return JSON for use in a script element; nothing in it can end the element."""
    text = json.dumps(content, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return Markup(text.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029"))
