"""The readers of lickometer logs, and the choice of the one that a file needs.

In: the text of a log. Out: its common form. A file is recognised by its content, never by its name or ending.
"""

from collections.abc import Callable
from typing import NamedTuple

from ketaflow.assays.sucrose_preference.readers import (
    counter_readers,
    lick_time_readers,
    med_associates,
    plain_lists,
)
from ketaflow.assays.sucrose_preference.readers.logs import Log, LogFile
from ketaflow.core.errors import IngestError


class Reader(NamedTuple):
    """Reader of one format: its name, whether a text is of the format, and how to read it."""

    name: str
    recognises: Callable[[str], bool]
    read: Callable[[LogFile], Log]


# In the order in which they are tried.
READERS = (
    Reader("Sipper, FED3", counter_readers.is_sipper, counter_readers.read_sipper),
    Reader("LIQ HD", counter_readers.is_liqhd, counter_readers.read_liqhd),
    Reader("Med Associates, arrays", med_associates.is_array_file, med_associates.read_array_file),
    Reader("Davis rig", lick_time_readers.is_davis, lick_time_readers.read_davis),
    Reader("Coulbourn", lick_time_readers.is_coulbourn, lick_time_readers.read_coulbourn),
    Reader("event table", lick_time_readers.is_event_table, lick_time_readers.read_event_table),
    Reader("OHRBETS", lick_time_readers.is_ohrbets, lick_time_readers.read_ohrbets),
    Reader("Med Associates, one column", med_associates.is_column_file, med_associates.read_column_file),
    Reader("clock times", lick_time_readers.is_clock_list, lick_time_readers.read_clock_list),
)
PLAIN_LIST = Reader("plain list of lick times", lambda text: True, plain_lists.read_list)


def read_log(file: LogFile) -> Log:
    """Read a log of any known format.

    Parameters
    ----------
    file : LogFile
        Text and name of the file.

    Returns
    -------
    Log
        Read by the first reader that recognises the text, else as a plain list of lick times.

    Raises
    ------
    IngestError
        If the file is empty, damaged, or of no known format.
    """
    if not file.text.strip():
        raise IngestError(f"{file.name}: the file is empty. The logger wrote nothing; take the bottle's weights.")
    reader = next((one for one in READERS if one.recognises(file.text)), PLAIN_LIST)
    return reader.read(file)
