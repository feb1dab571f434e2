"""Write docs/messages.md: every message that a user can see, collected from the code, so that it can be searched.

A message is a text of several words in a module that raises errors, lists problems or returns checks. What a message
fills in (a name, a number) is printed as an ellipsis.
"""

import ast
import re
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "workflow"))

from ketaflow import assays  # noqa: E402

CODE = ROOT / "workflow" / "ketaflow"
# Names by which a module shows that its texts are messages.
MAKERS = {
    "IngestError",
    "Problem",
    "PlanError",
    "CohortError",
    "_Fault",
    "check",
    "Check",
    "CutShortError",
    "NotEstimableError",
    "measurement",
    "Finding",
    "Collected",
    "remedy",
}
FEWEST_WORDS = 3
# Of what is passed directly to one of these.
FEWEST_WORDS_PASSED = 2
# A longer text is a file that is written, no message.
MOST_LETTERS = 420
HEAD = """# Messages

Every message that ketaflow can print, collected from the code by `workflow/maintenance/write_messages_page.py`
(`make docs-pages`); `…` is what a message fills in. Search this page for a few words of your message. A message
names the file, what was found and what to do; [Troubleshooting](troubleshooting.md) explains the frequent ones by
their cause.
"""
PARTS = {
    "core/tables": "Tables of the cohort folder",
    "core/cohort.py": "Tables of the cohort folder",
    "core/settings.py": "Settings and plan files",
    "core/yaml_files.py": "Settings and plan files",
    "engine/preparation": "Before a run",
    "engine": "Runs",
    "core/faults.py": "Files and drives",
    "core/files.py": "Files and drives",
    "core/images": "Microscope images",
    "review": "Review",
    "statistics": "Statistics and the plan",
    "report": "Results page",
}


@cache
def page() -> str:
    """The text of docs/messages.md."""
    titles = [*dict.fromkeys(PARTS.values()), *(assays.title(name) for name in assays.names())]
    found: dict[str, dict[str, None]] = {title: {} for title in titles}
    for path in sorted(CODE.rglob("*.py")):
        if title := _part(path.relative_to(CODE)):
            found[title] |= dict.fromkeys(_messages(path))
    parts = [HEAD]
    for title, texts in found.items():
        if texts:
            parts += [f"## {title}\n", *(f"- {text}" for text in sorted(texts, key=_order)), ""]
    return "\n".join(parts)


def _part(path: Path) -> str:
    """The heading under which the messages of a module are listed; empty for none."""
    if path.parts[0] == "assays":
        drawing = {"figures", "simulation", "training", "simulate.py", "constants.py"} & set(path.parts)
        return "" if drawing or len(path.parts) < 3 else assays.title(path.parts[1])
    text = path.as_posix()
    if "figures/" in text or "templates/" in text:
        return ""
    return next((title for start, title in PARTS.items() if text == start or text.startswith(f"{start}/")), "")


def _messages(path: Path) -> Iterator[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    used = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    if not used & MAKERS and "tables" not in path.relative_to(CODE).parts:
        return
    inner: set[ast.AST] = set()
    passed: set[ast.AST] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            inner.add(node.value)  # A docstring.
        if isinstance(node, ast.JoinedStr | ast.BinOp):
            inner |= {
                part for part in ast.walk(node) if part is not node and isinstance(part, ast.JoinedStr | ast.Constant)
            }
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in MAKERS:
            passed |= set(node.args)
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant | ast.JoinedStr | ast.BinOp) and node not in inner and (text := _text(node)):
            text = " ".join(re.sub(r"(…[\s,;]*)+…", "…", text).split())
            words = len(re.findall(r"[A-Za-z]{2,}", text))
            fewest = FEWEST_WORDS_PASSED if node in passed else FEWEST_WORDS
            if words >= fewest and len(text) <= MOST_LETTERS and re.search(r"[a-z] [a-z]", text):
                yield text.replace("|", "\\|").replace("<", "&lt;").replace("*", "\\*").replace("_", "\\_")


def _text(node: ast.AST) -> str:
    """A literal with an ellipsis where something is filled in; empty for what is no text."""
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, str) else ""
    if isinstance(node, ast.JoinedStr):
        return "".join(_text(part) or "…" for part in node.values)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        left, right = _text(node.left), _text(node.right)
        return f"{left or '…'}{right or '…'}" if left or right else ""
    return ""


def _order(text: str) -> str:
    return re.sub(r"[^a-z ]", "", text.lower()).strip()


if __name__ == "__main__":
    (ROOT / "docs" / "messages.md").write_text(page() + "\n", encoding="utf-8")
