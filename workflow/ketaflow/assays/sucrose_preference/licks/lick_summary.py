"""What a recording's licks amount to: counts, contact, bursts, and sensors that cannot be believed.

In: (3, n) arrays of time, licks and contact, one for each bottle with a log. Out: one summary a bottle.
"""

from dataclasses import dataclass

import numpy as np

from ketaflow.assays.sucrose_preference.licks import lick_microstructure
from ketaflow.assays.sucrose_preference.licks.lick_microstructure import Bursts
from ketaflow.assays.sucrose_preference.readers.logs import BOUTS, LICKS


@dataclass(frozen=True)
class LickSummary:
    """One bottle's licking.

    ``contact_s`` is None where the device does not tell. ``bursts`` is None where the device gives counts
    alone. ``stuck`` says why the sensor is not believed, or is empty.
    """

    side: str
    content: str
    licks: float
    contact_s: float | None
    mean_contact_s: float | None
    duty_pct: float | None
    bursts: Bursts | None
    rate_hz: float | None
    long_licks: int | None
    stuck: str


def lick_summary(
    bottle: dict,
    log: dict,
    traces: np.ndarray,
    *,
    burst_gap_s: float,
    burst_min_licks: int,
    long_lick_s: float,
    stuck_contact_s: float,
    stuck_duty_pct: float,
) -> LickSummary:
    """Sum up one bottle's log; ``traces`` are its time, licks and contact (3, n)."""
    time_s, licks, contact = traces
    count = float(licks.sum())
    contact_s = float(np.nansum(contact)) if np.isfinite(contact).any() else None
    mean_s = contact_s / count if contact_s is not None and count else None
    length_s = log.get("duration_s")
    duty_pct = 100 * contact_s / length_s if contact_s is not None and length_s else None
    single = log["kind"] == LICKS
    return LickSummary(
        side=bottle["side"],
        content=bottle["content"],
        licks=count,
        contact_s=contact_s,
        mean_contact_s=mean_s,
        duty_pct=duty_pct,
        bursts=_bursts(log["kind"], traces, burst_gap_s, burst_min_licks),
        rate_hz=lick_microstructure.modal_lick_rate_hz(time_s, burst_gap_s=burst_gap_s) if single else None,
        long_licks=int((contact > long_lick_s).sum()) if single and contact_s is not None else None,
        stuck=_stuck(bottle["side"], mean_s, duty_pct, stuck_contact_s, stuck_duty_pct),
    )


def combined(sensors: list[LickSummary]) -> LickSummary:
    """What two bottles of the same content amount to, as when the bottles changed places within a session.

    The rate is that of the bottle licked most; what one bottle's device does not tell is not told of both.
    """
    if len(sensors) == 1:
        return sensors[0]
    contacts, bursts = [s.contact_s for s in sensors], [s.bursts for s in sensors]
    long_licks, licks = [s.long_licks for s in sensors], sum(s.licks for s in sensors)
    contact_s = None if None in contacts else sum(contacts)
    parts = [] if None in bursts else [(b.start_s, b.stop_s, b.licks) for b in bursts]
    return LickSummary(
        side=" and ".join(dict.fromkeys(s.side for s in sensors)),
        content=sensors[0].content,
        licks=licks,
        contact_s=contact_s,
        mean_contact_s=contact_s / licks if contact_s is not None and licks else None,
        duty_pct=None,
        bursts=Bursts(*map(np.concatenate, zip(*parts, strict=True))) if parts else None,
        rate_hz=max(sensors, key=lambda s: s.licks).rate_hz,
        long_licks=None if None in long_licks else sum(long_licks),
        stuck="; ".join(s.stuck for s in sensors if s.stuck),
    )


def _bursts(kind: str, traces: np.ndarray, burst_gap_s: float, burst_min_licks: int) -> Bursts | None:
    time_s, licks, contact = traces
    if kind == LICKS:
        return lick_microstructure.lick_bursts(time_s, burst_gap_s=burst_gap_s, burst_min_licks=burst_min_licks)
    if kind == BOUTS:
        kept = licks >= burst_min_licks
        return Bursts(time_s[kept], (time_s + np.nan_to_num(contact))[kept], licks[kept].astype(int))
    return None


def _stuck(
    side: str, mean_s: float | None, duty_pct: float | None, stuck_contact_s: float, stuck_duty_pct: float
) -> str:
    if duty_pct is not None and duty_pct > stuck_duty_pct:
        return f"the sensor on the {side} was in contact for {duty_pct:.0f} % of the time: stuck or wet"
    if mean_s is not None and mean_s > stuck_contact_s:
        return f"the sensor on the {side} shows contacts of {mean_s:.1f} s on average: stuck or wet"
    return ""
