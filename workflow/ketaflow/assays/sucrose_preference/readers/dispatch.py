"""Which reader a file is for: the first whose signature its beginning bears."""

from ketaflow.assays.sucrose_preference.readers import counter_readers, lick_time_readers
from ketaflow.assays.sucrose_preference.readers.logs import Log
from ketaflow.core.errors import IngestError


def read_log(text: str, file: str, *, subject: str | None, lick_time_unit: str, quiet_gap_s: float) -> Log:
    """A lickometer's log, whatever device wrote it.

    Parameters
    ----------
    text
        The file's content.
    file
        Its name, for messages.
    subject
        The animal, to choose its session in files that hold several.
    lick_time_unit
        ``auto``, ``s`` or ``ms``, for plain lists of times.
    quiet_gap_s
        A longer pause of a device that writes at fixed times is a gap.
    """
    if not text.strip():
        raise IngestError(f"{file}: the file is empty. The logger wrote nothing; take the bottle's weights.")
    if counter_readers.is_sipper(text):
        return counter_readers.read_sipper(text, file, quiet_gap_s=quiet_gap_s)
    if counter_readers.is_liqhd(text):
        return counter_readers.read_liqhd(text, file, quiet_gap_s=quiet_gap_s)
    if lick_time_readers.is_med_array(text):
        return lick_time_readers.read_med_array(text, file, subject=subject)
    for fits, read in (
        (lick_time_readers.is_davis, lick_time_readers.read_davis),
        (lick_time_readers.is_coulbourn, lick_time_readers.read_coulbourn),
        (lick_time_readers.is_event_table, lick_time_readers.read_event_table),
        (lick_time_readers.is_ohrbets, lick_time_readers.read_ohrbets),
        (lick_time_readers.is_med_column, lick_time_readers.read_med_column),
        (lick_time_readers.is_clock_list, lick_time_readers.read_clock_list),
    ):
        if fits(text):
            return read(text, file)
    return lick_time_readers.read_list(text, file, unit=lick_time_unit)
