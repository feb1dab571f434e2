"""One way to write a measurement of a recording: with its value, flagged, or empty with the reason."""

import math
from typing import NamedTuple

from ketaflow.assays.sucrose_preference import constants
from ketaflow.assays.sucrose_preference.model import BottleTest
from ketaflow.core.results import Measurement, measurement


class Subject(NamedTuple):
    """Columns that all measurements of a recording share; ``analyte`` names a solution other than sucrose."""

    animal: str
    recording: str
    session: str
    analyte: str | None = None


def subject_of(test: BottleTest, solution: str | None = None) -> Subject:
    """The subject of a recording's measurements, for the solution that was offered."""
    named = None if solution == constants.SUCROSE else solution
    return Subject(test.animal, test.recording, test.session, named)


def reported(
    subject: Subject, measure: str, value: float | None, *, refusal: str = "", undefined: str = "", doubt: str = ""
) -> Measurement:
    """Report one measurement.

    Parameters
    ----------
    subject : Subject
        Animal, recording, session and analyte.
    measure : str
        Name of the measure.
    value : float or None
        In the unit of the measure; None or NaN where it is undefined.
    refusal : str
        Why the value is withheld although it can be computed; else empty.
    undefined : str
        The reason given where the value is undefined.
    doubt : str
        Why the value is flagged; else empty.

    Returns
    -------
    Measurement
        Failed where the value is withheld or undefined, flagged where it is doubtful.
    """
    own = subject._asdict()
    if refusal or value is None or not math.isfinite(value):
        return measurement(measure, None, reason=refusal or undefined, **own)
    return measurement(measure, value, status="flagged" if doubt else None, reason=doubt, **own)
