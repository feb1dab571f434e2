"""Raters and recordings that do not fit: swapped recordings, shifted times, a bias of the automatic scores.

In: scores side by side. Out: findings, good and doubtful, each about a rater or about one rater in one recording.
"""

from dataclasses import dataclass
from itertools import combinations

import numpy as np

from ketaflow.assays.forced_swim.raters import agreement, constants
from ketaflow.assays.forced_swim.raters.comparison import AUTOMATIC, Key, ScorerComparison

BIAS_CHECK, CORRELATION_CHECK = "bias against raters", "correlation with the rater"


@dataclass(frozen=True)
class Finding:
    """A check of a rater, or of what one rater scored in one recording.

    Attributes
    ----------
    check, rater : str
        Name of the check, and whom it concerns.
    recording : str
        Empty if it concerns the rater in all recordings.
    value, low, high : float
        What was found and its limits, in ``unit``.
    message : str
        What it means and what to do.
    doubtful : bool
        Whether the value lies outside its limits.
    """

    check: str
    rater: str
    recording: str
    value: float
    unit: str
    low: float | None
    high: float | None
    message: str
    doubtful: bool = True


def all_findings(scores: ScorerComparison, human_limits_s: float) -> list[Finding]:
    """Run every check.

    Parameters
    ----------
    scores : ScorerComparison
        All scorers.
    human_limits_s : float
        Half-width of the limits of agreement between people (seconds).

    Returns
    -------
    list of Finding
        Every check of raters; of single recordings those that do not fit.
    """
    of_raters = discordant_raters(scores) + automatic_against_raters(scores, human_limits_s) + shifted_times(scores)
    of_recordings = outlying_totals(scores, human_limits_s) + swapped_recordings(scores)
    return of_raters + of_recordings + totals_of_other_lengths(scores)


def totals_of_other_lengths(scores: ScorerComparison) -> list[Finding]:
    """Name the totals that were left out because they cover another time than the scoring window.

    Parameters
    ----------
    scores : ScorerComparison
        All scorers.

    Returns
    -------
    list of Finding
    """
    return [
        Finding(
            check="total covers the scoring window",
            rater=rater,
            recording=recording,
            value=covered_s,
            unit="s",
            low=None,
            high=None,
            message=f"the total of {rater} covers {covered_s:.0f} s, which is not the length of the scoring window, so "
            "it is not compared. Export the scoring window alone, or set forced_swim.quantify.scoring_window_s",
        )
        for (rater, recording), covered_s in scores.other_lengths_s.items()
    ]


def _correlation(a: str, b: str, scores: ScorerComparison) -> float | None:
    """Correlation of the totals of two scorers; None if too few recordings, or constant."""
    both = scores.shared(a, b)
    first, second = [scores.totals_s[a, name] for name in both], [scores.totals_s[b, name] for name in both]
    if len(both) < constants.MIN_CORRELATED or np.ptp(first) == 0 or np.ptp(second) == 0:
        return None
    return float(np.corrcoef(first, second)[0, 1])


def discordant_raters(scores: ScorerComparison) -> list[Finding]:
    """Compare each rater's totals with the others'; doubtful if they do not correlate although the others do.

    Parameters
    ----------
    scores : ScorerComparison
        All scorers.

    Returns
    -------
    list of Finding
        For each rater with at least two others to compare.
    """
    r: dict[tuple[str, str], float] = {}
    for a, b in combinations(scores.raters, 2):
        if (value := _correlation(a, b, scores)) is not None:
            r[a, b] = r[b, a] = value
    found = []
    for name in scores.raters:
        own = [value for (a, _), value in r.items() if a == name]
        rest = [value for (a, b), value in r.items() if name not in (a, b)]
        if not own or not rest:
            continue
        mine, theirs = float(np.median(own)), float(np.median(rest))
        odd = mine < constants.ODD_CORRELATION and theirs > constants.AGREEING_CORRELATION
        message = f"the totals of {name} correlate with the others' (median correlation {mine:.2f})"
        if odd:
            message = (
                f"the totals of {name} correlate with nobody's (median {mine:.2f}) although the others agree "
                f"({theirs:.2f}): recordings may be swapped. Farthest apart: {largest_differences(name, scores)}"
            )
        low = constants.ODD_CORRELATION
        found.append(Finding("rater agrees with others", name, "", mine, "", low, None, message, odd))
    return found


def automatic_against_raters(scores: ScorerComparison, human_limits_s: float) -> list[Finding]:
    """Compare automatic with human immobility: bias; with a single rater also the correlation.

    Parameters
    ----------
    scores : ScorerComparison
        All scorers.
    human_limits_s : float
        Half-width of the limits of agreement between people (seconds).

    Returns
    -------
    list of Finding
        Empty if nobody scored enough recordings.
    """
    people = [
        rater
        for rater in scores.raters
        if rater not in (AUTOMATIC, *constants.PROGRAMS)
        and len(scores.shared(AUTOMATIC, rater)) >= constants.MIN_BIAS_RECORDINGS
    ]
    if not people:
        return []
    totals_s = scores.totals_s
    biases_s = [
        np.mean([totals_s[AUTOMATIC, name] - totals_s[one, name] for name in scores.shared(AUTOMATIC, one)])
        for one in people
    ]
    bias_s = float(np.median(biases_s))
    biased = abs(bias_s) > human_limits_s
    message = f"immobility by {AUTOMATIC} less that by raters: mean over recordings, median of {', '.join(people)}"
    if biased:
        message += ". Fit the threshold to your raters: snakemake calibrate_forced_swim"
    limits = (-human_limits_s, human_limits_s)
    found = [Finding(BIAS_CHECK, AUTOMATIC, "", bias_s, "s", *limits, message, biased)]
    r = _correlation(AUTOMATIC, people[0], scores)
    if len(people) == 1 and r is not None:
        low = constants.ODD_CORRELATION
        message = f"correlation of the totals of {people[0]} and {AUTOMATIC}"
        if r < low:
            message += f". It is low. Farthest apart: {largest_differences(people[0], scores)}"
        found.append(Finding(CORRELATION_CHECK, AUTOMATIC, "", r, "", low, None, message, r < low))
    return found


def _other_totals_s(name: str, recording: str, scores: ScorerComparison) -> list[float]:
    """Seconds of immobility in a recording by all scorers but one."""
    return [seconds for (rater, other), seconds in scores.totals_s.items() if other == recording and rater != name]


def largest_differences(name: str, scores: ScorerComparison) -> str:
    """Describe the recordings in which a rater's seconds differ most from the median of the others'."""
    differences = {}
    for recording in [other for rater, other in scores.totals_s if rater == name]:
        rest = _other_totals_s(name, recording, scores)
        if rest:
            own = scores.totals_s[name, recording]
            text = f"{recording} ({own:.0f} s, others {min(rest):.0f} to {max(rest):.0f} s)"
            differences[text] = abs(own - float(np.median(rest)))
    return ", ".join(sorted(differences, key=differences.__getitem__, reverse=True)[: constants.NAMED_RECORDINGS])


def shifted_times(scores: ScorerComparison) -> list[Finding]:
    """Test whether each rater's bouts fit ketaflow's better when all are moved by some seconds.

    Parameters
    ----------
    scores : ScorerComparison
        All scorers.

    Returns
    -------
    list of Finding
        For each rater who scored bouts.
    """
    found = []
    for name in scores.raters:
        lines = [
            (line, scores.full_timelines[AUTOMATIC, other])
            for (rater, other), line in scores.full_timelines.items()
            if rater == name != AUTOMATIC and (AUTOMATIC, other) in scores.full_timelines
        ]
        if not lines or not any(a.any() and b.any() for a, b in lines):
            continue
        by_steps = {steps: shifted_kappa(lines, steps) for steps in candidate_shifts(scores.step_s)}
        best = max(by_steps, key=by_steps.__getitem__)
        shift_s, gain = best * scores.step_s, by_steps[best] - by_steps[0]
        doubtful = (
            abs(shift_s) >= constants.MIN_SHIFT_S
            and gain > constants.SHIFT_GAIN
            and by_steps[best] > constants.SHIFT_KAPPA
        )
        message = f"the bouts of {name} coincide with the automatic ones"
        if doubtful:
            message = (
                f"the bouts of {name} agree much better when moved by {shift_s:+.1f} s (kappa {by_steps[best]:.2f}, "
                f"unmoved {by_steps[0]:.2f}). Times must count from the start of the video: check the time offset"
            )
        limits = (-constants.MIN_SHIFT_S, constants.MIN_SHIFT_S)
        value, check = shift_s if doubtful else 0.0, "times count from the video's start"
        found.append(Finding(check, name, "", value, "s", *limits, message, doubtful))
    return found


def candidate_shifts(step_s: float) -> list[int]:
    """Return the shifts that are tried, in steps of ``step_s`` seconds; none comes first."""
    every = max(1, round(constants.SHIFT_STEP_S / step_s))
    most = round(constants.MAX_SHIFT_S / step_s)
    return list(range(0, most + 1, every)) + list(range(-every, -most - 1, -every))


def shifted_kappa(lines: list[tuple[np.ndarray, np.ndarray]], steps: int) -> float:
    """Compute kappa of pairs of timelines when the first of each pair is moved later.

    Parameters
    ----------
    lines : list of ((n_steps,) bool, (n_steps,) bool)
        Pairs of timelines.
    steps : int
        How many steps the first is moved.

    Returns
    -------
    float
        Over all pairs together.
    """
    counts = np.zeros(4)
    for first, second in lines:
        moved = first[max(0, -steps) :]
        fixed = second[max(0, steps) :]
        length = min(len(moved), len(fixed))
        moved, fixed = moved[:length], fixed[:length]
        counts += np.array([length, *(np.count_nonzero(line) for line in (moved, fixed, moved & fixed))])
    return float(agreement.kappa_from_counts(*counts))


def outlying_totals(scores: ScorerComparison, human_limits_s: float) -> list[Finding]:
    """Find recordings in which one scorer is far from the others, who are close together.

    Parameters
    ----------
    scores : ScorerComparison
        All scorers.
    human_limits_s : float
        Half-width of the limits of agreement between people (seconds).

    Returns
    -------
    list of Finding
    """
    found, far_s = [], constants.OUTLYING_FACTOR * human_limits_s
    for (name, recording), own in scores.totals_s.items():
        rest = _other_totals_s(name, recording, scores)
        difference_s = own - float(np.median(rest)) if rest else 0.0
        if len(rest) >= 2 and abs(difference_s) > far_s and np.ptp(rest) < far_s:
            message = f"{name} scored {own:.0f} s of immobility here, the others {min(rest):.0f} to {max(rest):.0f} s"
            limits = (-far_s, far_s)
            found.append(Finding("seconds near the others'", name, recording, difference_s, "s", *limits, message))
    return found


def swapped_recordings(scores: ScorerComparison) -> list[Finding]:
    """Find recordings whose scores by one rater fit another recording much better than their own.

    Where two recordings fit each other's place, a smaller gain suffices. Beside a single rater ketaflow is not doubted.

    Parameters
    ----------
    scores : ScorerComparison
        All scorers.

    Returns
    -------
    list of Finding
    """
    found = []
    for name in scores.raters if len(scores.raters) > 2 else scores.raters[1:]:
        own = {recording: line for (rater, recording), line in scores.timelines.items() if rater == name and line.any()}
        others = consensus({key: line for key, line in scores.timelines.items() if key[0] != name})
        seen = {recording: line for recording, line in others.items() if line.any()}
        table = agreement.pairwise_kappa(list(own.values()), list(seen.values()))
        fits = {here: dict(zip(seen, row, strict=True)) for here, row in zip(own, table.tolist(), strict=True)}
        best = {here: max(row, key=row.__getitem__) for here, row in fits.items() if here in row}
        for here, there in best.items():
            kappa, gain = fits[here][there], fits[here][there] - fits[here][here]
            mutual = here != there and best.get(there) == here
            min_kappa = constants.MUTUAL_KAPPA if mutual else constants.SWAPPED_KAPPA
            min_gain = constants.MUTUAL_GAIN if mutual else constants.SWAPPED_GAIN
            if here != there and kappa > min_kappa and gain > min_gain:
                own_kappa, check = fits[here][here], "recording fits its scores"
                message = f"what {name} scored here fits {there} (kappa {kappa:.2f}, here {own_kappa:.2f})"
                found.append(Finding(check, name, here, own_kappa, "", min_kappa, None, message))
    return found


def consensus(timelines: dict[Key, np.ndarray]) -> dict[str, np.ndarray]:
    """Mark the steps at which at least half of the scorers saw immobility.

    Parameters
    ----------
    timelines : dict of (scorer, recording) to (n_steps,) bool
        Timelines of all scorers.

    Returns
    -------
    dict of str to (n_steps,) bool
        By recording, over the steps that all reach.
    """
    found = {}
    for recording in dict.fromkeys(recording for _, recording in timelines):
        own = [line for (_, other), line in timelines.items() if other == recording]
        length = min(len(line) for line in own)
        found[recording] = np.mean([line[:length] for line in own], axis=0) >= 0.5
    return found
