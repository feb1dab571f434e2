"""Checks of pictures and lanes that appear twice in a cohort.

In: the targets and fingerprints of all membranes. Out: rows of the checks table, each asking a person to look.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from ketaflow.assays.western_blot.integrity import constants
from ketaflow.assays.western_blot.integrity.duplicated_lanes import Pair, decoded, matching_lanes
from ketaflow.assays.western_blot.model import CohortSettings, Fingerprint, TargetSummary, ViewKey
from ketaflow.core.results import Check, check


@dataclass(frozen=True)
class _Shown:
    """What a view shows: its targets, and the fingerprint of its pixels."""

    targets: frozenset[str]
    pixels_sha256: str


@dataclass(frozen=True)
class _Match:
    """Two lanes that agree, by their numbers, and how they agree."""

    lane: int
    other_lane: int
    pair: Pair


def duplicated_picture_checks(targets: list[TargetSummary]) -> list[Check]:
    """Check for pictures with the same pixels that should show different membranes or targets.

    Parameters
    ----------
    targets : list of TargetSummary
        All targets of the cohort, superseded exposures included.

    Returns
    -------
    list of Check
        One for each picture concerned.
    """
    by_pixels: dict[str, dict[ViewKey, TargetSummary]] = defaultdict(dict)
    for target in targets:
        by_pixels[target.picture_sha256].setdefault(target.view, target)
    made = []
    for _, views in sorted(by_pixels.items()):
        if len(views) < 2:
            continue
        names = _listed(f"{one.image} ({one.target}, membrane {one.membrane})" for one in views.values())
        message = f"the same picture, pixel by pixel, is entered for {names}: please check"
        made += [
            check("same_picture", len(views), recording=image, high=1, verdict="warn", message=message)
            for image in dict.fromkeys(view.image for view in views)
        ]
    return made


def duplicated_lane_checks(
    fingerprints: list[Fingerprint], targets: list[TargetSummary], settings: CohortSettings
) -> list[Check]:
    """Check for lanes of different pictures, or stretched within one, that agree down to their noise.

    The same lane of the same membrane may agree in two exposures or probings. It is reported only where the two should
    show different proteins and half of all lanes agree: then it is one picture under two names. Pictures with the same
    pixels are left to ``duplicated_picture_checks``.

    Parameters
    ----------
    fingerprints : list of Fingerprint
        All lanes of the cohort.
    targets : list of TargetSummary
        All targets of the cohort, superseded exposures included.
    settings : CohortSettings
        Least correlation and score of two lanes that agree.

    Returns
    -------
    list of Check
        Two for each pair of pictures, one for a picture with itself.
    """
    found = matching_lanes(
        decoded([lane.fine for lane in fingerprints]),
        *(np.array([getattr(lane, name) for lane in fingerprints], float) for name in ("anchor", "second", "rows")),
        least=settings.likeness_correlation,
        least_score=settings.likeness_score,
    )
    by_views: dict[tuple[ViewKey, ViewKey], list[_Match]] = defaultdict(list)
    for pair in found:
        one, other = sorted((fingerprints[pair.one], fingerprints[pair.other]), key=lambda lane: (lane.view, lane.lane))
        by_views[one.view, other.view].append(_Match(one.lane, other.lane, pair))
    shown, views = _by_view(targets), [lane.view for lane in fingerprints]
    made = []
    for (view, other_view), matches in sorted(by_views.items(), key=lambda item: item[0]):
        if view == other_view or shown[view].pixels_sha256 != shown[other_view].pixels_sha256:
            lanes = min(views.count(view), views.count(other_view))
            made += _checks_of_pair(view, other_view, matches, shown, lanes)
    return made


def _by_view(targets: list[TargetSummary]) -> dict[ViewKey, _Shown]:
    """What each view shows."""
    names: dict[ViewKey, set[str]] = defaultdict(set)
    for target in targets:
        names[target.view].add(target.target)
    pixels = {target.view: target.picture_sha256 for target in reversed(targets)}
    return {view: _Shown(frozenset(own), pixels[view]) for view, own in names.items()}


def _checks_of_pair(
    view: ViewKey, other: ViewKey, matches: list[_Match], shown: dict[ViewKey, _Shown], lanes: int
) -> list[Check]:
    """Checks of two views whose lanes agree; none where another exposure or probing explains it."""
    if view.membrane == other.membrane and view != other:
        own = [match.pair for match in matches if match.lane == match.other_lane]
        matches = [match for match in matches if match.lane != match.other_lane]
        if not shown[view].targets & shown[other].targets and len(own) >= max(2, lanes / 2):
            said = f"{_named(view, shown)} and {_named(other, shown)} agree down to their noise"
            value = float(np.median([pair.correlation for pair in own]))
            return _both(view, other, value, "", f"{said}: one picture under two names? Please check")
    elif view == other:
        matches = [match for match in matches if match.pair.turned or _is_stretched(match.pair)]
    if not matches:
        return []
    best = max(match.pair.correlation for match in matches)
    lanes_named = _listed(f"{match.lane} and {match.other_lane}{_how(match.pair)}" for match in matches)
    where = "of this picture" if view == other else f"of {_named(view, shown)} and {_named(other, shown)}"
    message = f"lanes {lanes_named} {where} agree down to their noise: please check"
    return _both(view, other, best, f"lanes {lanes_named}", message)


def _is_stretched(pair: Pair) -> bool:
    return abs(float(np.log(pair.stretch))) > constants.NEAR_STRETCH


def _both(view: ViewKey, other: ViewKey, value: float, place: str, message: str) -> list[Check]:
    return [
        check("near_identical_lanes", value, recording=image, place=place, verdict="warn", message=message)
        for image in dict.fromkeys((view.image, other.image))
    ]


def _named(view: ViewKey, shown: dict[ViewKey, _Shown]) -> str:
    return f"{view.image} ({_listed(sorted(shown[view].targets))}, membrane {view.membrane})"


def _how(pair: Pair) -> str:
    ways = []
    if _is_stretched(pair):
        ways.append(f"stretched {max(pair.stretch, 1 / pair.stretch):.2f} times")
    if pair.turned:
        ways.append("turned")
    return f" ({' and '.join(ways)})" if ways else ""


def _listed(words: Iterable[str]) -> str:
    words = list(words)
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"
