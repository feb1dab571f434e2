"""YAML files of a cohort (settings, plan), read with limits on repeated keys, aliases, nesting and long numbers."""

from pathlib import Path
from typing import Any

import yaml

from ketaflow.core.errors import Problem

# Most items after expansion of aliases, levels of nesting, bytes of a file and digits of a whole number: far beyond any
# settings file or plan. A few hundred bytes of aliases can expand to 10^10 items.
MOST_NODES = 20_000
DEEPEST = 40
MOST_BYTES = 1_000_000
MOST_DIGITS = 30


class _Loader(yaml.SafeLoader):
    """A safe loader that refuses repeated keys."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        """Build a mapping whose keys are all different."""
        seen = set()
        for key_node, _ in node.value:
            if key_node.value in seen and isinstance(key_node, yaml.ScalarNode):
                raise yaml.constructor.ConstructorError(
                    None, None, f"the key {key_node.value!r} occurs twice", key_node.start_mark
                )
            if isinstance(key_node, yaml.ScalarNode):
                seen.add(key_node.value)
        return super().construct_mapping(node, deep)


def read(path: Path) -> tuple[Any, list[Problem]]:
    """Read a YAML file.

    Parameters
    ----------
    path : Path
        The file.

    Returns
    -------
    content : object
        None where the file is absent, empty or faulty.
    problems : list of Problem
        Why it could not be read: file, row, what was found, what to do.
    """
    if not path.exists():
        return None, []
    if not path.is_file():
        return None, [Problem(path.name, 0, "", "this is no file", "Put a text file in its place, or remove it")]
    try:
        if path.stat().st_size > MOST_BYTES:
            found = f"the file is larger than {MOST_BYTES // 1000} kB"
            return None, [Problem(path.name, 0, "", found, "Is it the right file?")]
        return _checked(path.read_text(encoding="utf-8-sig")), []
    except UnicodeDecodeError:
        return None, [Problem(path.name, 0, "", "this is not UTF-8 text", "Save it as UTF-8")]
    except RecursionError:
        found, remedy = f"lists or blocks are nested more than {DEEPEST} deep", "Write it as in the documentation"
        return None, [Problem(path.name, 0, "", found, remedy)]
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        row = mark.line + 1 if mark else 0
        reason = str(getattr(error, "problem", None) or "this is not valid YAML")
        remedy = "Keep one of them" if "occurs twice" in reason else "Check indentation, colons and quotes"
        found = reason if "occurs twice" in reason or "limit" in reason else f"this is not valid YAML ({reason[:80]})"
        return None, [Problem(path.name, row, "", found, remedy)]
    except ValueError as error:
        return None, [Problem(path.name, 0, "", str(error)[:120], "Enter a shorter number")]


def _checked(text: str) -> Any:
    loader = _Loader(text)
    try:
        node = loader.get_single_node()
        if node is None:
            return None
        _measure(node, {}, 0)
        return loader.construct_document(node)
    finally:
        loader.dispose()


def _measure(node: yaml.Node, known: dict[int, int], depth: int) -> int:
    """Number of items of a node after expansion of its aliases."""
    if depth > DEEPEST:
        raise RecursionError
    if id(node) in known:
        return known[id(node)]
    if isinstance(node, yaml.ScalarNode):
        if len(node.value) > MOST_DIGITS and node.tag == "tag:yaml.org,2002:int":
            raise ValueError(f"a whole number has {len(node.value)} digits")
        return 1
    children = [part for pair in node.value for part in pair] if isinstance(node, yaml.MappingNode) else node.value
    known[id(node)] = MOST_NODES + 1  # an alias to itself never ends
    known[id(node)] = 1 + sum(_measure(child, known, depth + 1) for child in children)
    if known[id(node)] > MOST_NODES:
        problem = f"aliases expand beyond the limit of {MOST_NODES:,} items"
        raise yaml.composer.ComposerError(None, None, problem, node.start_mark)
    return known[id(node)]
