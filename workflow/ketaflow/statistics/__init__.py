"""Group statistics: measurements, allocation and plan in, comparisons between dose arms out.

The plan names the tests before unblinding; the animal is the unit; no test is chosen by a look at the values.
"""

from typing import TYPE_CHECKING, Any

from ketaflow.statistics.model import Settings, StudyTables

if TYPE_CHECKING:
    from ketaflow.statistics.analysis import analyse

__all__ = ["Settings", "StudyTables", "analyse"]


def __getattr__(name: str) -> Any:
    """Load ``analyse`` when it is asked for: planning reads the plan alone, and need not wait 0.6 s for scipy.stats."""
    if name != "analyse":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from ketaflow.statistics.analysis import analyse

    return analyse
