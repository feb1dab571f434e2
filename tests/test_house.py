"""The shape of the code: small folders, short signatures, typed interfaces."""

import ast
import re
from collections import Counter
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
LIBRARY = ROOT / "workflow" / "ketaflow"
RULES = ROOT / "workflow" / "rules"
MOST_MODULES, MOST_PARAMETERS = 12, 8
# It fills in a record with eleven fields, all but two of them named and optional.
RECORD_MAKERS = {("core/results.py", "check")}
# Sub-packages of the library that take or return dictionaries whose keys are data (names of tables, arms, files).
TYPED = ("assays",)

Function = ast.FunctionDef | ast.AsyncFunctionDef


@cache
def trees() -> list[tuple[Path, ast.Module]]:
    paths = sorted(LIBRARY.rglob("*.py"))
    return [(path.relative_to(LIBRARY), ast.parse(path.read_text(encoding="utf-8"))) for path in paths]


@cache
def functions() -> list[tuple[Path, Function]]:
    return [(path, node) for path, tree in trees() for node in ast.walk(tree) if isinstance(node, Function)]


def arguments(function: Function) -> list[ast.arg]:
    named = function.args
    every = [*named.posonlyargs, *named.args, *named.kwonlyargs]
    return [one for one in every if one.arg not in ("self", "cls")]


def test_no_folder_holds_more_modules_than_one_can_survey():
    counts = {
        folder.relative_to(LIBRARY).as_posix(): len([path for path in folder.glob("*.py") if path.stem != "__init__"])
        for folder in LIBRARY.rglob("*")
        if folder.is_dir() and folder.name != "__pycache__"
    }
    assert {name: count for name, count in counts.items() if count > MOST_MODULES} == {}


def test_no_function_takes_more_parameters_than_one_can_remember():
    found = {(str(path), one.name) for path, one in functions() if len(arguments(one)) > MOST_PARAMETERS}
    assert found - RECORD_MAKERS == set()


@pytest.mark.parametrize("package", TYPED)
def test_no_interface_is_an_untyped_container(package):
    bare = {"dict", "list", "tuple", "set"}
    found = []
    for path, one in functions():
        if path.parts[0] != package:
            continue
        annotations = [argument.annotation for argument in arguments(one)] + [one.returns]
        if any(isinstance(annotation, ast.Name) and annotation.id in bare for annotation in annotations):
            found.append((str(path), one.name))
    assert found == []


def test_every_folder_says_which_question_it_answers():
    silent = [
        str(path.relative_to(LIBRARY))
        for path in LIBRARY.rglob("__init__.py")
        if not ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))
    ]
    assert silent == []


def test_every_function_and_constant_is_used():
    places = [path for folder in ("workflow", "tests", "benchmarks") for path in (ROOT / folder).rglob("*")]
    kinds = {".py", ".smk", ".html", ".js", ".yaml"}
    texts = [path.read_text(encoding="utf-8") for path in places if path.suffix in kinds]
    uses = Counter(word for text in texts for word in re.findall(r"\w+", text))
    constants = {
        name.id
        for _, tree in trees()
        for node in tree.body
        if isinstance(node, ast.Assign)
        for target in node.targets
        for name in ast.walk(target)
        if isinstance(name, ast.Name) and name.id.isupper()
    }
    named = constants | {one.name for _, one in functions() if not one.name.startswith("__")}
    # pickle and logging call these.
    assert {name for name in named if uses[name] < 2} - {"find_class", "emit"} == set()


def test_every_target_has_a_description():
    text = "\n".join(path.read_text(encoding="utf-8") for path in [ROOT / "Snakefile", *sorted(RULES.glob("*.smk"))])
    following = re.findall(r"^ *rule ?(\w*):\n\s*(.*)", text, re.MULTILINE)
    assert len(following) > 15
    assert [name for name, first in following if not first.startswith('"""')] == []


# Words in a constant's name or in the comment above it from which a reader knows its unit.
UNITS = re.compile(
    r"um|um2|nm|mm|mm2|ml|ul|kda|s|ms|min|h|hz|fps|pct|deg|rad|bits?|bytes?|mb|kb|au|pg|v|g|c|uv|years|date|"
    r"fractions?|shares?|ratios?|factors?|times|multiples?|quantiles?|percentiles?|probability|correlation|kappa|"
    r"sds?|mad|deviations?|errors?|exponent|power|logarithm|log10|rgb|colours?|ink|paper|seed|"
    r"counts?|number|fewest|most|frames|rows|columns|lines|pixels?|px|points|lanes|bands|dots|levels|cells|words|names|"
    r"wells|groups|peaks|places|samples|passes|rounds|steps|bins|parts|tries|images|recordings|animals|fields|blocks|"
    r"planes|marks|puncta|spouts|licks|intervals|networks|layers|resamples|characters|letters|digits|strips|segments|"
    r"candidates|thresholds|analytes|tissues|days|cylinders|standards|noises|ripples|widths|heights|radii|radians?|"
    r"degrees?|diameters|traces|stretches|pitches|membranes|shafts|photons|dimensionless|bit/s|%",
    re.IGNORECASE,
)


def tells_unit(text: str) -> bool:
    """Whether one of the words is in the text, as a word of its own."""
    return any(UNITS.fullmatch(word) for word in re.split(r"[\s_.,;:()=]+", text))


def constants_of(path: Path) -> list[tuple[str, str, str]]:
    """Numeric constants of a module, each with the comment above it, and beside it, where a unit alone may lie."""
    source = path.read_text(encoding="utf-8")
    lines, found = source.splitlines(), []
    for node in ast.parse(source).body:
        if not isinstance(node, ast.Assign | ast.AnnAssign) or node.value is None:
            continue
        numbers = [
            one for one in ast.walk(node.value) if isinstance(one, ast.Constant) and type(one.value) in (int, float)
        ]
        above, block = lines[: node.lineno - 1], list[str]()
        while above and above[-1].strip() and not above[-1].startswith("#"):
            above.pop()
        while above and above[-1].startswith("#"):
            block.insert(0, above.pop())
        beside = lines[(node.end_lineno or node.lineno) - 1].partition("  # ")[2]
        if numbers:
            found.append((lines[node.lineno - 1].partition(" =")[0], " ".join(block), beside))
    return found


def is_number(node: ast.expr) -> bool:
    """Whether this is a number, or a tuple of numbers, as written."""
    if isinstance(node, ast.UnaryOp):
        return is_number(node.operand)
    if isinstance(node, ast.Tuple):
        return all(is_number(one) for one in node.elts)
    return isinstance(node, ast.Constant) and type(node.value) in (int, float)


def test_every_number_of_an_assay_is_among_its_constants():
    """Layouts of file formats may lie beside their reader."""
    outside = [
        f"{path}: {ast.unparse(node)}"
        for path, tree in trees()
        if path.parts[0] == "assays" and path.stem != "constants" and "readers" not in path.parts
        for node in tree.body
        if isinstance(node, ast.Assign) and is_number(node.value)
    ]
    assert outside == []


def test_every_number_has_a_line_of_its_own():
    packed = [
        f"{path}: {ast.unparse(node)}"
        for path, tree in trees()
        for node in tree.body
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Tuple) and is_number(node.value)
    ]
    assert packed == []


def test_every_constant_of_an_assay_has_a_reason_and_a_unit():
    unexplained, without_unit = [], []
    for path in sorted((LIBRARY / "assays").rglob("constants.py")):
        for name, above, unit in constants_of(path):
            shown = f"{path.parent.relative_to(LIBRARY)}: {name}"
            if not above:
                unexplained.append(shown)
            if not (unit or tells_unit(name) or tells_unit(above)):
                without_unit.append(shown)
    assert unexplained == []
    assert without_unit == []
