"""Rules of exclusion, read as comparisons and never as code.

``unscored_s > 12 and sex == 'male'``: names, numbers, words, comparisons, and, or, not, + - * /.
The text is parsed to a tree and only these nodes are walked; anything else is refused.
"""

import ast
import operator
from collections.abc import Callable, Sequence

COMPARISONS = {
    ast.Gt: operator.gt, ast.GtE: operator.ge, ast.Lt: operator.lt, ast.LtE: operator.le,
    ast.Eq: operator.eq, ast.NotEq: operator.ne,
}  # fmt: skip
ARITHMETIC = {ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.Div: operator.truediv}


def fault(text: str) -> str | None:
    """What is wrong with a rule, or None."""
    try:
        tree = ast.parse(text, mode="eval").body
    except (SyntaxError, ValueError):
        return "it is not a comparison"
    if not isinstance(tree, ast.Compare | ast.BoolOp | ast.UnaryOp):
        return "it is not a comparison"
    strange = [node for node in ast.walk(tree) if not _allowed(node)]
    if not strange:
        return None
    told = ast.unparse(strange[0]) if hasattr(strange[0], "lineno") else type(strange[0]).__name__.lower()
    return f"'{told}' is not allowed"


def names(text: str) -> list[str]:
    """Names a rule speaks of, in order."""
    found = [node.id for node in ast.walk(ast.parse(text, mode="eval")) if isinstance(node, ast.Name)]
    return list(dict.fromkeys(found))


def holds(text: str, values_of: Callable[[str], Sequence]) -> bool | None:
    """Whether a rule holds; ``values_of(name)`` gives every value a name has, and one that fits is enough.

    None where a name it needs has no value: nothing is excluded for lack of knowledge.
    """
    return _truth(ast.parse(text, mode="eval").body, values_of)


def _allowed(node: ast.AST) -> bool:
    if isinstance(node, ast.Constant):
        return isinstance(node.value, int | float | str)
    kinds = (
        ast.Compare, ast.BoolOp, ast.And, ast.Or, ast.UnaryOp, ast.Not, ast.USub, ast.BinOp, ast.Name, ast.Load,
        *COMPARISONS, *ARITHMETIC,
    )  # fmt: skip
    return isinstance(node, kinds)


def _truth(node: ast.AST, values_of: Callable) -> bool | None:
    if isinstance(node, ast.BoolOp):
        parts = [_truth(part, values_of) for part in node.values]
        decisive = isinstance(node.op, ast.Or)
        return decisive if decisive in parts else (None if None in parts else not decisive)
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        inner = _truth(node.operand, values_of)
        return None if inner is None else not inner
    if not isinstance(node, ast.Compare):
        raise ValueError(f"'{ast.unparse(node)}' is not a comparison")
    sides = [_values(side, values_of) for side in (node.left, *node.comparators)]
    if any(not len(side) for side in sides):
        return None
    pairs = zip(sides[:-1], node.ops, sides[1:], strict=True)
    return all(any(_compared(op, a, b) for a in left for b in right) for left, op, right in pairs)


def _compared(op: ast.cmpop, a: object, b: object) -> bool:
    if isinstance(a, str) != isinstance(b, str):
        return isinstance(op, ast.NotEq)
    return COMPARISONS[type(op)](a, b)


def _values(node: ast.AST, values_of: Callable) -> list:
    if isinstance(node, ast.Constant):
        return [node.value]
    if isinstance(node, ast.Name):
        return list(values_of(node.id))
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        return [-value for value in _values(node.operand, values_of)]
    if isinstance(node, ast.BinOp):
        pairs = [(a, b) for a in _values(node.left, values_of) for b in _values(node.right, values_of)]
        usable = [(a, b) for a, b in pairs if not (isinstance(node.op, ast.Div) and b == 0)]
        return [ARITHMETIC[type(node.op)](a, b) for a, b in usable]
    raise ValueError(f"'{ast.unparse(node)}' is not a value")
