"""Group statistics: measurements, allocation and plan in, comparisons between dose arms out.

The plan names the tests before unblinding; the animal is the unit; no test is chosen by a look at the values.
"""

from ketaflow.statistics.analysis import analyse
from ketaflow.statistics.model import Settings, StudyTables

__all__ = ["Settings", "StudyTables", "analyse"]
