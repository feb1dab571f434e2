"""Which reader a file is for: the first whose signature its beginning bears."""

from ketaflow.assays.sucrose_preference import counters, licklists
from ketaflow.assays.sucrose_preference.logs import Log
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
    if counters.is_sipper(text):
        return counters.read_sipper(text, file, quiet_gap_s=quiet_gap_s)
    if counters.is_liqhd(text):
        return counters.read_liqhd(text, file, quiet_gap_s=quiet_gap_s)
    if licklists.is_med_array(text):
        return licklists.read_med_array(text, file, subject=subject)
    for fits, read in (
        (licklists.is_davis, licklists.read_davis),
        (licklists.is_coulbourn, licklists.read_coulbourn),
        (licklists.is_event_table, licklists.read_event_table),
        (licklists.is_ohrbets, licklists.read_ohrbets),
        (licklists.is_med_column, licklists.read_med_column),
        (licklists.is_clock_list, licklists.read_clock_list),
    ):
        if fits(text):
            return read(text, file)
    return licklists.read_list(text, file, unit=lick_time_unit)
