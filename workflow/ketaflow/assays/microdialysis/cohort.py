"""What needs all animals at once: the standards stand in every animal's tables and are kept once."""

import pandas as pd


def summarise(tables: dict[str, pd.DataFrame], rows: dict[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """The tables of peaks, calibration and standards, without repeated rows."""
    del rows
    once = {name: tables[name] for name in ("peaks", "calibration", "standards") if len(tables.get(name, []))}
    return {name: table.drop_duplicates(ignore_index=True) for name, table in once.items()}
