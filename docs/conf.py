"""Sphinx settings of the documentation site: make docs builds it into the folder site, without a network."""

import tomllib
from pathlib import Path

PROJECT = tomllib.loads((Path(__file__).parents[1] / "pyproject.toml").read_text(encoding="utf-8"))["project"]

project = "ketaflow"
author = "The ketaflow authors"
project_copyright = "the ketaflow authors, GPL-3.0-or-later"
release = version = PROJECT["version"]

extensions = ["myst_parser"]
exclude_patterns = ["images"]
# Headings get the anchors that they have where the Markdown is read in the repository.
myst_heading_anchors = 4
# Tables and lists as in the repository; no extension whose syntax a plain Markdown reader would print.
myst_enable_extensions = []

html_theme = "furo"
html_title = f"ketaflow {version}"
html_static_path = ["static"]
html_css_files = ["site.css"]
html_show_sphinx = False
html_copy_source = False
html_show_sourcelink = False

# The pages of single decisions are reached from their list; tests check that every other page is in the contents.
suppress_warnings = ["toc.not_included"]
