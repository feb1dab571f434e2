"""Integration and naming against areas that are known: drawn ones, and the vendors' own on real exports."""

import sys
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parent))
from dialysate import DEFAULTS, gaussian

from ketaflow.assays.microdialysis import simulate
from ketaflow.assays.microdialysis.calibration import calibration_lines, identification
from ketaflow.assays.microdialysis.cohort_rows import StandardRow
from ketaflow.assays.microdialysis.integration import peaks
from ketaflow.assays.microdialysis.model import Peak
from ketaflow.assays.microdialysis.readers import dispatch

TIME = np.arange(0, 10, 0.5 / 60)
HOW = {name: DEFAULTS["quantify"][name] for name in ("peak_width_s", "snr_min", "smallest_peak_pct", "unmix")}


def found(time_min, signal, method="drop_line", **more):
    return peaks.peaks_of(time_min, signal, method=method, **{**HOW, **more}).peaks


def noise(sd, seed=1):
    return np.random.default_rng(seed).normal(0, sd, len(TIME))


@pytest.mark.parametrize("method", ["drop_line", "valley_to_valley", "tangent_skim", "snip", "arpls"])
def test_a_lone_peak_has_its_area_whatever_the_baseline(method):
    (row,) = found(TIME, 50 + gaussian(TIME, 5, 5, 1000) + noise(0.02), method)
    assert row.area == pytest.approx(1000, rel=0.02)
    assert row.retention_min == pytest.approx(5, abs=0.002)


def test_area_grows_with_the_signal_and_does_not_see_the_offset():
    once = found(TIME, gaussian(TIME, 5, 5, 1000) + noise(0.02))[0].area
    again = found(TIME, 700 + 3 * (gaussian(TIME, 5, 5, 1000) + noise(0.02)))[0].area
    assert again == pytest.approx(3 * once, rel=1e-6)


@pytest.mark.parametrize("seed", [1, 2])
def test_a_hump_below_peaks_leaves_their_areas_open(seed):
    hump = 150 * np.clip((TIME - 4) / 1.2, 0, 1) * np.clip((8.2 - TIME) / 1.5, 0, 1)
    three = sum(gaussian(TIME, at, 5, 2000) for at in (4.6, 5.6, 6.6)) + noise(0.1, seed)
    middle = next(row for row in found(TIME, three + hump) if abs(row.retention_min - 5.6) < 0.1)
    assert middle.area_low < 2050 < middle.area_high
    for row in found(TIME, three):
        assert (row.area_low, row.area_high) == pytest.approx((2000, 2000), rel=0.02)


def test_drift_under_the_peaks_is_not_area():
    drift = 40 * TIME - 0.3 * TIME**2
    areas = [
        row.area for row in found(TIME, drift + gaussian(TIME, 3, 5, 1000) + gaussian(TIME, 6, 5, 400) + noise(0.05))
    ]
    assert areas == pytest.approx([1000, 400], rel=0.02)


@pytest.mark.parametrize("bow", [-2.0, -0.3, 0.3, 6.0])
def test_bowed_drift_under_crowded_peaks_is_not_area(bow):
    centres = np.arange(1.5, 9, 0.75)
    peaks_only = sum(gaussian(TIME, centre, 4, 1000 + 300 * np.sin(9 * centre)) for centre in centres)
    rows = found(TIME, peaks_only + bow * (TIME - 5) ** 2 + noise(0.1))
    assert [row.area for row in rows] == pytest.approx([1000 + 300 * np.sin(9 * c) for c in centres], rel=0.02)


def test_a_negative_peak_does_not_pull_the_line_down():
    signal = gaussian(TIME, 3, 5, 1000) - gaussian(TIME, 5, 5, 1500) + gaussian(TIME, 7, 5, 500) + noise(0.05)
    areas = {round(row.retention_min): row.area for row in found(TIME, signal) if row.snr > 20}
    assert areas == {3: pytest.approx(1000, rel=0.02), 7: pytest.approx(500, rel=0.02)}


def test_negative_peaks_side_by_side_do_not_either():
    dips = gaussian(TIME, 6, 6, 3000) + gaussian(TIME, 7.2, 6, 800)
    signal = 5 * TIME + gaussian(TIME, 3, 5, 1000) - dips + gaussian(TIME, 9, 5, 500) + noise(0.05)
    areas = {round(row.retention_min): row.area for row in found(TIME, signal) if row.height > 20}
    assert [areas.get(3), areas.get(9)] == pytest.approx([1000, 500], rel=0.03)


@pytest.mark.parametrize("bow", [-30.0, -8.0, 8.0, 30.0])
def test_a_bow_much_higher_than_the_peaks_is_drift(bow):
    """From 2.5 to 9 times as high as the tallest peak, which rises to 80; the smallest rises to 8."""
    centres = np.array([1.2, 2.6, 4.1, 5.4, 7.0, 8.6])
    areas = [1000, 100, 600, 300, 100, 800]
    peaks_only = sum(gaussian(TIME, centre, 5, area) for centre, area in zip(centres, areas, strict=True))
    rows = found(TIME, peaks_only + bow * (TIME - 5) ** 2 + noise(0.05))
    nearest = [min(rows, key=lambda row, at=at: abs(row.retention_min - at)).area for at in centres]
    assert nearest == pytest.approx(areas, rel=0.02)


@pytest.mark.parametrize("after_s", [20, 24, 30])
def test_a_peak_on_the_rise_out_of_a_dip_is_not_taken_for_the_rise(after_s):
    centre = 2 + after_s / 60
    signal = gaussian(TIME, centre, 4, 2000) - gaussian(TIME, 2, 5, 2500) + gaussian(TIME, 7, 4, 2000) + noise(0.1)
    areas = {round(row.retention_min, 1): row.area for row in found(TIME, signal) if row.height > 50}
    assert areas == {round(centre, 1): pytest.approx(2000, rel=0.05), 7.0: pytest.approx(2000, rel=0.01)}


def test_a_peak_on_a_tail_tells_how_high_it_begins():
    tail = 500 * np.exp(-np.clip(TIME - 2, 0, None) / 0.8) * (TIME > 2)
    rows = found(TIME, tail + gaussian(TIME, 3, 4, 500) + gaussian(TIME, 8.5, 4, 500) + noise(0.1))
    feet = {round(row.retention_min, 1): row.foot_pct for row in rows if row.snr > 100}
    assert feet[3.0] > 50
    assert feet[8.5] < 2


def test_a_saddle_between_peaks_is_no_baseline():
    signal = sum(gaussian(TIME, centre, 8, 1000) for centre in (4.0, 4.5, 5.0)) + noise(0.05)
    whole = peaks.peaks_of(TIME, signal, method="drop_line", **HOW)
    assert sum(row.area for row in whole.peaks) == pytest.approx(3000, rel=0.01)
    assert np.abs(whole.baseline).max() < 0.5


def test_small_peaks_keep_their_feet():
    areas = [
        found(TIME, gaussian(TIME, 5, 5, 100) + noise(0.2, seed))[0].area for seed in range(40)
    ]  # a height of 8, forty times the noise
    assert np.mean(areas) == pytest.approx(100, rel=0.01)


def test_a_shoulder_is_parted_where_the_fall_all_but_stops():
    shoulder = 5 + 19 / 60
    signal = gaussian(TIME, 5, 5, 1000) + gaussian(TIME, shoulder, 9, 620) + noise(0.01)
    rows = found(TIME, signal, unmix=False)
    assert len(rows) == 2
    assert 5.1 < rows[0].stop_min < shoulder


def test_a_peak_after_the_dip_of_the_void_is_whole():
    void = gaussian(TIME, 1, 3, 50_000) - gaussian(TIME, 1.3, 4, 9_000)
    rows = found(TIME, void + gaussian(TIME, 2.5, 5, 1000) + gaussian(TIME, 6, 5, 1000) + noise(0.2))
    assert [row.area for row in rows[-2:]] == pytest.approx([1000, 1000], rel=0.02)


@pytest.mark.parametrize("apart_s", [11, 13, 16, 25])
@pytest.mark.parametrize("share", [1.0, 0.5])
def test_overlapping_peaks_are_parted(apart_s, share):
    second = 5 + apart_s / 60
    rows = found(TIME, gaussian(TIME, 5, 5, 1000) + gaussian(TIME, second, 5, 1000 * share) + noise(0.02))
    assert [row.area for row in rows] == pytest.approx([1000, 1000 * share], rel=0.01)


def test_a_tailed_peak_stays_one_peak():
    signal = simulate.tailed_peak(60 * TIME, 300, 4, 8, 1000) + noise(0.02)
    (row,) = found(TIME, signal)
    assert row.area == pytest.approx(1000, rel=0.02)
    assert row.tailing == pytest.approx(1.65, rel=0.03)


def test_limits_set_by_hand_are_kept():
    signal = 5 + gaussian(TIME, 5, 5, 1000)
    (row,) = found(TIME, signal, limits=[(4.5, 5.5)])
    assert (row.start_min, row.stop_min) == pytest.approx((4.5, 5.5), abs=0.01)
    assert row.area == pytest.approx(1000, rel=1e-3)


def test_a_clipped_peak_is_saturated_and_a_whole_one_is_not():
    signal = gaussian(TIME, 3, 5, 1000) + gaussian(TIME, 6, 5, 4000) + noise(0.02)
    assert [row.saturated for row in found(TIME, np.minimum(signal, 150))] == [False, True]


def test_a_top_cut_off_for_minutes_is_no_baseline():
    clipped = np.minimum(gaussian(TIME, 4, 25, 100_000), 60) + noise(0.05)
    narrow = sum(gaussian(TIME, centre, 3, 300) for centre in (1, 1.5, 7, 7.5, 8, 8.5, 9))
    row = max(found(TIME, clipped + narrow), key=lambda row: row.stop_min - row.start_min)
    inside = (TIME > 2) & (TIME < 6)
    assert row.area == pytest.approx(np.trapezoid(clipped[inside], 60 * TIME[inside]), rel=0.01)
    assert row.saturated


def test_a_long_tail_in_the_noise_does_not_lift_the_line():
    errors = []
    for seed in range(12):
        peaks_only = sum(simulate.tailed_peak(60 * TIME, at, 4, 12, 1000) for at in (90, 240, 390))
        rows = sorted(found(TIME, peaks_only + noise(0.6, seed)), key=lambda row: -row.area)[:3]
        errors += [row.area / 1000 - 1 for row in rows]
    assert abs(np.mean(errors)) < 0.02


def test_noise_alone_holds_no_strong_peak():
    assert all(row.snr < 10 for row in found(TIME, noise(1.0)))


def peak(retention, height=1.0, saturated=False):
    return Peak(retention, height=height, saturated=saturated)


def test_analytes_are_found_through_a_shift_and_absent_ones_stay_absent():
    expected = {"a": 2.0, "b": 4.0, "c": 6.0, "d": 8.0}
    rows = [peak(2.35), peak(4.35), peak(8.36)]
    assert identification.named(rows, expected, window_min=0.2, shift_min=0.6) == {"a": 0, "b": 1, "d": 2}


def test_without_retentions_the_rows_order_is_the_order_of_elution():
    rows = [StandardRow("s", name, 1.0, None, None) for name in "abc"]
    there = [peak(1, 9, True), peak(2, 3), peak(3, 0.1), peak(4, 2), peak(6, 5)]
    assert identification.elution(rows, {"s": there}) == {"a": 2, "b": 4, "c": 6}


def line(weighting="1/x2", model="linear"):
    x = np.array([1.0, 2, 5, 10])
    return calibration_lines.fitted("a", x, 3 * x + 1, 0.01, model=model, weighting=weighting)


def test_a_line_gives_back_its_slope_and_intercept_under_every_weight():
    for weighting in ("none", "1/x", "1/x2"):
        fit = line(weighting)
        assert (fit.slope, fit.intercept) == pytest.approx((3, 1))
        assert fit.concentration_um(16) == pytest.approx(5)


def test_no_number_comes_from_an_intercept():
    for response, state in ((0.5, "below_loq"), (-1.35, "below_loq"), (40.0, "above_range")):
        assert calibration_lines.quantified(line(), response, extrapolate_factor=1.2) == (None, state)


def test_just_above_the_range_a_number_is_given_and_marked():
    value, state = calibration_lines.quantified(line(), 34.0, extrapolate_factor=1.2)
    assert (value, state) == (pytest.approx(11), "above_range")


SHIMADZU = "microdialysis/shimadzu_labsolutions/Output-sample {}.txt"


def at(rows, peak):
    """The row nearest in retention to a peak of the vendor's table."""
    return min(rows, key=lambda row: abs(row.retention_min - peak.retention_min))


def largest_agree(trace, rows, count, within):
    """Assert that the vendor's largest peaks have its areas to within a ratio."""
    for vendor in sorted(trace.vendor_peaks, key=lambda row: -row.area)[:count]:
        assert at(rows, vendor).area == pytest.approx(vendor.area, rel=within)


def read_one(path):
    return dispatch.read(path, time_unit="auto")[0]


@pytest.mark.shared
@pytest.mark.parametrize("sample", [0, 6, 7])
def test_labsolutions_areas_within_one_percent_at_the_vendors_limits(shared, sample):
    trace = read_one(shared / SHIMADZU.format(sample))
    limits = [(row.start_min, row.stop_min) for row in trace.vendor_peaks]
    rows = found(trace.time_min, trace.signal, limits=limits)
    largest_agree(trace, rows, 5, 0.01)


@pytest.mark.shared
@pytest.mark.parametrize(
    "sample",
    [
        0,
        7,
        pytest.param(6, marks=pytest.mark.xfail(strict=True, reason="0.6, 2.1, 2.1, 2.1 and 4.8 %: see the next test")),
    ],
)
def test_labsolutions_areas_within_two_percent_at_own_limits(shared, sample):
    trace = read_one(shared / SHIMADZU.format(sample))
    largest_agree(trace, found(trace.time_min, trace.signal), 5, 0.02 if sample == 6 else 0.01)


@pytest.mark.shared
def test_the_odd_sample_agrees_once_its_line_begins_where_the_vendor_began_it_in_the_others(shared):
    """In samples 0 and 7 the vendor's line begins at the lowest point before the first peak, in 6 half-way up it."""
    trace = read_one(shared / SHIMADZU.format(6))
    limits = [[row.start_min, row.stop_min] for row in trace.vendor_peaks if row.start_min > 2.5]
    before = np.flatnonzero((trace.time_min > 2.8) & (trace.time_min < limits[0][0]))
    limits[0][0] = trace.time_min[before[np.argmin(trace.signal[before])]]
    rows = found(trace.time_min, trace.signal)
    moved = found(trace.time_min, trace.signal, limits=[tuple(pair) for pair in limits])
    for vendor in sorted(trace.vendor_peaks, key=lambda row: -row.area)[:5]:
        assert at(rows, vendor).area == pytest.approx(at(moved, vendor).area, rel=0.015)


@pytest.mark.shared
def test_a_ladder_of_the_same_software_is_within_one_percent_at_own_limits(shared):
    trace = read_one(shared / "microdialysis/formats/labsolutions_gcd_ladder.txt")
    largest_agree(trace, found(trace.time_min, trace.signal), 10, 0.01)


@pytest.mark.shared
def test_a_run_of_another_maker_shares_its_area_out_alike_at_own_limits(shared):
    """The vendor counts area in units of its own; all but the smallest of its eight peaks, by drop lines as it does."""
    trace = read_one(shared / "microdialysis/formats/VARIAN1.CDF")
    rows = found(trace.time_min, trace.signal, unmix=False)
    vendor = np.array([peak.area for peak in trace.vendor_peaks[:7]])
    own = np.array([at(rows, peak).area for peak in trace.vendor_peaks[:7]])
    assert own / own.sum() == pytest.approx(vendor / vendor.sum(), rel=0.01)


FLAME = "microdialysis/agilent_fid/{}"


@pytest.mark.shared
@pytest.mark.parametrize("run", ["001F0101.D", "001F0102.D"])
def test_the_main_peaks_of_a_flame_detector_are_within_two_percent(shared, run):
    trace = read_one(shared / FLAME.format(run))
    largest_agree(trace, found(trace.time_min, trace.signal), 1, 0.02)


@pytest.mark.shared
def test_a_compound_has_one_shape_in_two_runs_of_a_flame_detector(shared):
    """Area over height: 6.7 and 6.4 s here; 6.4 and 5.1 s by the vendor, who cut the smaller one's tail."""
    own, vendors = [], []
    for run in ("001F0101.D", "001F0102.D"):
        trace = read_one(shared / FLAME.format(run))
        vendor = min(trace.vendor_peaks, key=lambda peak: abs(peak.retention_min - 4.05))
        row = at(found(trace.time_min, trace.signal), vendor)
        own.append(row.area / row.height)
        vendors.append(vendor.area / vendor.height)
    assert own[1] == pytest.approx(own[0], rel=0.05)
    assert vendors[1] < 0.8 * vendors[0]


@pytest.mark.shared
def test_published_overlaps_are_parted_within_a_thousandth(shared):
    folder = shared / "microdialysis/simulated_overlap"
    traces = np.loadtxt(folder / "test_unmix_chrom.csv", delimiter=",", skiprows=1)
    truth = np.loadtxt(folder / "test_unmix_peaks.csv", delimiter=",", skiprows=1)
    for number in range(20):
        time, signal = traces[traces[:, 2] == number, :2].T
        rows = sorted(found(time, signal), key=lambda row: -row.area)[:2]
        areas = [row.area / 60 for row in sorted(rows, key=lambda row: row.retention_min)]
        assert areas == pytest.approx((truth[truth[:, 7] == number, 4] * 0.01).tolist(), rel=0.001)


@pytest.mark.shared
def test_eighteen_amino_acids_come_in_their_order(shared):
    names = [
        "Asp",
        "Ser",
        "Glu",
        "Gly",
        "His",
        "NH3",
        "Arg",
        "Thr",
        "Ala",
        "Pro",
        "Cys",
        "Tyr",
        "Val",
        "Met",
        "Lys",
        "Ile",
        "Leu",
        "Phe",
    ]
    rows = {}
    for file in ("02-Standard-1.txt", "19-Standard-2.txt"):
        (trace,) = dispatch.read(shared / "microdialysis/aa_fld" / file, time_unit="auto")
        rows[file] = found(trace.time_min, trace.signal)
    standards = [StandardRow("02-Standard-1.txt", name, 1.0, None, None) for name in names]
    expected = identification.elution(standards, rows)
    assert 60 * expected["Asp"] == pytest.approx(980, abs=5)
    assert 60 * expected["Phe"] == pytest.approx(1976, abs=5)
    for own in rows.values():
        met = identification.named(own, expected, window_min=0.3, shift_min=0.6)
        assert sorted(met, key=met.get) == names


def read_back(paths, levels, retention_min, within_min):
    """Levels of standards as the line through them gives them back, from the largest peak near a retention."""
    areas = []
    for path in paths:
        trace = read_one(path)
        near = [
            row for row in found(trace.time_min, trace.signal) if abs(row.retention_min - retention_min) < within_min
        ]
        areas.append(max(row.area for row in near))
    fit = calibration_lines.fitted("a", np.array(levels), np.array(areas), np.nan, model="linear", weighting="1/x2")
    return [fit.concentration_um(area) for area in areas]


@pytest.mark.shared
def test_adenosine_reads_back_within_two_percent(shared):
    levels = [500.0, 1000, 2000, 3000]
    folder = shared / "microdialysis/chromeleon_adenosine"
    paths = [folder / f"Adenosine Stadards_ {level / 1000:g} mM.txt" for level in levels]
    assert read_back(paths, levels, 20.45, 0.3) == pytest.approx(levels, rel=0.02)


@pytest.mark.shared
def test_s_adenosylhomocysteine_reads_back_within_five_percent(shared):
    levels = [25.0, 50, 100, 200, 400, 800]
    folder = shared / "microdialysis/agilent_dad_calibration/SAH"
    paths = [
        folder / f"CA{number}_{level:g}uM.D/dad1A.ch"
        for number, level in zip((12, 11, 10, 9, 8, 7), levels, strict=True)
    ]
    assert read_back(paths, levels, 8.1, 0.15) == pytest.approx(levels, rel=0.05)
