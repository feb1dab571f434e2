"""Licks at one bottle in numbers: counts, contact, bursts, and whether the sensor can be trusted.

In: the licks at one bottle as arrays. Out: one ``LickSummary`` per bottle, or per content where two bottles held the
same.
"""

from collections.abc import Sequence

import numpy as np

from ketaflow.assays.sucrose_preference.licks.lick_microstructure import Bursts, lick_bursts, modal_lick_rate_hz
from ketaflow.assays.sucrose_preference.model import BottleLicks, LickSummary
from ketaflow.assays.sucrose_preference.settings import QuantifySettings


def bottle_bursts(log: BottleLicks, settings: QuantifySettings) -> Bursts | None:
    """Bursts of licks at one bottle.

    Parameters
    ----------
    log : BottleLicks
        Licks at the bottle.
    settings : QuantifySettings
        Gap that ends a burst, and fewest licks of one.

    Returns
    -------
    Bursts or None
        From single licks, or as the device recorded them; None where it records counts alone.
    """
    if log.kind == "licks":
        return lick_bursts(log.time_s, burst_gap_s=settings.burst_gap_s, burst_min_licks=settings.burst_min_licks)
    if log.kind == "bouts":
        kept = log.licks >= settings.burst_min_licks
        stop_s = log.time_s + np.nan_to_num(log.contact_s)
        return Bursts(log.time_s[kept], stop_s[kept], log.licks[kept].astype(int))
    return None


def lick_summary(log: BottleLicks, bursts: Bursts | None, settings: QuantifySettings) -> LickSummary:
    """Summarise the licks at one bottle.

    Parameters
    ----------
    log : BottleLicks
        Licks at the bottle.
    bursts : Bursts or None
        As ``bottle_bursts`` returns them.
    settings : QuantifySettings
        Longest contact of a tongue, and limits from which a sensor is stuck.

    Returns
    -------
    LickSummary
        Licks, contact times (s), bursts, lick rate (Hz), and why the sensor is not trusted.
    """
    count = float(log.licks.sum())
    contact_s = float(np.nansum(log.contact_s)) if np.isfinite(log.contact_s).any() else None
    mean_s = contact_s / count if contact_s is not None and count else None
    duty_pct = 100 * contact_s / log.duration_s if contact_s is not None and log.duration_s else None
    single = log.kind == "licks"
    return LickSummary(
        side=log.side,
        content=log.content,
        licks=count,
        contact_s=contact_s,
        mean_contact_s=mean_s,
        duty_pct=duty_pct,
        bursts=len(bursts.licks) if bursts else None,
        burst_licks=int(bursts.licks.sum()) if bursts else None,
        rate_hz=modal_lick_rate_hz(log.time_s, burst_gap_s=settings.burst_gap_s) if single else None,
        long_licks=int((log.contact_s > settings.long_lick_s).sum()) if single and contact_s is not None else None,
        stuck=_stuck(log.side, mean_s, duty_pct, settings),
    )


def combined(spouts: Sequence[LickSummary]) -> LickSummary:
    """Summary of all bottles of one content, which are two where bottles changed places within a session.

    Parameters
    ----------
    spouts : sequence of LickSummary
        At least one.

    Returns
    -------
    LickSummary
        Sums; None where one of the devices does not record a quantity. The lick rate is that of the bottle with most
        licks.
    """
    if len(spouts) == 1:
        return spouts[0]
    licks = sum(one.licks for one in spouts)
    contact_s = _sum([one.contact_s for one in spouts])
    return LickSummary(
        side=" and ".join(dict.fromkeys(one.side for one in spouts)),
        content=spouts[0].content,
        licks=licks,
        contact_s=contact_s,
        mean_contact_s=contact_s / licks if contact_s is not None and licks else None,
        duty_pct=None,
        bursts=_whole_sum([one.bursts for one in spouts]),
        burst_licks=_whole_sum([one.burst_licks for one in spouts]),
        rate_hz=max(spouts, key=lambda one: one.licks).rate_hz,
        long_licks=_whole_sum([one.long_licks for one in spouts]),
        stuck=stuck_sensors(spouts),
    )


def stuck_sensors(spouts: Sequence[LickSummary]) -> str:
    """Messages of all sensors that are not trusted; empty if all are."""
    return "; ".join(one.stuck for one in spouts if one.stuck)


def _sum(values: Sequence[float | None]) -> float | None:
    """Sum; None if any is None."""
    known = [value for value in values if value is not None]
    return sum(known) if len(known) == len(values) else None


def _whole_sum(values: Sequence[int | None]) -> int | None:
    """Sum of whole numbers; None if any is None."""
    total = _sum(values)
    return None if total is None else int(total)


def _stuck(side: str, mean_s: float | None, duty_pct: float | None, settings: QuantifySettings) -> str:
    """Message about a sensor in contact for too long; else empty.

    Licking without a pause keeps a sound sensor in contact for half of the time, in contacts no longer than a lick.
    """
    is_long = mean_s is None or mean_s > settings.long_lick_s
    if duty_pct is not None and duty_pct > settings.stuck_duty_pct and is_long:
        return f"the sensor on the {side} was in contact for {duty_pct:.0f} % of the time: stuck or wet"
    if mean_s is not None and mean_s > settings.stuck_contact_s:
        return f"the sensor on the {side} shows contacts of {mean_s:.1f} s on average: stuck or wet"
    return ""
