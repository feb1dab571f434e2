"""Pictures of agreement: densities of people and machine, their difference, and who finds the same spines."""

import numpy as np
import pandas as pd

from ketaflow.core.records import Figure
from ketaflow.core.svg import Chart

# Bland & Altman 1986, Lancet 327:307, doi:10.1016/S0140-6736(86)90837-8: 95 % of differences lie within these.
LIMITS_IN_SD = 1.96
# Fewer images than this have no limits of agreement worth drawing.
FEWEST_FOR_LIMITS = 5


def agreement_figures(each: pd.DataFrame, machine: str) -> list[Figure]:
    """What the table ``agreement`` shows; ``each`` are its rows of single images."""
    by_image = _densities(each[each["first"].eq(machine)]).dropna()
    of_density = [_against_people(by_image), _difference(by_image)] if len(by_image) else []
    return [*of_density, _same_spines(each, machine)]


def _densities(each: pd.DataFrame) -> pd.DataFrame:
    """Per image: length, density by the machine, and mean, lowest and highest density by its raters (per um)."""
    grouped = each.groupby("image")
    people = grouped["second_density_per_um"].agg(["mean", "min", "max"])
    return people.assign(machine=grouped["first_density_per_um"].first(), length_um=grouped["length_um"].first())


def _against_people(by_image: pd.DataFrame) -> Figure:
    most = 1.08 * max(float(by_image[["machine", "max"]].to_numpy().max()), 0.1)
    chart = Chart((0, most), (0, most), "Density by people (spines/µm)", "Density by ketaflow (spines/µm)", 520, 420)
    chart.line([0, most], [0, most], "grey")
    for row in by_image.itertuples():
        if row.max > row.min:
            chart.line([row.min, row.max], [row.machine, row.machine], "sky")
    chart.points(by_image["mean"], by_image["machine"])
    counted = by_image[["machine", "mean"]].mul(by_image["length_um"], axis=0).sum()
    bias = 100 * (counted["machine"] / counted["mean"] - 1) if counted["mean"] else np.nan
    told = (
        f"{abs(bias):.0f} % {'more' if bias > 0 else 'fewer'} than people"
        if np.isfinite(bias)
        else "where people do not"
    )
    spread = " A bar spans the lowest and highest rater." if (by_image["max"] > by_image["min"]).any() else ""
    caption = (
        f"Spine density of {_images(by_image)}, counted by people (mean of raters) and by ketaflow, over the same "
        f"traced length. Line: equal densities. Each dot is an image.{spread} Over all images ketaflow "
        f"counts {told}."
    )
    return Figure("Does ketaflow count as many spines as people do?", _drawn(chart, caption), caption=caption)


def _difference(by_image: pd.DataFrame) -> Figure:
    middle = (by_image["mean"] + by_image["machine"]) / 2
    apart = by_image["machine"] - by_image["mean"]
    bias, spread = float(apart.mean()), float(apart.std(ddof=1)) if len(apart) > 1 else np.nan
    told = f"Mean difference {bias:+.2f} spines/µm"
    levels = [(bias, "mean", "blue"), (0.0, "", "grey")]
    if len(apart) >= FEWEST_FOR_LIMITS:
        low, high = bias - LIMITS_IN_SD * spread, bias + LIMITS_IN_SD * spread
        levels += [(low, "-1.96 SD", "orange"), (high, "+1.96 SD", "orange")]
        told += f", limits of agreement {low:+.2f} to {high:+.2f} (mean ± 1.96 SD)"
    reach = 1.15 * max(0.05, *(abs(level) for level, _, _ in levels), float(apart.abs().max()))
    across = (0.85 * float(middle.min()), 1.08 * max(float(middle.max()), 0.1))
    chart = Chart(across, (-reach, reach), "Mean of both (spines/µm)", "ketaflow − people (spines/µm)", 520, 260)
    for level, name, colour in levels:
        chart.level(level, name, colour)
    chart.points(middle, apart)
    caption = f"Differences between the two densities (Bland and Altman 1986), {_images(by_image)}. {told}."
    return Figure("By how much do the counts differ, and where?", _drawn(chart, caption), caption=caption)


def _same_spines(each: pd.DataFrame, machine: str) -> Figure:
    grouped = list(each.groupby(["first", "second"], sort=False))
    grouped.sort(key=lambda pair: pair[0][0] != machine)
    chart = Chart((0, len(grouped)), (0, 1), "", "F1 of an image", 640, 300, show_x_ticks=False)
    for number, ((first, second), rows) in enumerate(grouped):
        f1 = rows["f1"].dropna().to_numpy()
        colour = "blue" if first == machine else "grey"
        across = number + 0.5 + 0.5 * (np.arange(len(f1)) % 9 - 4) / 9
        chart.points(across, f1, colour, radius=2.5)
        sums = rows[["n_first", "n_second", "n_matched"]].sum()
        pooled = 2 * sums["n_matched"] / max(sums["n_first"] + sums["n_second"], 1)
        chart.line([number + 0.2, number + 0.8], [pooled, pooled], "orange")
        chart.caption(number + 0.5, f"{first} – {second}" if len(grouped) <= 6 else f"{first[:8]} – {second[:8]}")
    caption = (
        "How many spines two who looked have in common: F1 = 2 × common / (marked by one + marked by the other). Blue: "
        "ketaflow against a rater; grey: rater against rater. Each dot is an image, the line is all images together."
    )
    return Figure("Who finds the same spines?", _drawn(chart, caption), caption=caption)


def _drawn(chart: Chart, caption: str) -> str:
    """The chart, no larger than it is meant to be seen."""
    return chart.svg(caption).replace("<svg ", f'<svg width="{chart.width}" height="{chart.height}" ', 1)


def _images(by_image: pd.DataFrame) -> str:
    return f"{len(by_image)} image{'s' * (len(by_image) != 1)}"
