"""Figures of agreement: densities by people and by ketaflow, their difference, and who finds the same spines."""

import numpy as np
import pandas as pd

from ketaflow.assays.dendritic_spines.constants import MACHINE
from ketaflow.assays.dendritic_spines.figures.constants import LIMITS_IN_SD, MIN_FOR_LIMITS
from ketaflow.core.results import Figure
from ketaflow.core.svg import Chart


def agreement_figures(each: pd.DataFrame) -> list[Figure]:
    """Draw the agreement of ketaflow with people, and of people with each other.

    Parameters
    ----------
    each : data frame
        Rows of the table ``agreement`` of single images.

    Returns
    -------
    list of Figure
        Densities and their differences, where a length was traced; F1 of every pair.
    """
    by_image = _densities(each[each["first"].eq(MACHINE)]).dropna()
    of_density = [_density_figure(by_image), _difference_figure(by_image)] if len(by_image) else []
    return [*of_density, _f1_figure(each)]


def _densities(each: pd.DataFrame) -> pd.DataFrame:
    """Length of each image, and its densities (per um): by ketaflow, and mean, lowest and highest by its raters."""
    grouped = each.groupby("recording")
    people = grouped["second_density_per_um"].agg(["mean", "min", "max"])
    return people.assign(machine=grouped["first_density_per_um"].first(), length_um=grouped["length_um"].first())


def _density_figure(by_image: pd.DataFrame) -> Figure:
    """Density by ketaflow over density by people."""
    most = 1.08 * max(float(by_image[["machine", "max"]].to_numpy().max()), 0.1)
    chart = Chart((0, most), (0, most), "Density by people (spines/µm)", "Density by ketaflow (spines/µm)", 520, 420)
    chart.line([0, most], [0, most], "grey")
    for low, high, machine in by_image[["min", "max", "machine"]].to_numpy(float):
        if high > low:
            chart.line([low, high], [machine, machine], "sky")
    chart.points(by_image["mean"], by_image["machine"])
    counted = by_image[["machine", "mean"]].mul(by_image["length_um"], axis=0).sum()
    bias = 100 * (counted["machine"] / counted["mean"] - 1) if counted["mean"] else np.nan
    comparison = (
        f"{abs(bias):.0f} % {'more' if bias > 0 else 'fewer'} than people"
        if np.isfinite(bias)
        else "spines where people count none"
    )
    spread = " A bar spans the lowest and highest rater." if (by_image["max"] > by_image["min"]).any() else ""
    caption = (
        f"Spine density of {_images(by_image)}, counted by people (mean of raters) and by ketaflow, over the same "
        f"traced length. Line: equal densities. Each dot is an image.{spread} Over all images ketaflow "
        f"counts {comparison}."
    )
    return Figure("Does ketaflow count as many spines as people do?", _sized_svg(chart, caption), caption=caption)


def _difference_figure(by_image: pd.DataFrame) -> Figure:
    """Difference of the densities over their mean."""
    middle = (by_image["mean"] + by_image["machine"]) / 2
    difference = by_image["machine"] - by_image["mean"]
    bias = float(difference.mean())
    summary = f"Mean difference {bias:+.2f} spines/µm"
    levels = [(bias, "mean", "blue"), (0.0, "", "grey")]
    if len(difference) >= MIN_FOR_LIMITS:
        spread = float(difference.std(ddof=1))
        low, high = bias - LIMITS_IN_SD * spread, bias + LIMITS_IN_SD * spread
        levels += [(low, "-1.96 SD", "orange"), (high, "+1.96 SD", "orange")]
        summary += f", limits of agreement {low:+.2f} to {high:+.2f} (mean ± 1.96 SD)"
    reach = 1.15 * max(0.05, *(abs(level) for level, _, _ in levels), float(difference.abs().max()))
    across = (0.85 * float(middle.min()), 1.08 * max(float(middle.max()), 0.1))
    chart = Chart(across, (-reach, reach), "Mean of both (spines/µm)", "ketaflow − people (spines/µm)", 520, 260)
    for level, name, colour in levels:
        chart.level(level, name, colour)
    chart.points(middle, difference)
    caption = f"Differences between the two densities (Bland and Altman 1986), {_images(by_image)}. {summary}."
    return Figure("By how much do the counts differ, and where?", _sized_svg(chart, caption), caption=caption)


def _f1_figure(each: pd.DataFrame) -> Figure:
    """F1 of every pair, image by image and pooled."""
    pairs = each[["first", "second"]].drop_duplicates().itertuples(index=False, name=None)
    ordered = sorted(pairs, key=lambda pair: pair[0] != MACHINE)
    chart = Chart((0, len(ordered)), (0, 1), "", "F1 of an image", 640, 300, show_x_ticks=False)
    for number, (first, second) in enumerate(ordered):
        rows = each[each["first"].eq(first) & each["second"].eq(second)]
        f1 = rows["f1"].dropna().to_numpy()
        colour = "blue" if first == MACHINE else "grey"
        across = number + 0.5 + 0.5 * (np.arange(len(f1)) % 9 - 4) / 9
        chart.points(across, f1, colour, radius=2.5)
        sums = rows[["n_first", "n_second", "n_matched"]].sum()
        pooled = 2 * sums["n_matched"] / max(sums["n_first"] + sums["n_second"], 1)
        chart.line([number + 0.2, number + 0.8], [pooled, pooled], "orange")
        chart.caption(number + 0.5, f"{first} – {second}" if len(ordered) <= 6 else f"{first[:8]} – {second[:8]}")
    caption = (
        "Spines that two raters have in common: F1 = 2 × common / (marked by one + marked by the other). Blue: "
        "ketaflow against a rater; grey: rater against rater. Each dot is an image; the line pools all images."
    )
    return Figure("Who finds the same spines?", _sized_svg(chart, caption), caption=caption)


def _sized_svg(chart: Chart, caption: str) -> str:
    """SVG of a chart that is shown no larger than it was drawn."""
    return chart.svg(caption).replace("<svg ", f'<svg width="{chart.width}" height="{chart.height}" ', 1)


def _images(by_image: pd.DataFrame) -> str:
    """Number of images in words."""
    return f"{len(by_image)} image{'s' * (len(by_image) != 1)}"
