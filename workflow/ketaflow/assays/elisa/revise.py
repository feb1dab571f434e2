"""Values of animals after a reviewer rejected plates: computed again from the other plates of the animal."""

from collections.abc import Mapping

from ketaflow.assays.elisa import combining
from ketaflow.assays.elisa.model import AnimalResult, QuantifySettings
from ketaflow.core.cohort import rows_of as plain_rows
from ketaflow.core.inputs import Rows
from ketaflow.core.results import Measurement, Tables

TABLES = ("animals",)


def revise(tables: Tables, rejected: Mapping[str, str], settings: QuantifySettings) -> list[Measurement]:
    """Measure the animals again without rejected plates.

    Parameters
    ----------
    tables : mapping of str to data frame
        ``animals``, as ``quantify`` published it for all plates.
    rejected : mapping of str to str
        The reviewers' reason, by rejected plate.
    settings : QuantifySettings
        The settings of ``quantify``.

    Returns
    -------
    list of Measurement
        Values of all animals with a plate that was not rejected; the others keep the row of their rejected plate.
    """
    results = Rows({"animals": plain_rows(tables["animals"])}).of("animals", AnimalResult)
    return combining.combined([one for one in results if one.plate not in rejected])
