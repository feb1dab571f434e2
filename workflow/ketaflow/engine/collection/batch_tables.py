"""Tables of an assay's batches, put together."""

from collections import defaultdict
from pathlib import Path

import pandas as pd

from ketaflow.engine import batch_files


def batch_tables(folders: list[Path]) -> dict[str, pd.DataFrame]:
    """Put together the batches of every table that ``quantify`` published.

    Parameters
    ----------
    folders : list of Path
        Batch folders of one assay.

    Returns
    -------
    dict of str to data frame
        By table name; rows in the order of the batches.
    """
    own = defaultdict(list)
    for folder in folders:
        for name in batch_files.tables(folder / "measurements.zip"):
            own[name].append(batch_files.table(folder / "measurements.zip", name))
    return {name: together(frames) for name, frames in own.items()}


def together(frames: list[pd.DataFrame]) -> pd.DataFrame:
    """Put tables together, one below the other.

    Parameters
    ----------
    frames : list of data frame
        Those without rows are left out, so that they do not change the types of columns.

    Returns
    -------
    data frame
        All rows, numbered from 0; without rows and columns if no table has a row.
    """
    filled = [one for one in frames if len(one)]
    return pd.concat(filled, ignore_index=True) if filled else pd.DataFrame()
