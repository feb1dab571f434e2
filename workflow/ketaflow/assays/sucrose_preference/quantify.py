"""Measure one recording: intake and preference from its bottles and from its licks.

In: bottles and licks as ``ingest`` returns them. Out: measurements, and the tables ``bottles``, ``bins`` and
``bursts``. A bottle that leaked or ran dry and a stuck sensor give no preference: the value is empty, with the reason.
"""

from ketaflow.assays.sucrose_preference.bottles.intake import corrected_intake
from ketaflow.assays.sucrose_preference.bottles.intake_measures import intake_measures
from ketaflow.assays.sucrose_preference.licks.lick_measures import (
    burst_rows,
    lick_bins,
    lick_measures,
    phase_preferences,
)
from ketaflow.assays.sucrose_preference.licks.lick_summary import bottle_bursts, lick_summary
from ketaflow.assays.sucrose_preference.model import BottleTest, LightCycle, Measured
from ketaflow.assays.sucrose_preference.settings import QuantifySettings


def quantify(test: BottleTest, settings: QuantifySettings) -> Measured:
    """Measure one recording.

    Parameters
    ----------
    test : BottleTest
        Bottles and licks of one animal in one session.
    settings : QuantifySettings
        Settings ``sucrose_preference.quantify``.

    Returns
    -------
    Measured
        Measurements, tables, and what the checks need.
    """
    bottles, intake = corrected_intake(test, settings)
    bursts = [bottle_bursts(log, settings) for log in test.logs]
    spouts = [lick_summary(log, own, settings) for log, own in zip(test.logs, bursts, strict=True)]
    lights = LightCycle(settings.lights_on_h, settings.lights_off_h)
    return Measured(
        intake=intake,
        spouts=spouts,
        lights=lights,
        measurements=[
            *intake_measures(test, bottles, intake, settings),
            *lick_measures(test, spouts),
            *phase_preferences(test, spouts, lights),
        ],
        bottles=bottles,
        bins=lick_bins(test, settings.bin_min, lights),
        bursts=burst_rows(test, bursts),
    )
