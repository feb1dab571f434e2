"""Bland-Altman figures: for each pair of scorers the difference of their seconds against the mean.

In: the agreement of pairs and the totals behind it. Out: one figure of ketaflow beside people, one of people beside
each other, each with a legend ready for a paper; a sentence in place of a figure if too few recordings were scored
twice.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ketaflow.assays.forced_swim.figures import constants
from ketaflow.assays.forced_swim.raters.comparison import AUTOMATIC, PairAgreement, PairedTotal
from ketaflow.core.results import Figure
from ketaflow.core.svg import Chart, panels

WITH_PEOPLE, AMONG_PEOPLE = "Does ketaflow score immobility like people?", "Do people score immobility alike?"


@dataclass(frozen=True)
class Legend:
    """One row of ``legends.csv``: the title of a figure and its legend."""

    figure: str
    legend: str


def bland_altman_figures(
    pairs: Sequence[PairAgreement], totals: Sequence[PairedTotal], human_limits_s: float
) -> tuple[list[Figure], list[Legend]]:
    """Draw both figures and write their legends.

    Parameters
    ----------
    pairs : sequence of PairAgreement
        Agreement of every pair of scorers.
    totals : sequence of PairedTotal
        The totals behind it.
    human_limits_s : float
        Half-width of the limits of agreement between people (seconds), drawn as a grey band.

    Returns
    -------
    figures : list of Figure
        Of those with enough recordings.
    legends : list of Legend
        One for each, or a sentence saying why there is no figure.
    """
    drawn, legends = [], []
    for title, with_ketaflow in ((WITH_PEOPLE, True), (AMONG_PEOPLE, False)):
        own = [pair for pair in pairs if (pair.rater_a == AUTOMATIC) == with_ketaflow]
        enough = [pair for pair in own if pair.n >= constants.MIN_RECORDINGS]
        if enough:
            drawn.append(figure(title, enough, totals, human_limits_s))
            legends.append(Legend(title, legend(enough, human_limits_s)))
        elif own:
            most = max(pair.n for pair in own)
            why = (
                f"No figure: at most {most} recording{'s' * (most != 1)} scored by both of a pair, "
                f"{constants.MIN_RECORDINGS} are needed."
            )
            legends.append(Legend(title, why))
    return drawn, legends


def figure(title: str, pairs: Sequence[PairAgreement], totals: Sequence[PairedTotal], human_limits_s: float) -> Figure:
    """Draw one panel for each pair, all with the same axes."""
    own = [pair_totals(totals, pair) for pair in pairs]
    x_most = max(10.0, *(one.mean_s for points in own for one in points))
    reach = [abs(one.difference_s) for points in own for one in points]
    reach += [abs(limit) for pair in pairs for limit in (pair.loa_low_s, pair.loa_high_s)]
    limits = (1.1 * x_most, 1.15 * max(human_limits_s, *reach))
    charts = [panel(pair, points, limits, human_limits_s) for pair, points in zip(pairs, own, strict=True)]
    headings = [
        [
            f"{pair.rater_a} \N{MINUS SIGN} {pair.rater_b} (n = {pair.n})",
            f"bias {signed(pair.bias_s)} s, limits {signed(pair.loa_low_s)} to {signed(pair.loa_high_s)} s",
        ]
        for pair in pairs
    ]
    caption = (
        "Dot, one recording. Blue, bias; orange, limits within which 95 % of differences lie; upright, their 95 % "
        f"intervals. Grey, \N{PLUS-MINUS SIGN}{human_limits_s:g} s: limits between people."
    )
    description = f"{title} {'; '.join(map(' '.join, headings))}"
    return Figure(title, panels(charts, headings, constants.PANEL_COLUMNS, description), caption=caption)


def pair_totals(totals: Sequence[PairedTotal], pair: PairAgreement) -> list[PairedTotal]:
    """Return the recordings of one pair."""
    return [one for one in totals if (one.rater_a, one.rater_b) == (pair.rater_a, pair.rater_b)]


def panel(
    pair: PairAgreement, points: Sequence[PairedTotal], limits: tuple[float, float], human_limits_s: float
) -> Chart:
    """Draw difference against mean of one pair, with bias, limits and their intervals; ``limits`` are of the axes."""
    x_most, y_most = limits
    size = constants.PANEL_WIDTH_PX, constants.PANEL_HEIGHT_PX
    chart = Chart((0.0, x_most), (-y_most, y_most), "Mean of both (s)", "Difference (s)", *size)
    chart.stripe(-human_limits_s, human_limits_s, "grey", 0.25)
    for level in (pair.loa_low_s, pair.loa_high_s):
        chart.level(level, colour="orange")
    chart.line((0.0, x_most), (pair.bias_s, pair.bias_s), "blue")
    intervals = (
        ((pair.loa_low_ci_low_s, pair.loa_low_ci_high_s), "orange", 0.93),
        ((pair.bias_ci_low_s, pair.bias_ci_high_s), "blue", 0.955),
        ((pair.loa_high_ci_low_s, pair.loa_high_ci_high_s), "orange", 0.98),
    )
    for ends, colour, x in intervals:
        chart.line((x * x_most, x * x_most), np.clip(ends, -y_most, y_most).tolist(), colour)
    chart.points([one.mean_s for one in points], [one.difference_s for one in points], "black")
    return chart


def legend(pairs: Sequence[PairAgreement], human_limits_s: float) -> str:
    """Write the legend of a figure, with the numbers of every pair."""
    numbers = [
        f"{pair.rater_a} and {pair.rater_b}: n = {pair.n} recordings, bias {pair.bias_s:.1f} s (95 % CI "
        f"{pair.bias_ci_low_s:.1f} to {pair.bias_ci_high_s:.1f}), limits {pair.loa_low_s:.1f} to "
        f"{pair.loa_high_s:.1f} s, ICC(2,1) {pair.icc:.2f} ({pair.icc_low:.2f} to {pair.icc_high:.2f})"
        for pair in pairs
    ]
    return (
        "Bland-Altman plots of immobility in the scoring window: difference of two scorers against their mean, one dot "
        "per recording; bias and 95 % limits of agreement with their 95 % confidence intervals; grey band, "
        f"\N{PLUS-MINUS SIGN}{human_limits_s:g} s. {'; '.join(numbers)}."
    )


def signed(seconds: float) -> str:
    """Format seconds with a real minus sign, and one decimal below 10."""
    return (f"{seconds:.1f}" if abs(seconds) < 10 else f"{seconds:.0f}").replace("-", "\N{MINUS SIGN}")
