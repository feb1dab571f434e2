"""Docstrings: whatever takes, returns or holds arrays or tables documents them as numpydoc asks."""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

from numpydoc.docscrape import NumpyDocString
from numpydoc.hooks.validate_docstrings import AstValidator
from numpydoc.validate import validate

LIBRARY = Path(__file__).resolve().parents[1] / "workflow" / "ketaflow"
ARRAYS = {"ndarray", "NDArray", "ArrayLike"}
TABLES = {"DataFrame", "Series", "Index", "RawTable"}
# Numpydoc's codes: each parameter is documented (PR01), no other is (PR02), in order (PR03), with its type (PR04) and
# its meaning (PR07, PR08, PR09), a space on each side of the colon (PR10).
PARAMETERS = {"PR01", "PR02", "PR03", "PR04", "PR07", "PR08", "PR09", "PR10"}
# Results are documented (RT01, YD01), each with its meaning (RT03, RT04, RT05); two of one type may share a line.
RESULTS = {"RT01", "RT03", "RT04", "RT05", "YD01"}
# There is a docstring, and its summary ends with a full stop.
SUMMARY = {"GL08", "SS03"}
# Numpydoc documents a property like an attribute, without sections.
OF_FUNCTIONS_ONLY = {"RT01"}
# A shape such as (rows, columns) or (n,), or words for it.
SHAPE = re.compile(r"\(([\w.][^()]*,[^()]*|\d*)\)|any shape|same shape|scalar", re.IGNORECASE)


class Validator(AstValidator):
    """Numpydoc's own, but without reading the whole file again for each function."""

    @property
    def method_source(self) -> str:
        return ast.unparse(self.node)


@dataclass(frozen=True)
class Function:
    """A public function or method."""

    path: Path
    node: ast.FunctionDef
    stack: tuple[ast.AST, ...]

    @property
    def name(self) -> str:
        return ".".join(one.name for one in (*self.stack, self.node) if hasattr(one, "name"))

    @property
    def address(self) -> str:
        return f"{self.path.relative_to(LIBRARY).as_posix()}:{self.node.lineno} {self.name}"

    @property
    def is_property(self) -> bool:
        return any("property" in ast.unparse(one) for one in self.node.decorator_list)

    @property
    def parameters(self) -> list[ast.arg]:
        named = self.node.args
        listed = [*named.posonlyargs, *named.args, named.vararg, *named.kwonlyargs, named.kwarg]
        return [one for one in listed if one is not None]

    @property
    def types(self) -> set[str]:
        """All words of its annotations."""
        return words(*(one.annotation for one in self.parameters), self.node.returns)

    @cached_property
    def doc(self) -> Validator:
        return Validator(ast_node=self.node, filename=self.path, obj_name=self.name, ancestry=list(self.stack))

    @property
    def results(self) -> str:
        """What the docstring says of the result."""
        if self.is_property:
            return self.doc.raw_doc
        return " ".join(
            f"{name} {kind} {about}" for name, kind, about in self.doc.doc["Returns"] + self.doc.doc["Yields"]
        )

    @property
    def raised(self) -> set[str]:
        """Exceptions that it makes itself."""
        made = [one.exc for one in ast.walk(self.node) if isinstance(one, ast.Raise) and isinstance(one.exc, ast.Call)]
        names = {ast.unparse(one.func).split(".")[-1] for one in made}
        return {name for name in names if name[0].isupper()}  # others make exceptions


@dataclass(frozen=True)
class Record:
    """A public dataclass or named tuple."""

    path: Path
    node: ast.ClassDef

    @property
    def address(self) -> str:
        return f"{self.path.relative_to(LIBRARY).as_posix()}:{self.node.lineno} {self.node.name}"

    @property
    def fields(self) -> list[ast.AnnAssign]:
        return [one for one in self.node.body if isinstance(one, ast.AnnAssign)]

    @property
    def documented(self) -> dict[str, str]:
        """Type and meaning of each attribute."""
        listed = NumpyDocString(ast.get_docstring(self.node) or "")["Attributes"]
        return {name: f"{kind} {about}" for names, kind, about in listed for name in names.split(", ")}


def words(*annotations: ast.expr | None) -> set[str]:
    """All names in annotations, those in quotes too."""
    return {word for one in annotations if one is not None for word in re.findall(r"\w+", ast.unparse(one))}


@cache
def modules() -> dict[Path, ast.Module]:
    return {path: ast.parse(path.read_text(encoding="utf-8")) for path in sorted(LIBRARY.rglob("*.py"))}


def module_name(path: Path) -> str:
    return ".".join(path.relative_to(LIBRARY.parent).with_suffix("").parts)


def own_aliases(tree: ast.Module) -> set[str]:
    """Names of types that a module defines, such as `Tables = Mapping[str, pd.DataFrame]`."""
    assigned = [one for one in tree.body if isinstance(one, ast.Assign)]
    types = [one for one in assigned if isinstance(one.value, ast.Subscript | ast.BinOp | ast.Attribute)]
    named = [target for one in types if words(one.value) & (ARRAYS | TABLES) for target in one.targets]
    return {one.id for one in named if isinstance(one, ast.Name)}


@cache
def aliases() -> dict[str, set[str]]:
    """Names of types of arrays and tables that each module defines."""
    return {module_name(path): own_aliases(tree) for path, tree in modules().items()}


@cache
def wanted(path: Path) -> set[str]:
    """Names of the types of arrays and tables in a module, own ones and imported ones."""
    tree = modules()[path]
    imported = [one for one in tree.body if isinstance(one, ast.ImportFrom)]
    known = {name.name for one in imported for name in one.names if name.name in aliases().get(str(one.module), ())}
    return ARRAYS | TABLES | aliases()[module_name(path)] | known


def public_functions(path: Path, tree: ast.Module) -> Iterator[Function]:
    stacks: list[tuple[ast.AST, ...]] = [(tree,)]
    for stack in stacks:
        for node in getattr(stack[-1], "body", []):
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                stacks.append((*stack, node))
            if isinstance(node, ast.FunctionDef) and not node.name.startswith("_"):
                yield Function(path, node, stack)


def concerned() -> list[Function]:
    """Public functions that take or return arrays or tables."""
    every = [one for path, tree in modules().items() for one in public_functions(path, tree)]
    return [one for one in every if one.types & wanted(one.path)]


def records() -> list[Record]:
    """Public dataclasses and named tuples that hold arrays or tables."""
    every = [
        Record(path, node)
        for path, tree in modules().items()
        for node in tree.body
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_")
    ]
    return [one for one in every if any(words(field.annotation) & wanted(one.path) for field in one.fields)]


def faults(one: Function) -> Iterator[str]:
    """What the docstring of a function lacks."""
    try:
        documented = {kind for _, kind, _ in one.doc.doc["Raises"]}
    except ValueError as error:
        yield str(error).splitlines()[0].strip()  # such as a section that appears twice
        return
    codes = PARAMETERS | RESULTS | SUMMARY
    report = validate(one.name, Validator, ast_node=one.node, filename=one.path, ancestry=list(one.stack))
    yield from (
        f"{code} {message}"
        for code, message in report["errors"]
        if code in (codes - OF_FUNCTIONS_ONLY if one.is_property else codes)
    )
    for parameter in one.parameters:
        kind, about = one.doc.doc_all_parameters.get(parameter.arg, ("", ""))
        if words(parameter.annotation) & ARRAYS and not SHAPE.search(f"{kind} {about}"):
            yield f"no shape of {parameter.arg}"
    if words(one.node.returns) & ARRAYS and not SHAPE.search(one.results):
        yield "no shape of the result"
    if one.raised - documented:
        yield f"no section Raises with {', '.join(sorted(one.raised - documented))}"


def faults_of_fields(one: Record) -> Iterator[str]:
    """What the docstring of a dataclass lacks."""
    for field in one.fields:
        name, about = ast.unparse(field.target), one.documented.get(ast.unparse(field.target))
        if words(field.annotation) & wanted(one.path) and about is None:
            yield f"{name} is not among the attributes"
        if words(field.annotation) & ARRAYS and not SHAPE.search(about or ""):
            yield f"no shape of {name}"


def test_functions_of_arrays_and_tables_are_found():
    assert len(concerned()) > 600
    assert len(records()) > 100
    assert "Tables" in wanted(LIBRARY / "engine" / "revise.py")


def test_functions_of_arrays_and_tables_are_documented():
    assert [f"{one.address}: {fault}" for one in concerned() for fault in faults(one)] == []


def test_dataclasses_of_arrays_and_tables_are_documented():
    assert [f"{one.address}: {fault}" for one in records() for fault in faults_of_fields(one)] == []
