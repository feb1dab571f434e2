"""Numeric constants of an assay: how many there are, where each comes from, and what changes when one changes.

    python benchmarks/ablation.py ASSAY [ASSAY ...]

prints for each assay the number of numeric module constants, how many of them name a source (a publication, a standard,
a derivation), how many are tuned or measured on data, and how many give neither. ``microscopy_ablation.py`` uses the
rest: every change runs in a process of its own, in which the assignment of the constant is replaced before its module
is compiled, so that names imported from it and values computed from it change as well.
"""

import ast
import hashlib
import importlib.abc
import importlib.machinery
import importlib.util
import multiprocessing
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import CodeType, ModuleType
from typing import Any

import numpy as np

WORKFLOW = Path(__file__).resolve().parents[1] / "workflow"
# Longer tuples are printed by their number of values.
MOST_SHOWN = 4
# Words that mark where a value comes from.
SOURCED = re.compile(
    r"\b(1[89]|20)\d\d\b|doi:|normal distribution|Gaussian|Abbe|Rayleigh|Nyquist|IUPAC|golden angle|RFC"
)
TUNED = re.compile(r"\btuned\b|\bmeasured\b|\bsimulated\b|\btrained\b|images?\b.*\bF1\b", re.IGNORECASE)


@dataclass(frozen=True)
class Constant:
    """A numeric constant of a module.

    Attributes
    ----------
    module, name : str
        Dotted name of the module, and name of the constant.
    value : number or tuple of numbers
        Its value.
    comment : str
        The comment above it (or above the first of the assignments that share one).
    """

    module: str
    name: str
    value: Any
    comment: str

    @property
    def origin(self) -> str:
        """``source``, ``tuned`` or ``neither``, from the words of the comment."""
        if SOURCED.search(self.comment):
            return "source"
        return "tuned" if TUNED.search(self.comment) else "neither"


@dataclass(frozen=True)
class Item:
    """What became of one image: a digest of everything that was found, and figures, of the group of the image."""

    group: str
    digest: str
    figures: dict[str, float]


def digest_of(*arrays: Any) -> str:
    """Digest of arrays or tables, to nine digits."""
    rounded = [np.asarray(array, float).round(9).tobytes() for array in arrays]
    return hashlib.sha256(b"".join(rounded)).hexdigest()


def constants_of(package: str) -> list[Constant]:
    """Find the numeric constants of a package: assignments to upper-case names at the top level of its modules.

    Parameters
    ----------
    package : str
        Dotted name, such as ``ketaflow.assays.elisa``.

    Returns
    -------
    list of Constant
        Numbers, tuples of numbers, and expressions of numbers alone (``2 * math.sqrt(2)``), in the order of the files.
    """
    folder = WORKFLOW / Path(*package.split("."))
    found = []
    for path in sorted(folder.rglob("*.py")) or [folder.with_suffix(".py")]:
        module = ".".join(path.relative_to(WORKFLOW).with_suffix("").parts).removesuffix(".__init__")
        lines = path.read_text(encoding="utf-8").splitlines()
        for name, node in _assignments(ast.parse("\n".join(lines))):
            value = _number(node)
            if value is not None:
                found.append(Constant(module, name, value, _comment_above(lines, node.lineno - 1)))
    return found


def _assignments(tree: ast.Module) -> Iterator[tuple[str, ast.expr]]:
    """Yield upper-case names and the expressions that are assigned to them."""
    for node in tree.body:
        targets = (
            node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
        )
        for target in targets:
            if isinstance(target, ast.Name) and target.id.isupper() and node.value is not None:
                yield target.id, node.value


def _number(node: ast.expr) -> Any:
    """Value of an expression of numbers alone; None of any other."""
    names = {one.id for one in ast.walk(node) if isinstance(one, ast.Name)}
    if names - {"math", "np"} or any(
        isinstance(one, ast.Constant) and isinstance(one.value, str | bytes) for one in ast.walk(node)
    ):
        return None
    import math

    try:
        value = eval(compile(ast.Expression(node), "constant", "eval"), {"math": math, "np": np})
    except Exception:
        return None
    parts = value if isinstance(value, tuple | np.ndarray) else [value]
    numbers = all(isinstance(part, int | float | np.number) and not isinstance(part, bool) for part in parts)
    return value if len(parts) and numbers else None


def _comment_above(lines: Sequence[str], row: int) -> str:
    """Comment above a line, across other assignments that it describes too."""
    while row and lines[row - 1].strip() and not lines[row - 1].startswith("#"):
        row -= 1
    first = row
    while first and lines[first - 1].startswith("#"):
        first -= 1
    return " ".join(line.lstrip("# ") for line in lines[first:row])


class _Replaced(importlib.machinery.SourceFileLoader):
    """Compiles a module with another value of one of its constants."""

    change: tuple[str, Any] = ("", None)

    def get_code(self, fullname: str) -> CodeType:
        """Compile from the source, whatever was cached."""
        name, value = self.change
        tree = ast.parse(self.get_data(self.path))
        for node in tree.body:
            targets = node.targets if isinstance(node, ast.Assign) else []
            if any(isinstance(target, ast.Name) and target.id == name for target in targets):
                node.value = ast.copy_location(ast.parse(repr(value), mode="eval").body, node.value)
                ast.fix_missing_locations(node)
        return compile(tree, self.path, "exec", dont_inherit=True)


class _Finder(importlib.abc.MetaPathFinder):
    """Finds the one module of which a constant is changed."""

    def __init__(self, constant: Constant, value: Any):
        self.constant, self.value = constant, value

    def find_spec(self, fullname: str, path: Any, target: ModuleType | None = None) -> Any:
        """Find the module with the value replaced."""
        if fullname != self.constant.module:
            return None
        spec = importlib.machinery.PathFinder.find_spec(fullname, path)
        assert spec is not None and spec.origin is not None
        loader = _Replaced(fullname, spec.origin)
        loader.change = (self.constant.name, self.value)
        return importlib.util.spec_from_file_location(fullname, spec.origin, loader=loader)


Evaluation = Callable[[], list[Item]]


def evaluate_changed(constant: Constant, value: Any, evaluate: Evaluation, stale: tuple[str, ...]) -> list[Item]:
    """Evaluate with another value of a constant, in a process of its own.

    Parameters
    ----------
    constant : Constant
        The constant.
    value : number or tuple of numbers
        Its other value.
    evaluate : callable
        Must import what it evaluates when it is called.
    stale : tuple of str
        Beginnings of the names of modules that are imported again.

    Returns
    -------
    list of Item
    """
    global _task
    # The child inherits the task, with its drawings, instead of being sent it.
    _task = lambda: _with_other_value(constant, value, evaluate, stale)  # noqa: E731
    with multiprocessing.get_context("fork").Pool(1) as pool:
        return pool.apply(_run_task)


_task: Callable[[], list[Item]]


def _run_task() -> list[Item]:
    return _task()


def _with_other_value(constant: Constant, value: Any, evaluate: Evaluation, stale: tuple[str, ...]) -> list[Item]:
    """Evaluate after the modules have been forgotten, one of which will be compiled with another value."""
    for name in [name for name in sys.modules if name.startswith(stale)]:
        del sys.modules[name]
    sys.meta_path.insert(0, _Finder(constant, value))
    return evaluate()


def values_to_try(constant: Constant, values: dict[str, tuple[Any, ...]]) -> list[Any]:
    """Values given for a constant; otherwise half and double (of each number of a tuple)."""
    if constant.name in values:
        return [value for value in values[constant.name] if not np.array_equal(value, constant.value)]
    if isinstance(constant.value, int):
        return [constant.value // 2, 2 * constant.value]
    if isinstance(constant.value, float):
        return [0.5 * constant.value, 2 * constant.value]
    return [tuple(float(factor * part) for part in constant.value) for factor in (0.5, 2)]


def compared(before: list[Item], after: list[Item]) -> str:
    """Describe what changed: images that differ at all, and means of figures that moved.

    A figure is marked with ``*`` where its mean moved by more than twice the standard error of the paired differences.
    """
    other = sum(one.digest != two.digest for one, two in zip(before, after, strict=True))
    parts = [f"{other} of {len(before)} differ"]
    for group, name in dict.fromkeys((item.group, name) for item in before for name in item.figures):
        pair = np.array(
            [(one.figures[name], two.figures[name]) for one, two in zip(before, after, strict=True)
             if one.group == group and name in one.figures]
        )  # fmt: skip
        pair = pair[np.isfinite(pair).all(1)]
        if not len(pair):
            continue
        change = pair[:, 1] - pair[:, 0]
        error = change.std(ddof=1) / np.sqrt(len(change)) if len(change) > 1 else 0.0
        if abs(change.mean()) >= 0.0005:
            mark = "*" if len(change) > 1 and abs(change.mean()) > 2 * error else ""
            parts.append(f"{group} {name} {pair[:, 0].mean():.3f} -> {pair[:, 1].mean():.3f}{mark}")
    return "; ".join(parts)


def choice(words: Sequence[str]) -> tuple[set[str], slice]:
    """Split the words of a command into names of constants and which of their values to try.

    Parameters
    ----------
    words : sequence of str
        Names, and ``neutral`` for the first value of each constant or ``others`` for the rest.

    Returns
    -------
    names : set of str
        Empty for all constants.
    turn : slice
        Which of the values of each constant.
    """
    turns = {"neutral": slice(1), "others": slice(1, None)}
    turn = next((turns[word] for word in turns if word in words), slice(None))
    return set(words) - set(turns), turn


def print_baseline(before: list[Item]) -> None:
    """Print the means of all figures with the constants unchanged."""
    for group, name in dict.fromkeys((item.group, name) for item in before for name in item.figures):
        figures = [item.figures[name] for item in before if item.group == group and name in item.figures]
        print(f"unchanged; {group} {name} {np.nanmean(figures):.3f} of {len(figures)}", flush=True)


def print_changes(
    before: list[Item],
    trials: Iterable[tuple[Constant, Any]],
    changed: Callable[[Constant, Any], list[Item]],
    describe: Callable[[list[Item], list[Item]], str] = compared,
) -> None:
    """Print what each other value of a constant changes, or the error that it raises.

    Parameters
    ----------
    before : list of Item
        With the constants unchanged.
    trials : iterable of (Constant, number or tuple of numbers)
        Constants and their other values.
    changed : callable
        Evaluates with another value of a constant.
    describe : callable, optional
        Compares the items before with those after.
    """
    for constant, value in trials:
        title = f"{constant.name} {_shown(constant.value)} -> {_shown(value)}"
        try:
            print(f"{title}; {describe(before, changed(constant, value))}", flush=True)
        except Exception as error:
            print(f"{title}; {type(error).__name__}: {error}", flush=True)


def trials_of(
    constants: Iterable[Constant], values: dict[str, tuple[Any, ...]], turn: slice = slice(None)
) -> Iterator[tuple[Constant, Any]]:
    """Yield each constant with each of its values to try."""
    for constant in constants:
        for value in values_to_try(constant, values)[turn]:
            yield constant, value


def _shown(value: Any) -> str:
    return str(value) if np.size(value) < MOST_SHOWN else f"{np.size(value)} values"


def count(assays: Sequence[str]) -> None:
    """Print the number of constants of each assay by their origin."""
    print(f"{'assay':20}{'numeric':>9}{'source':>9}{'tuned':>9}{'neither':>9}")
    for assay in assays:
        origins = [
            constant.origin for constant in constants_of(f"ketaflow.assays.{assay}" if "." not in assay else assay)
        ]
        counts = [len(origins), *(origins.count(word) for word in ("source", "tuned", "neither"))]
        print(f"{assay:20}" + "".join(f"{number:>9}" for number in counts))


if __name__ == "__main__":
    count(sys.argv[1:])
