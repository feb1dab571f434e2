"""Who or what among scorers does not go with the rest: swapped recordings, shifted times, a machine off the mark.

In: scores side by side. Out: findings, good and doubtful, each about a rater or about one rater in one recording.
"""

from dataclasses import dataclass
from itertools import combinations

import numpy as np

from ketaflow.assays.forced_swim.raters import agreement
from ketaflow.assays.forced_swim.raters.comparison import AUTOMATIC, ScorerComparison

AS_MUCH, TOGETHER = "ketaflow scores as much as people", "ketaflow goes with people"
# A rater whose seconds go with nobody's although the others agree among themselves (correlations).
ODD_R, AGREEING_R, FEWEST = 0.3, 0.6, 4
# A recording's scores fit another recording this much better than their own (kappa), or each fits the other's place.
SWAPPED_GAIN, SWAPPED_KAPPA = 0.3, 0.4
MUTUAL_GAIN, MUTUAL_KAPPA = 0.15, 0.2
# Times are tried this far off (s); a shift counts from SHIFTED_S on, if it raises kappa by SHIFTED_GAIN to more than
# SHIFTED_KAPPA: among so many shifts chance finds one that fits a little.
MOST_SHIFT_S, SHIFTED_S, SHIFTED_GAIN, SHIFTED_KAPPA = 60.0, 2.0, 0.15, 0.4


@dataclass(frozen=True)
class Finding:
    """Something that does not fit: about a rater, or about what one rater scored in one recording."""

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
    """Everything there is to say of raters, and whatever does not fit in single recordings."""
    of_raters = discordant_raters(scores) + automatic_against_raters(scores, human_limits_s) + shifted_times(scores)
    return of_raters + outlying_totals(scores, human_limits_s) + swapped_recordings(scores)


def discordant_raters(scores: ScorerComparison) -> list[Finding]:
    """Whether each rater's seconds go with the others'; doubtful where they do not although the others agree."""
    r = {}
    for a, b in combinations(scores.raters, 2):
        both = scores.shared(a, b)
        first, second = [scores.totals_s[a, name] for name in both], [scores.totals_s[b, name] for name in both]
        if len(both) >= FEWEST and np.ptp(first) > 0 and np.ptp(second) > 0:
            r[a, b] = r[b, a] = float(np.corrcoef(first, second)[0, 1])
    found = []
    for name in scores.raters:
        own = [value for (a, _), value in r.items() if a == name]
        rest = [value for (a, b), value in r.items() if name not in (a, b)]
        if not own or not rest:
            continue
        mine, theirs = float(np.median(own)), float(np.median(rest))
        odd = mine < ODD_R and theirs > AGREEING_R
        message = f"the seconds of {name} go with the others' (median correlation {mine:.2f})"
        if odd:
            message = (
                f"the seconds of {name} go with nobody's (median correlation {mine:.2f}) although the others agree "
                f"({theirs:.2f}): recordings may be swapped. Farthest apart: {largest_differences(name, scores)}"
            )
        found.append(Finding("rater agrees with others", name, "", mine, "", ODD_R, None, message, odd))
    return found


def automatic_against_raters(scores: ScorerComparison, human_limits_s: float) -> list[Finding]:
    """Whether the machine scores as much as people do; beside one person alone, whether their seconds go together."""
    people = [
        rater for rater in scores.raters if rater != AUTOMATIC and len(scores.shared(AUTOMATIC, rater)) >= FEWEST - 1
    ]
    if not people:
        return []
    apart_s = {a: np.mean([scores.totals_s[AUTOMATIC, x] - scores.totals_s[a, x] for x in scores.shared(AUTOMATIC, a)])
               for a in people}  # fmt: skip
    middle_s = float(np.median(list(apart_s.values())))
    message = (
        f"immobility by {AUTOMATIC} less immobility by people, average of recordings, middle of {', '.join(people)}"
    )
    if abs(middle_s) > human_limits_s:
        message += ". Fit the threshold to your people: snakemake calibrate_forced_swim"
    limits = (-human_limits_s, human_limits_s)
    found = [Finding(AS_MUCH, AUTOMATIC, "", middle_s, "s", *limits, message, abs(middle_s) > human_limits_s)]
    both = scores.shared(AUTOMATIC, people[0])
    own, seen = (np.array([scores.totals_s[who, one] for one in both]) for who in (AUTOMATIC, people[0]))
    if len(people) == 1 and len(both) >= FEWEST and np.ptp(own) > 0 and np.ptp(seen) > 0:
        r = float(np.corrcoef(own, seen)[0, 1])
        message = f"correlation of the seconds of {people[0]} and {AUTOMATIC}"
        if r < ODD_R:
            message += f": they do not go together. Farthest apart: {largest_differences(people[0], scores)}"
        found.append(Finding(TOGETHER, AUTOMATIC, "", r, "", ODD_R, None, message, r < ODD_R))
    return found


def largest_differences(name: str, scores: ScorerComparison, count: int = 2) -> str:
    """The recordings in which a rater's seconds are farthest from the middle of the others', in words."""
    apart = {}
    for recording in [other for rater, other in scores.totals_s if rater == name]:
        rest = [seconds for (rater, other), seconds in scores.totals_s.items() if other == recording and rater != name]
        if rest:
            own = scores.totals_s[name, recording]
            told = f"{recording} ({own:.0f} s, others {min(rest):.0f} to {max(rest):.0f} s)"
            apart[told] = abs(own - float(np.median(rest)))
    return ", ".join(sorted(apart, key=apart.get, reverse=True)[:count])


def shifted_times(scores: ScorerComparison) -> list[Finding]:
    """Whether each person's bouts lie where the machine's do; doubtful where they fit better at other times."""
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
        best = max(by_steps, key=by_steps.get)
        off_s, gain = best * scores.step_s, by_steps[best] - by_steps[0]
        doubtful = abs(off_s) >= SHIFTED_S and gain > SHIFTED_GAIN and by_steps[best] > SHIFTED_KAPPA
        message = f"the bouts {name} scored lie where the machine sees them"
        if doubtful:
            message = (
                f"the bouts {name} scored fit much better when moved by {off_s:+.1f} s (kappa {by_steps[best]:.2f}, "
                f"unmoved {by_steps[0]:.2f}). Times must count from the start of the video: look at the time offset"
            )
        value = off_s if doubtful else 0.0
        found.append(
            Finding(
                "times count from the video's start", name, "", value, "s", -SHIFTED_S, SHIFTED_S, message, doubtful
            )
        )
    return found


def candidate_shifts(step_s: float) -> list[int]:
    """Shifts that are tried, in steps: every half second."""
    every = max(1, round(0.5 / step_s))
    most = round(MOST_SHIFT_S / step_s)
    return list(range(0, most + 1, every)) + list(range(-every, -most - 1, -every))


def shifted_kappa(lines: list[tuple[np.ndarray, np.ndarray]], steps: int) -> float:
    """Kappa of pairs of timelines when the first of each is moved later by some steps."""
    counts = np.zeros(4)
    for first, second in lines:
        moved = first[max(0, -steps) :]
        there = second[max(0, steps) :]
        length = min(len(moved), len(there))
        moved, there = moved[:length], there[:length]
        counts += length, np.count_nonzero(moved), np.count_nonzero(there), np.count_nonzero(moved & there)
    return float(agreement.kappa_from_counts(*counts))


def outlying_totals(scores: ScorerComparison, human_limits_s: float) -> list[Finding]:
    """Recordings in which one scorer is far from the others, who are close together."""
    found, far_s = [], 2 * human_limits_s
    for (name, recording), own in scores.totals_s.items():
        rest = [seconds for (rater, other), seconds in scores.totals_s.items() if other == recording and rater != name]
        apart_s = own - float(np.median(rest)) if rest else 0.0
        if len(rest) >= 2 and abs(apart_s) > far_s and np.ptp(rest) < far_s:
            message = f"{name} scored {own:.0f} s of immobility here, the others {min(rest):.0f} to {max(rest):.0f} s"
            found.append(Finding("seconds near the others'", name, recording, apart_s, "s", -far_s, far_s, message))
    return found


def swapped_recordings(scores: ScorerComparison) -> list[Finding]:
    """Recordings whose scores by one rater fit what the others saw in another recording much better than in their own.

    Where two recordings fit each other's place, less is enough. Beside one person alone the machine is not doubted.
    """
    found = []
    for name in scores.raters if len(scores.raters) > 2 else scores.raters[1:]:
        own = {recording: line for (rater, recording), line in scores.timelines.items() if rater == name and line.any()}
        others = consensus({key: line for key, line in scores.timelines.items() if key[0] != name})
        seen = {recording: line for recording, line in others.items() if line.any()}
        table = agreement.pairwise_kappa(list(own.values()), list(seen.values()))
        fits = {here: dict(zip(seen, row, strict=True)) for here, row in zip(own, table.tolist(), strict=True)}
        best = {here: max(row, key=row.get) for here, row in fits.items() if here in row}
        for here, there in best.items():
            kappa, gain = fits[here][there], fits[here][there] - fits[here][here]
            mutual = here != there and best.get(there) == here
            least_kappa, least_gain = (MUTUAL_KAPPA, MUTUAL_GAIN) if mutual else (SWAPPED_KAPPA, SWAPPED_GAIN)
            if here != there and kappa > least_kappa and gain > least_gain:
                message = f"what {name} scored here fits {there} (kappa {kappa:.2f}, here {fits[here][here]:.2f})"
                limits = (least_kappa, None)
                found.append(Finding("recording fits its scores", name, here, fits[here][here], "", *limits, message))
    return found


def consensus(lines: dict) -> dict[str, np.ndarray]:
    """What at least half of the scorers saw as immobility, by recording."""
    found = {}
    for recording in dict.fromkeys(recording for _, recording in lines):
        own = [line for (_, other), line in lines.items() if other == recording]
        length = min(len(line) for line in own)
        found[recording] = np.mean([line[:length] for line in own], axis=0) >= 0.5
    return found
