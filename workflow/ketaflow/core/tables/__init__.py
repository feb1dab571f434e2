"""Tables as labs keep them: read as text with their row numbers, then turned into checked values.

In: .csv (comma, or semicolon with decimal comma), .tsv, .xlsx, in any of the encodings Excel writes, with title rows,
comment rows, units in the headings and numbers typed as text. Out: a data frame with typed columns, notes on what
was understood although it was not written as documented, and a list of problems that name file, row, column, what was
found and the remedy. Reading and checking are apart so that one bad cell never hides the next.
"""

from ketaflow.core.tables.cells import PARSERS, YES_NO, safe_path
from ketaflow.core.tables.checking import typed, typed_with_notes
from ketaflow.core.tables.reading import ENDINGS, RawTable, RepeatedHeadingError, decode, find, read_raw
from ketaflow.core.tables.words import listed, nearest, quoted
from ketaflow.core.tables.workbooks import worksheets

__all__ = [
    "ENDINGS",
    "PARSERS",
    "YES_NO",
    "RawTable",
    "RepeatedHeadingError",
    "decode",
    "find",
    "listed",
    "nearest",
    "quoted",
    "read_raw",
    "safe_path",
    "typed",
    "typed_with_notes",
    "worksheets",
]
