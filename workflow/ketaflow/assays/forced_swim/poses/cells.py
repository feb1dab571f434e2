"""Tables of pose files as text, and the message for a cell that is not a number (DeepLabCut and SLEAP)."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ketaflow.core.errors import IngestError


def read_table(path: Path, remedy: str, **options: Any) -> pd.DataFrame:
    """Read a csv of poses.

    Parameters
    ----------
    path : Path
        The file.
    remedy : str
        What to do if it cannot be read.
    **options
        Of ``pandas.read_csv``.

    Returns
    -------
    data frame
        Cells as pandas reads them with these options.

    Raises
    ------
    IngestError
        If it is no table.
    """
    try:
        table: pd.DataFrame = pd.read_csv(path, low_memory=False, **options)
    except (pd.errors.ParserError, pd.errors.EmptyDataError, UnicodeDecodeError) as error:
        raise IngestError(f"{path.name}: the table cannot be read ({error}). {remedy}.") from error
    return table


def first_without_number(column: pd.Series, *, is_blank_missing: bool = True) -> int | None:
    """Find the first cell that is no number.

    Parameters
    ----------
    column : Series
        Cells of a column.
    is_blank_missing : bool
        Whether a blank cell is a missing value; otherwise it is no number.

    Returns
    -------
    int or None
        Index of the first such cell; None if all are numbers.
    """
    wrong = pd.to_numeric(column, errors="coerce").isna()
    places = np.flatnonzero(wrong & column.notna() if is_blank_missing else wrong)
    return int(places[0]) if len(places) else None


def not_a_number(where: str, found: object, remedy: str) -> IngestError:
    """Return the error that names file, row and column, what was found, and what to do."""
    return IngestError(f"{where}: found '{found}' where a number was expected. {remedy}.")
