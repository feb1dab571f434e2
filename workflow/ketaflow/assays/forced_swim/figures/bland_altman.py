"""Bland-Altman figures: for each pair of scorers the difference of their seconds against the mean.

In: the tables of agreement. Out: one figure of the machine beside people, one of people beside each other, each with a
legend ready for a paper; instead of a figure a sentence where too few recordings were scored twice.
"""

import numpy as np
import pandas as pd

from ketaflow.assays.forced_swim.raters.comparison import AUTOMATIC
from ketaflow.core.records import Figure
from ketaflow.core.svg import Chart, panels

FEWEST = 3
WIDTH, HEIGHT, COLUMNS = 260, 190, 2
WITH_PEOPLE, AMONG_PEOPLE = "Does ketaflow score immobility like people?", "Do people score immobility alike?"


def figures(pairs: pd.DataFrame, points: pd.DataFrame, human_limits_s: float) -> tuple[list[Figure], list[dict]]:
    """Both figures and their legends."""
    drawn, legends = [], []
    for title, own in ((WITH_PEOPLE, pairs["rater_a"] == AUTOMATIC), (AMONG_PEOPLE, pairs["rater_a"] != AUTOMATIC)):
        enough = pairs[own & (pairs["n"] >= FEWEST)]
        if len(enough):
            drawn.append(figure(title, enough, points, human_limits_s))
            legends.append({"figure": title, "legend": legend(enough, human_limits_s)})
        elif own.any():
            most = int(pairs.loc[own, "n"].max())
            told = (
                f"No figure: at most {most} recording{'s' * (most != 1)} scored by both of a pair, {FEWEST} are needed."
            )
            legends.append({"figure": title, "legend": told})
    return drawn, legends


def figure(title: str, pairs: pd.DataFrame, points: pd.DataFrame, human_limits_s: float) -> Figure:
    """One panel for each pair, all with the same axes."""
    rows = pairs.to_dict("records")
    own = {(row["rater_a"], row["rater_b"]): pair_rows(points, row) for row in rows}
    x_most = max(10.0, max(frame["mean_s"].max() for frame in own.values()))
    reach = [frame["difference_s"].abs().max() for frame in own.values()]
    reach += [abs(row[name]) for row in rows for name in ("loa_low_s", "loa_high_s")]
    y_most = 1.15 * max(human_limits_s, *reach)
    charts = [panel(row, own[row["rater_a"], row["rater_b"]], (1.1 * x_most, y_most), human_limits_s) for row in rows]
    told = [
        [
            f"{row['rater_a']} \N{MINUS SIGN} {row['rater_b']} (n = {row['n']})",
            f"bias {signed(row['bias_s'])} s, limits {signed(row['loa_low_s'])} to {signed(row['loa_high_s'])} s",
        ]
        for row in rows
    ]
    caption = (
        "Dot, one recording. Blue, bias; orange, limits within which 95 % of differences lie; upright, their 95 % "
        f"intervals. Grey, \N{PLUS-MINUS SIGN}{human_limits_s:g} s: limits between people."
    )
    return Figure(title, panels(charts, told, COLUMNS, f"{title} {'; '.join(map(' '.join, told))}"), caption=caption)


def pair_rows(points: pd.DataFrame, row: dict) -> pd.DataFrame:
    """The recordings of one pair."""
    return points[(points["rater_a"] == row["rater_a"]) & (points["rater_b"] == row["rater_b"])]


def panel(row: dict, own: pd.DataFrame, limits: tuple[float, float], human_limits_s: float) -> Chart:
    """Difference against mean of one pair, with bias, limits and their intervals."""
    x_most, y_most = limits
    chart = Chart((0.0, x_most), (-y_most, y_most), "Mean of both (s)", "Difference (s)", WIDTH, HEIGHT)
    chart.stripe(-human_limits_s, human_limits_s, "grey", 0.25)
    for name in ("loa_low_s", "loa_high_s"):
        chart.level(row[name], colour="orange")
    chart.line((0.0, x_most), (row["bias_s"], row["bias_s"]), "blue")
    for name, colour, x in (("loa_low", "orange", 0.93), ("bias", "blue", 0.955), ("loa_high", "orange", 0.98)):
        ends = np.clip([row[f"{name}_ci_low_s"], row[f"{name}_ci_high_s"]], -y_most, y_most)
        chart.line((x * x_most, x * x_most), ends, colour)
    chart.points(own["mean_s"], own["difference_s"], "black")
    return chart


def legend(pairs: pd.DataFrame, human_limits_s: float) -> str:
    """The legend of a figure, with the numbers of every pair."""
    told = [
        f"{row['rater_a']} and {row['rater_b']}: n = {row['n']} recordings, bias {row['bias_s']:.1f} s (95 % CI "
        f"{row['bias_ci_low_s']:.1f} to {row['bias_ci_high_s']:.1f}), limits {row['loa_low_s']:.1f} to "
        f"{row['loa_high_s']:.1f} s, ICC(2,1) {row['icc']:.2f} ({row['icc_low']:.2f} to {row['icc_high']:.2f})"
        for row in pairs.to_dict("records")
    ]
    return (
        "Bland-Altman plots of immobility in the scoring window: difference of two scorers against their mean, one dot "
        "per recording; bias and 95 % limits of agreement with their 95 % confidence intervals; grey band, "
        f"\N{PLUS-MINUS SIGN}{human_limits_s:g} s. {'; '.join(told)}."
    )


def signed(seconds: float) -> str:
    """Seconds with a real minus sign; one digit behind the point below 10."""
    return (f"{seconds:.1f}" if abs(seconds) < 10 else f"{seconds:.0f}").replace("-", "\N{MINUS SIGN}")
