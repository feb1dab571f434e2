"""Frozen dataclasses as JSON and binary parts, and back, driven by their annotations alone.

In: any dataclass whose fields are of the types below. Out: a JSON value, with arrays, data frames and bytes handed to
a ``Parts`` store. The annotations are the format: nothing in a file says which class to build, so reading never
runs code that a file names (unlike pickle).

Types: bool, int, float, str, bytes, None, ``np.ndarray``, ``pd.DataFrame``, dataclasses, named tuples, ``list[X]``,
``tuple[X, ...]``, ``tuple[X, Y]``, ``dict[str, X]``, ``dict[int, X]``, ``X | None``, ``str | bytes``
(kept as a part), ``Literal``.
"""

import dataclasses
import types
import typing
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any, Literal, NamedTuple, Protocol

import numpy as np
import pandas as pd

Json = Any


class Parts(Protocol):
    """Where the larger parts of a record are kept: ``put`` returns the number that ``get`` takes."""

    def put(self, content: np.ndarray | pd.DataFrame | bytes | str) -> int:
        """Store one part.

        Parameters
        ----------
        content : ndarray of any shape, data frame, bytes or str
            The part; ``get`` returns it with the same type.

        Returns
        -------
        int
            Number by which ``get`` finds the part.
        """

    def get(self, number: int) -> Any:
        """Return the part stored under that number."""


class _NoParts:
    """For values that have no larger parts."""

    def put(self, content: Any) -> int:
        raise TypeError(f"{type(content).__name__} cannot be written here")

    def get(self, number: int) -> Any:
        raise KeyError(number)


NO_PARTS: Parts = _NoParts()


class Codec(NamedTuple):
    """How values of one type become JSON, and how they are built again."""

    encode: Callable[[Any, Parts], Json]
    decode: Callable[[Json, Parts], Any]


SCALARS = (bool, int, float, str, type(None))


@cache
def codec(kind: Any) -> Codec:
    """Return the codec of a type.

    Parameters
    ----------
    kind : type or annotation
        See the module's list.

    Raises
    ------
    TypeError
        If a field has a type that cannot be written, with the name of that type.
    """
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if kind in SCALARS or origin is Literal:
        return Codec(_plain, lambda value, parts: value)
    if kind in (np.ndarray, pd.DataFrame, bytes) or origin is np.ndarray:
        return Codec(lambda value, parts: parts.put(value), lambda value, parts: parts.get(value))
    if origin in (typing.Union, types.UnionType):
        return _optional(kind, arguments)
    if dataclasses.is_dataclass(kind):
        annotations: dict[str, Any] = hints(kind)  # type: ignore[arg-type]  # classes are hashable
        return _fields(kind, {field.name: annotations[field.name] for field in dataclasses.fields(kind)})
    if isinstance(kind, type) and issubclass(kind, tuple) and hasattr(kind, "_fields"):
        return _fields(kind, {name: hints(kind)[name] for name in kind._fields})
    if origin in (list, tuple, Sequence):
        return _series(list if origin is Sequence else origin, arguments)
    if origin in (dict, Mapping):
        return _mapping(*arguments)
    raise TypeError(f"{kind!r} cannot be part of a record; see ketaflow.core.codec for the types that can")


@cache
def hints(kind: Any) -> dict[str, Any]:
    """Return the annotations of a class or function, resolved."""
    return typing.get_type_hints(kind)


def _plain(value: Any, _: Parts) -> Json:
    return value.item() if isinstance(value, np.generic) else value


def _optional(kind: Any, arguments: tuple[Any, ...]) -> Codec:
    """``X | None``, or a union of scalars."""
    inner = [argument for argument in arguments if argument is not type(None)]
    if set(inner) == {str, bytes}:
        return codec(bytes)
    if all(argument in SCALARS or typing.get_origin(argument) is Literal for argument in inner):
        return Codec(_plain, lambda value, parts: value)
    if len(inner) > 1:
        raise TypeError(f"{kind!r} cannot be part of a record: only one of its types may be more than a scalar")
    encode, decode = codec(inner[0])
    return Codec(
        lambda value, parts: None if value is None else encode(value, parts),
        lambda value, parts: None if value is None else decode(value, parts),
    )


def _fields(kind: Any, annotations: dict[str, Any]) -> Codec:
    """Dataclasses and named tuples, as a JSON list in the order of their fields."""
    names = list(annotations)
    codecs = [codec(annotation) for annotation in annotations.values()]

    def encode(value: Any, parts: Parts) -> Json:
        return [one.encode(getattr(value, name), parts) for name, one in zip(names, codecs, strict=True)]

    def decode(value: Json, parts: Parts) -> Any:
        return kind(*(one.decode(item, parts) for item, one in zip(value, codecs, strict=True)))

    return Codec(encode, decode)


def _series(kind: type, arguments: tuple[Any, ...]) -> Codec:
    if kind is tuple and arguments[-1] is not Ellipsis:
        return _tuple([codec(argument) for argument in arguments])
    encode, decode = codec(arguments[0])
    return Codec(
        lambda value, parts: [encode(item, parts) for item in value],
        lambda value, parts: kind(decode(item, parts) for item in value),
    )


def _tuple(codecs: list[Codec]) -> Codec:
    return Codec(
        lambda value, parts: [one.encode(item, parts) for item, one in zip(value, codecs, strict=True)],
        lambda value, parts: tuple(one.decode(item, parts) for item, one in zip(value, codecs, strict=True)),
    )


def _mapping(key: type, content: Any) -> Codec:
    if key not in (str, int):
        raise TypeError(f"dict[{key!r}, ...] cannot be part of a record: keys are str or int")
    encode, decode = codec(content)
    return Codec(
        lambda value, parts: {str(name): encode(item, parts) for name, item in value.items()},
        lambda value, parts: {key(name): decode(item, parts) for name, item in value.items()},
    )
