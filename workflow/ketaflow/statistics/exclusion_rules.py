"""Exclusion rules, read as comparisons and never run as code.

``unscored_s > 12 and sex == 'male'``: names, numbers, words, comparisons, and, or, not, + - * /. The text is parsed
into a tree in which all other nodes are refused.
"""

import ast
import operator
from collections.abc import Callable, Sequence
from typing import Any

# Values of a name: numbers or words.
Values = Sequence[Any]
ValuesOf = Callable[[str], Values]
COMPARISONS: dict[type[ast.cmpop], Callable[[Any, Any], bool]] = {
    ast.Gt: operator.gt, ast.GtE: operator.ge, ast.Lt: operator.lt, ast.LtE: operator.le,
    ast.Eq: operator.eq, ast.NotEq: operator.ne,
}  # fmt: skip
ARITHMETIC: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
}


def fault(text: str) -> str | None:
    """Say what is wrong with a rule; None if it can be read."""
    try:
        tree = ast.parse(text, mode="eval").body
    except (SyntaxError, ValueError):
        return "it is not a comparison"
    if not isinstance(tree, ast.Compare | ast.BoolOp | ast.UnaryOp):
        return "it is not a comparison"
    refused = next((node for node in ast.walk(tree) if not _allowed(node)), None)
    if refused is None:
        return None
    text = ast.unparse(refused) if hasattr(refused, "lineno") else type(refused).__name__.lower()
    return f"'{text}' is not allowed"


def names(text: str) -> list[str]:
    """Names in a rule, in order."""
    found = [node.id for node in ast.walk(ast.parse(text, mode="eval")) if isinstance(node, ast.Name)]
    return list(dict.fromkeys(found))


def holds(text: str, values_of: ValuesOf) -> bool | None:
    """Evaluate a rule.

    Parameters
    ----------
    text : str
        The rule.
    values_of : callable
        ``values_of(name)`` returns every value of a name; a comparison is true if it is true of any of them.

    Returns
    -------
    bool or None
        None if a name has no value: nothing is excluded for lack of data.
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


def _truth(node: ast.AST, values_of: ValuesOf) -> bool | None:
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


def _compared(op: ast.cmpop, a: Any, b: Any) -> bool:
    if isinstance(a, str) != isinstance(b, str):
        return isinstance(op, ast.NotEq)
    return COMPARISONS[type(op)](a, b)


def _values(node: ast.AST, values_of: ValuesOf) -> Values:
    if isinstance(node, ast.Constant):
        return [node.value]
    if isinstance(node, ast.Name):
        return values_of(node.id)
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        return [-value for value in _values(node.operand, values_of)]
    if isinstance(node, ast.BinOp):
        pairs = [(a, b) for a in _values(node.left, values_of) for b in _values(node.right, values_of)]
        usable = [(a, b) for a, b in pairs if not (isinstance(node.op, ast.Div) and b == 0)]
        return [ARITHMETIC[type(node.op)](a, b) for a, b in usable]
    raise ValueError(f"'{ast.unparse(node)}' is not a value")
