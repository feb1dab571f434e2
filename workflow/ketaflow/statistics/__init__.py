"""Group statistics: measurements, allocation and plan in, comparisons between dose arms out.

The plan names the test before unblinding; the animal is the unit; nothing switches tests after a look
at the values. ``analyse`` does it all; each idea has a module of its own.
"""

from ketaflow.statistics.analysis import analyse

__all__ = ["analyse"]
