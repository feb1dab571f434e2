"""What shows only when all membranes are seen: parallel membranes, pictures and lanes used twice, figure legends.

In: the tables of quantify over all batches. Out: ratios of parallel membranes as measurements, checks that read "please
check", and ``legends``. Doubts about likeness are for a person to look at; nothing is taken out because of them.
"""

import numpy as np
import pandas as pd

from ketaflow.assays.western_blot.figures.legends import legends
from ketaflow.assays.western_blot.integrity import duplicated_lanes
from ketaflow.assays.western_blot.normalisation import phospho_total
from ketaflow.core.measures import check

NEAR_STRETCH = 0.01
MAY_BE_EMPTY = ("channel", "repeat", "region", "total_target", "loading_controls", "background_method")


def summarise(
    tables: dict[str, pd.DataFrame],
    rows: dict[str, pd.DataFrame],
    *,
    likeness_correlation: float,
    likeness_score: float,
) -> dict[str, pd.DataFrame | None]:
    """Ratios over parallel membranes, checks over pairs of pictures, legends."""
    targets = tables.get("targets", pd.DataFrame())
    if targets.empty:
        return {}
    measured = tables["measurements"]
    targets = targets.assign(**{name: targets[name].astype(object).fillna("") for name in MAY_BE_EMPTY})
    shown, targets = targets, targets[targets["superseded_by"].isna()].copy()
    ratios, checks = phospho_total.ratios(measured, targets, rows["western_blot_images"])
    everything = pd.concat([measured, pd.DataFrame(ratios)], ignore_index=True) if ratios else measured
    divided = {(row["recording"], row["analyte"]) for row in ratios}
    targets["parallel"] = [pair in divided for pair in zip(targets["image"], targets["target"], strict=True)]
    checks += same_pictures(shown)
    fingerprints = tables.get("fingerprints", pd.DataFrame())
    if len(fingerprints):
        checks += same_lanes(fingerprints, shown, least=likeness_correlation, least_score=likeness_score)
    made = {"legends": legends(targets, everything, rows["western_blot_lanes"])}
    return made | {"measurements": pd.DataFrame(ratios), "checks": pd.DataFrame(checks), "fingerprints": None}


def same_pictures(targets: pd.DataFrame) -> list[dict]:
    """Pictures that hold the same pixels although they should show different membranes or targets."""
    made = []
    for _, shown in targets.groupby("picture_sha256"):
        kinds = shown.drop_duplicates(["image", "membrane", "channel"])
        if len(kinds) < 2:
            continue
        names = _listed(f"{row.image} ({row.target}, membrane {row.membrane})" for row in kinds.itertuples())
        message = f"the same picture, pixel by pixel, stands for {names}: please check"
        made += [
            check("same_picture", len(kinds), recording=image, high=1, verdict="warn", message=message)
            for image in kinds["image"].unique()
        ]
    return made


def same_lanes(fingerprints: pd.DataFrame, targets: pd.DataFrame, *, least: float, least_score: float) -> list[dict]:
    """Lanes of different pictures (or stretched within one) that agree down to their noise, told by pair of pictures.

    The same lane of the same membrane may be alike in two exposures or probings: it is told only where the two are said
    to show different proteins and half of all lanes agree, as then it is one picture under two names. Pictures with the
    same pixels are left to ``same_pictures``.
    """
    fine = duplicated_lanes.decoded(list(fingerprints["fine"]))
    places = [fingerprints[name].to_numpy(float) for name in ("anchor", "second", "rows")]
    found = duplicated_lanes.pairs(fine, *places, least=least, least_score=least_score)
    channel = fingerprints["channel"].astype(object).fillna("")
    view = list(zip(fingerprints["image"], fingerprints["membrane"], channel, strict=True))
    lane = fingerprints["lane"].astype(int).to_list()
    shown = _shown(targets)
    by_views: dict[tuple, list[tuple]] = {}
    for pair in found:
        one, other = sorted((pair.one, pair.other), key=lambda place: (view[place], lane[place]))
        by_views.setdefault((view[one], view[other]), []).append((lane[one], lane[other], pair))
    made = []
    for (one, other), agreeing in sorted(by_views.items(), key=lambda item: item[0]):
        if one != other and shown[one]["pixels"] == shown[other]["pixels"]:
            continue
        made += _told(one, other, agreeing, shown, lanes=min(view.count(one), view.count(other)))
    return made


def _shown(targets: pd.DataFrame) -> dict[tuple, dict]:
    """What each picture, membrane and channel shows: the names of its targets, and its pixels."""
    return {
        key: {"targets": set(rows["target"]), "pixels": rows["picture_sha256"].iloc[0]}
        for key, rows in targets.groupby(["image", "membrane", "channel"])
    }


def _told(one: tuple, other: tuple, agreeing: list[tuple], shown: dict, *, lanes: int) -> list[dict]:
    """Checks about two views whose lanes agree; none where another exposure or probing explains it."""
    if one[1] == other[1] and one != other:
        own = [pair for first, second, pair in agreeing if first == second]
        agreeing = [found for found in agreeing if found[0] != found[1]]
        if not shown[one]["targets"] & shown[other]["targets"] and len(own) >= max(2, lanes / 2):
            said = f"{_named(one, shown)} and {_named(other, shown)} agree down to their noise"
            value = float(np.median([pair.correlation for pair in own]))
            return _both(one, other, value, "", f"{said}: one picture under two names? Please check")
    elif one == other:
        agreeing = [found for found in agreeing if found[2].turned or abs(np.log(found[2].stretch)) > NEAR_STRETCH]
    if not agreeing:
        return []
    best = max(pair.correlation for _, _, pair in agreeing)
    lanes_told = _listed(f"{first} and {second}{_how(pair)}" for first, second, pair in agreeing)
    where = "of this picture" if one == other else f"of {_named(one, shown)} and {_named(other, shown)}"
    message = f"lanes {lanes_told} {where} agree down to their noise: please check"
    return _both(one, other, best, f"lanes {lanes_told}", message)


def _both(one: tuple, other: tuple, value: float, place: str, message: str) -> list[dict]:
    return [
        check("near_identical_lanes", value, recording=image, place=place, verdict="warn", message=message)
        for image in dict.fromkeys((one[0], other[0]))
    ]


def _named(view: tuple, shown: dict) -> str:
    return f"{view[0]} ({_listed(sorted(shown[view]['targets']))}, membrane {view[1]})"


def _how(pair: duplicated_lanes.Pair) -> str:
    ways = []
    if abs(np.log(pair.stretch)) > NEAR_STRETCH:
        ways.append(f"stretched {max(pair.stretch, 1 / pair.stretch):.2f} times")
    if pair.turned:
        ways.append("turned")
    return f" ({' and '.join(ways)})" if ways else ""


def _listed(words: object) -> str:
    words = list(words)
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"
