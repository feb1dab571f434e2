"""A stage of an assay as the engine runs it: a function, and the types its annotations name.

``ingest(rows, folder, settings) -> Swim``, ``quantify(swim, settings) -> Measured`` and ``qc(swim, measured, settings)
-> Checked`` say in their annotations which dataclass each batch file holds and which class their settings have. A
stage that needs rows of the cohort tables as well takes a keyword ``rows``.
"""

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from ketaflow import assays
from ketaflow.core.inputs import build
from ketaflow.engine.codec import hints


@dataclass(frozen=True)
class Stage:
    """One stage of one assay.

    Attributes
    ----------
    run : callable
        The function.
    reads : tuple of type
        Dataclasses of the records it is given, in order.
    writes : type
        The dataclass it returns.
    settings : type
        The dataclass of its settings.
    takes_rows : bool
        Whether it is given rows of the cohort tables.
    """

    run: Callable[..., Any]
    reads: tuple[Any, ...]
    writes: Any
    settings: Any
    takes_rows: bool

    def settings_from(self, block: Mapping[str, Any]) -> Any:
        """Build the settings object from the block of the settings."""
        return build(self.settings, block)


@cache
def stage(assay: str, name: str) -> Stage:
    """Return a stage of an assay; its module is imported only now."""
    function = getattr(assays.stage(assay, name), name)
    annotations, names = hints(function), list(inspect.signature(function).parameters)
    own = ("rows", "folder", "settings", "return")
    return Stage(
        run=function,
        reads=tuple(annotations[one] for one in names if one not in own),
        writes=annotations["return"],
        settings=annotations.get("settings"),
        takes_rows="rows" in names,
    )
