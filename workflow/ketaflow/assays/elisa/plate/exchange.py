"""Search for rows or columns of a plate that were exchanged, in pipetting or in the table.

Replicates differ and standards lose their order if two rows are exchanged. Every exchange of two rows, two columns, and
the plate turned by 180 degrees is tried on the responses; the one that restores replicates and order is reported.
Single bad wells restore nothing and are not reported; blanks do not count, since one contaminated blank looks like a
misplaced one.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
from scipy.optimize import isotonic_regression

from ketaflow.assays.elisa import constants
from ketaflow.assays.elisa.model import Exchange, Well
from ketaflow.assays.elisa.readers.cells import ROW_LETTERS
from ketaflow.assays.elisa.samples import replicate_key


class _Layout(NamedTuple):
    """Wells as arrays: group of replicates, standard level (-1 for others), row and column."""

    group: np.ndarray
    level: np.ndarray
    row: np.ndarray
    column: np.ndarray


class _Table(NamedTuple):
    """The plate as the table has it: number of wells with a value, and range of the standard levels (logarithms)."""

    n_known: int
    span: float


class _Trial(NamedTuple):
    """An exchange: its name, and where each row and column of the table is found on the plate."""

    name: str
    rows: np.ndarray
    columns: np.ndarray


def find_exchange(wells: Sequence[Well], response: np.ndarray) -> Exchange | None:
    """Find two rows or columns that seem to be exchanged.

    Parameters
    ----------
    wells : sequence of Well
        Wells of the table.
    response : (n_rows, n_columns) float
        Responses of the whole plate.

    Returns
    -------
    Exchange or None
        None where the plate is orderly, or no single exchange explains the disorder.
    """
    log_response = _logarithms(response)
    counted = [well for well in wells if well.content.sample != "blank"]
    if not counted:
        return None
    layout = _layout(counted)
    trials = list(_trials(*response.shape))
    values = log_response[layout.row, layout.column]
    known = np.isfinite(values)
    table = _Table(int(known.sum()), _span(values[known & (layout.level >= 0)]))
    before = _disorders(layout, log_response, trials[0], table)
    if before is None or before < constants.EXCHANGE_LEAST_REPAIRED:
        return None
    scored = []
    for trial in trials[1:]:
        after = _disorders(layout, log_response, trial, table)
        if after is not None:
            scored.append((after, trial))
    scored.sort(key=lambda pair: pair[0])
    best = scored[0][0]
    alike = [trial for after, trial in scored if after == best]
    if before - best < constants.EXCHANGE_LEAST_REPAIRED or 2 * best > before:
        return None
    moved = [
        well.name
        for well in wells
        if any(one.rows[well.row] != well.row or one.columns[well.column] != well.column for one in alike)
    ]
    return Exchange(" (or ".join(one.name for one in alike) + ")" * (len(alike) - 1), moved, before, best)


def _logarithms(response: np.ndarray) -> np.ndarray:
    finite = response[np.isfinite(response)]
    top = float(finite.max()) if len(finite) and finite.max() > 0 else 1.0
    return np.log(np.clip(response, constants.RESPONSE_FLOOR * top, top))


def _layout(wells: Sequence[Well]) -> _Layout:
    keys = [replicate_key(well) for well in wells]
    numbers = {key: number for number, key in enumerate(dict.fromkeys(keys))}
    levels = sorted(
        {
            (well.content.analyte, well.content.concentration_pg_per_ml or 0.0)
            for well in wells
            if well.content.sample == "standard"
        }
    )
    places = {level: place for place, level in enumerate(levels)}
    return _Layout(
        np.array([numbers[key] for key in keys]),
        np.array(
            [
                places[(well.content.analyte, well.content.concentration_pg_per_ml or 0.0)]
                if well.content.sample == "standard"
                else -1
                for well in wells
            ]
        ),
        np.array([well.row for well in wells]),
        np.array([well.column for well in wells]),
    )


def _trials(n_rows: int, n_columns: int) -> Iterator[_Trial]:
    """The plate as it is, then every exchange of two rows or two columns, and half a turn."""
    rows, columns = np.arange(n_rows), np.arange(n_columns)
    yield _Trial("", rows, columns)
    for first in range(n_rows):
        for second in range(first + 1, n_rows):
            yield _Trial(f"rows {ROW_LETTERS[first]} and {ROW_LETTERS[second]}", _swapped(rows, first, second), columns)
    for first in range(n_columns):
        for second in range(first + 1, n_columns):
            yield _Trial(f"columns {first + 1} and {second + 1}", rows, _swapped(columns, first, second))
    yield _Trial("the two ends of the plate (half a turn)", rows[::-1], columns[::-1])


def _swapped(order: np.ndarray, first: int, second: int) -> np.ndarray:
    made = order.copy()
    made[[first, second]] = made[[second, first]]
    return made


def _span(values: np.ndarray) -> float:
    return float(np.ptp(values)) if len(values) else 0.0


def _disorders(layout: _Layout, log_response: np.ndarray, trial: _Trial, table: _Table) -> int | None:
    """Groups of replicates that differ, and other standard levels out of order.

    None where fewer wells have values than in the table, or where the standards lose a quarter of their range, as in
    empty wells, which are never out of order.
    """
    values = log_response[trial.rows[layout.row], trial.columns[layout.column]]
    known = np.isfinite(values)
    span = _span(values[known & (layout.level >= 0)])
    if known.sum() < table.n_known or span < constants.EXCHANGE_SPAN_MIN * table.span:
        return None
    group, values, level = layout.group[known], values[known], layout.level[known]
    count = np.bincount(group)
    mean = np.bincount(group, values) / np.maximum(count, 1)
    largest = np.zeros(len(count))
    np.maximum.at(largest, group, np.abs(values - mean[group]))
    found = int((largest > constants.EXCHANGE_REPLICATE_LOG).sum())
    standards = level >= 0
    if standards.any():
        in_level = np.bincount(level[standards])
        held = in_level > 0
        means = np.bincount(level[standards], values[standards])[held] / in_level[held]
        differ = np.zeros(len(in_level), bool)
        differ[level[standards]] = largest[group[standards]] > constants.EXCHANGE_REPLICATE_LOG
        means = means[~differ[held]]
        found += (
            0
            if not len(means)
            else min(
                int((np.abs(means - isotonic_regression(means, increasing=up).x) > constants.EXCHANGE_ORDER_LOG).sum())
                for up in (True, False)
            )
        )
    return found
