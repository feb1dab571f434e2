"""Figures and legends of the whole study: what the standards read back, and how steady the baselines were.

Nothing here knows the arms; animals are dots without names.
"""

import numpy as np
import pandas as pd

from ketaflow.core.results import Figure
from ketaflow.core.svg import Chart

CYCLE = ("blue", "orange", "green", "pink", "yellow", "sky")


def standards_figure(standards: pd.DataFrame) -> Figure | None:
    """Draw the error of every standard by concentration.

    Parameters
    ----------
    standards : data frame
        The published table ``standards``.

    Returns
    -------
    Figure or None
        None without standards.
    """
    known = (
        standards[standards["concentration_um"].gt(0) & standards["error_pct"].notna()] if len(standards) else standards
    )
    if not len(known):
        return None
    places = np.log10(known["concentration_um"].to_numpy(float))
    most = max(25.0, 1.1 * float(known["error_pct"].abs().max()))
    room = 0.1 * max(float(np.ptp(places)), 1.0)
    chart = Chart(
        (places.min() - room, places.max() + room), (-most, most), "Concentration (µM)", "Read back, difference (%)",
        height=210, show_x_ticks=False,
    )  # fmt: skip
    chart.stripe(-15, 15, "grey", 0.15)
    chart.level(0, "", "grey")
    last = -np.inf
    for place in np.unique(places):
        if chart.x(place) - last > 30:
            chart.caption(place, f"{10**place:.3g}")
            last = chart.x(place)
    named = list(dict.fromkeys(known["analyte"]))[: len(CYCLE)]
    for shift, (analyte, colour) in enumerate(zip(named, CYCLE, strict=False)):
        own = known[known["analyte"].eq(analyte)]
        aside = 0.012 * (shift - (len(named) - 1) / 2) * float(np.ptp(chart.x_limits))
        chart.points(np.log10(own["concentration_um"]) + aside, own["error_pct"], colour)
    colours = ", ".join(f"{name} {colour}" for name, colour in zip(named, CYCLE, strict=False))
    caption = f"A dot is an injection of a standard: {colours}. Grey: within 15 %, which ICH M10 asks for."
    return Figure("What do the standards read back?", chart.svg("standards read back"), caption=caption)


def baseline_figure(measured: pd.DataFrame) -> Figure | None:
    """Draw the spread of each animal's baseline, by analyte.

    Parameters
    ----------
    measured : data frame
        Measurements of all animals.

    Returns
    -------
    Figure or None
        None without a baseline.
    """
    known = (
        measured[measured["measure"].eq("baseline_cv_pct") & measured["value"].notna()] if len(measured) else measured
    )
    if not len(known):
        return None
    named = list(dict.fromkeys(known["analyte"]))
    values = known["value"].astype(float)
    chart = Chart(
        (-0.5, len(named) - 0.5), (0, max(25.0, 1.1 * float(values.max()))), "", "CV of the baseline (%)", height=210,
        show_x_ticks=False,
    )  # fmt: skip
    chart.level(20, "", "grey")
    for place, analyte in enumerate(named):
        own = np.sort(values[known["analyte"].eq(analyte)].to_numpy())
        spread = np.linspace(-0.2, 0.2, len(own)) if len(own) > 1 else np.zeros(1)
        chart.points(place + spread, own, "blue")
        chart.caption(place, analyte)
    caption = (
        "A dot is an animal, in rising order; the line is at 20 %, above which a baseline is mentioned by default."
    )
    return Figure("How steady were the baselines?", chart.svg("spread of baselines"), caption=caption)


def legends(fractions: pd.DataFrame, measured: pd.DataFrame, calibration: pd.DataFrame) -> pd.DataFrame:
    """Write legends for the time course and the area above baseline, with the numbers of this study.

    Parameters
    ----------
    fractions, measured, calibration : data frame
        Fractions, measurements and calibration lines of all animals.

    Returns
    -------
    data frame
        Columns figure, legend.
    """
    shares, areas = (_of_analytes(measured, name) for name in ("pct_baseline", "auc_pct_min"))
    analytes = _listed(fractions["analyte"])
    course = (
        f"Time course of {analytes} in dialysate{_of_region(fractions)}, in percent of each animal's own baseline "
        f"({_baseline(measured)}). {_collected(fractions)} {_calibrated(calibration)} n = {_animals(shares)} animals; "
        f"{int(shares['value'].isna().sum())} of {len(shares)} values are missing."
    )
    area = (
        f"Area above baseline of {analytes}: the excess of each fraction over 100 % of the animal's own baseline times "
        f"its length. A dot is an animal; n = {_animals(areas)} animals."
    )
    rows = [("Time course", course), ("Area above baseline", area)]
    return pd.DataFrame(rows, columns=["figure", "legend"])


def _of_analytes(measured: pd.DataFrame, measure: str) -> pd.DataFrame:
    """Rows of one measure, without those of ratios."""
    return measured[measured["measure"].eq(measure) & ~measured["analyte"].str.contains("/")]


def _animals(rows: pd.DataFrame) -> int:
    return rows.dropna(subset=["value"])["animal"].nunique()


def _collected(fractions: pd.DataFrame) -> str:
    """How the fractions were collected."""
    tubes = fractions.drop_duplicates(["animal", "region", "fraction"])
    length_min = float((tubes["stop_min"] - tubes["start_min"]).median())
    flow, lag_min = float(tubes["flow_ul_per_min"].median()), float(tubes["lag_min"].median())
    shifted = (
        f"times are corrected for the {lag_min:.1f} min from probe to tube"
        if lag_min
        else "times are those of the tube"
    )
    return f"Fractions of {length_min:.3g} min at {flow:.3g} µl/min; {shifted}."


def _calibrated(calibration: pd.DataFrame) -> str:
    if not len(calibration):
        return "Concentrations are the laboratory's own."
    lines = calibration.drop_duplicates("analyte")
    ranges = "; ".join(f"{row.analyte} {row.loq_um:.2g} to {row.highest_um:.3g} µM" for row in lines.itertuples())
    weight = lines["weighting"].iloc[0]
    return f"Peak areas over standards, weighted {weight}; from the limit of quantification to the highest: {ranges}."


def _baseline(measured: pd.DataFrame) -> str:
    counts = measured.loc[measured["measure"].eq("baseline_um") & measured["value"].notna(), "n"].dropna().astype(int)
    if not len(counts):
        return "no animal has one"
    span = f"{counts.min()}" if counts.min() == counts.max() else f"{counts.min()} to {counts.max()}"
    return f"mean of the last {span} whole fractions before the dose"


def _of_region(fractions: pd.DataFrame) -> str:
    regions = list(dict.fromkeys(fractions["region"].dropna()))
    return f" of {' and '.join(regions)}" if regions else ""


def _listed(names: pd.Series) -> str:
    known = [name for name in dict.fromkeys(names) if name]
    return known[0] if len(known) == 1 else f"{', '.join(known[:-1])} and {known[-1]}" if known else "the analytes"
