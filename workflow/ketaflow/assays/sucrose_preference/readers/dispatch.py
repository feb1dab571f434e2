"""The readers of lickometer logs, and the choice of the one that a file needs.

In: cells of a log. Out: its common form. A file is recognised by its content, never by its name or ending.
"""

from collections.abc import Callable
from typing import NamedTuple

from ketaflow.assays.sucrose_preference.readers import (
    counter_readers,
    event_tables,
    lick_time_readers,
    med_associates,
    plain_lists,
)
from ketaflow.assays.sucrose_preference.readers.cell_files import CellFile
from ketaflow.assays.sucrose_preference.readers.logs import Log, LogFile
from ketaflow.core.errors import IngestError


class Reader(NamedTuple):
    """Reader of one format: its name, whether a file is of the format, and how to read it.

    ``basis`` says whether it was tested on a file that a device wrote, or written from the documentation of the format.
    """

    name: str
    recognises: Callable[[CellFile], bool]
    read: Callable[[LogFile], Log]
    basis: str


REAL_FILE = "tested on a real file"
DOCUMENTATION = "written from the documentation"

EVENT_TABLE = Reader("event table", event_tables.is_event_list, event_tables.read_event_list, REAL_FILE)
# In the order in which they are tried.
READERS = (
    Reader("Sipper", counter_readers.is_sipper, counter_readers.read_sipper, REAL_FILE),
    Reader("FED3", counter_readers.is_fed3, counter_readers.read_fed3, REAL_FILE),
    Reader("LIQ HD", counter_readers.is_liqhd, counter_readers.read_liqhd, DOCUMENTATION),
    Reader("Med Associates, arrays", med_associates.is_array_file, med_associates.read_array_file, REAL_FILE),
    Reader("Davis rig", lick_time_readers.is_davis, lick_time_readers.read_davis, REAL_FILE),
    Reader("Coulbourn Graphic State", lick_time_readers.is_coulbourn, lick_time_readers.read_coulbourn, REAL_FILE),
    Reader("numbered events", lick_time_readers.is_numbered_events, lick_time_readers.read_numbered_events, REAL_FILE),
    Reader("OHRBETS", lick_time_readers.is_ohrbets, lick_time_readers.read_ohrbets, REAL_FILE),
    Reader("Med Associates, one column", med_associates.is_column_file, med_associates.read_column_file, REAL_FILE),
    Reader("clock times", lick_time_readers.is_clock_list, lick_time_readers.read_clock_list, REAL_FILE),
    EVENT_TABLE,
)
PLAIN_LIST = Reader("plain list of lick times", lambda cells: True, plain_lists.read_list, REAL_FILE)


def reader_of(cells: CellFile) -> Reader:
    """The first reader that recognises a file, else that of plain lists.

    Parameters
    ----------
    cells : CellFile
        The file, or one worksheet of it.

    Returns
    -------
    Reader
    """
    return next((one for one in READERS if one.recognises(cells)), PLAIN_LIST)


def read_log(file: LogFile) -> Log:
    """Read a log of any known format.

    Parameters
    ----------
    file : LogFile
        Cells and name of the file.

    Returns
    -------
    Log

    Raises
    ------
    IngestError
        If the file is damaged, or of no known format. The message holds no more of the file than a cell in quotes.
    """
    reader = reader_of(file.cells)
    try:
        return reader.read(file)
    except (ValueError, KeyError, IndexError):
        raise IngestError(
            f"{file.name}: this file begins like the format '{reader.name}', but a later row does not follow it. Copy "
            "the file from the device again; if the row is still different, save the lick times as a plain list."
        ) from None
