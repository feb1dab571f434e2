"""One value per animal, analyte and matrix from all plates; the same after a reviewer rejected plates."""

from collections.abc import Collection, Mapping, Sequence

from ketaflow.assays.elisa.model import AnimalResult, WellRow
from ketaflow.assays.elisa.samples import OK
from ketaflow.core.results import Measurement, measurement

CONCENTRATION, PER_PROTEIN = "concentration_pg_per_ml", "concentration_pg_per_mg_protein"
Key = tuple[str, str, str | None, str | None, float | None]


def combined(results: Sequence[AnimalResult]) -> list[Measurement]:
    """Take the plates of each animal together.

    Parameters
    ----------
    results : sequence of AnimalResult
        One for each animal, plate, analyte, matrix, session and time.

    Returns
    -------
    list of Measurement
        One for each animal, analyte, matrix, session and time: the mean over the plates with a value, weighted by
        wells. Its recording is the plate with most wells.
    """
    groups: dict[Key, list[AnimalResult]] = {}
    for one in results:
        groups.setdefault((one.animal, one.analyte, one.matrix, one.session, one.time_min), []).append(one)
    return [row for group in groups.values() for row in _rows(group)]


def _rows(group: Sequence[AnimalResult]) -> list[Measurement]:
    valued = [one for one in group if one.state == OK and one.concentration_pg_per_ml is not None]
    used = valued or list(group)
    first = max(used, key=lambda one: one.n)
    n = sum(one.n for one in valued)
    doubts = list(dict.fromkeys(one.doubt for one in valued if one.doubt))
    reason = "; ".join(doubts if valued else dict.fromkeys(one.state for one in group))
    values = {CONCENTRATION: [one.concentration_pg_per_ml for one in valued]}
    if any(one.has_protein for one in group):
        values[PER_PROTEIN] = [one.concentration_pg_per_mg_protein for one in valued]
    made = []
    for measure, found in values.items():
        weights = [one.n for one, value in zip(valued, found, strict=True) if value is not None]
        known = [value for value in found if value is not None]
        mean = sum(w * v for w, v in zip(weights, known, strict=True)) / sum(weights) if known else None
        status = None if mean is None else "flagged" if doubts else "ok"
        made.append(
            measurement(
                measure, mean, animal=first.animal, recording=first.plate, status=status, reason=reason,
                analyte=first.analyte, region=first.matrix, session=first.session, time_min=first.time_min, n=n or None,
            )
        )  # fmt: skip
    return made


def unread(wells: Sequence[WellRow], failures: Mapping[str, str], known: Collection[Key]) -> list[Measurement]:
    """Empty values of animals on plates that could not be read.

    Parameters
    ----------
    wells : sequence of WellRow
        The table ``elisa_wells``.
    failures : mapping of str to str
        Why each of these plates failed.
    known : collection
        Animal, analyte, matrix, session and time of values that other plates gave.

    Returns
    -------
    list of Measurement
        One for each animal, analyte, matrix, session and time without another value.
    """
    made: dict[Key, Measurement] = {}
    for well in wells:
        if well.sample != "animal" or well.plate not in failures or well.exclude or not well.animal:
            continue
        key = (well.animal, well.analyte, well.matrix, well.session, well.time_min)
        if key not in known and key not in made:
            made[key] = measurement(
                CONCENTRATION, None, animal=well.animal, recording=well.plate, reason=failures[well.plate],
                analyte=well.analyte, region=well.matrix, session=well.session, time_min=well.time_min,
            )  # fmt: skip
    return list(made.values())
