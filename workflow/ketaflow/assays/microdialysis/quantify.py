"""One animal's chromatograms in; concentrations in brain time, baseline and response out."""

from ketaflow.assays.microdialysis.calibration import batches, calibration_lines
from ketaflow.assays.microdialysis.cohort_rows import ConcentrationRow, FractionRow, NoNetFluxRow, PeakLimitsRow
from ketaflow.assays.microdialysis.model import NAN, Dialysate, Measured, Peak, QuantifySettings
from ketaflow.assays.microdialysis.response import brain_time, determinations, no_net_flux, time_course
from ketaflow.assays.microdialysis.response.brain_time import Fraction
from ketaflow.assays.microdialysis.response.determinations import ByInjection, Determinations, Sources
from ketaflow.assays.microdialysis.result_rows import InjectionResult, PeakRow
from ketaflow.core.inputs import Rows


def quantify(dialysate: Dialysate, settings: QuantifySettings, *, rows: Rows) -> Measured:
    """Measure one animal: every peak, every fraction, every analyte.

    Parameters
    ----------
    dialysate : Dialysate
        The animal's chromatograms and those of the standards.
    settings : QuantifySettings
        Integration, calibration, brain time and response.
    rows : Rows
        Rows of ``microdialysis_concentrations``, ``microdialysis_limits`` and ``microdialysis_no_net_flux``.

    Returns
    -------
    Measured
    """
    series = batches.calibrated_batches(dialysate, rows.of("microdialysis_limits", PeakLimitsRow), settings)
    sources = Sources(dialysate, series, rows.of("microdialysis_concentrations", ConcentrationRow), settings)
    animal, found, listed, repeats = dialysate.animal, [], [], []
    by_region: dict[str | None, list[FractionRow]] = {}
    for row in dialysate.fractions:
        by_region.setdefault(row.region, []).append(row)
    for region, own in by_region.items():
        by_tube = determinations.tubes(own)
        moved = brain_time.in_brain_time(
            list(by_tube.values()),
            flow_ul_per_min=settings.flow_ul_per_min,
            dead_volume_ul=settings.dead_volume_ul,
            merged_factor=settings.merged_factor,
        )
        by_injection = determinations.determined(sources, region, by_tube, moved)
        values: Determinations = {
            analyte: [determinations.averaged(points) for points in each] for analyte, each in by_injection.items()
        }
        repeats += _injection_table(animal, by_injection, by_tube, moved)
        found += time_course.concentration_rows(animal, moved, values, region, settings.time_grid_min)
        found += time_course.response_rows(animal, moved, values, region, settings)
        listed += time_course.fraction_table(animal, moved, values, region)
    experiments = no_net_flux.experiments(rows.of("microdialysis_no_net_flux", NoNetFluxRow))
    flux_lines = [no_net_flux.fitted(one, animal) for one in experiments]
    return Measured(
        measurements=found + [row for line in flux_lines for row in no_net_flux.measured(line)],
        peaks=_peak_table(sources),
        fractions=listed,
        calibration=_calibration_table(sources),
        standards=list(dict.fromkeys(row for one in series.values() for row in one.read_back)),
        no_net_flux=flux_lines,
        injections=repeats,
        experiments=experiments,
    )


def _calibration_table(sources: Sources) -> list[calibration_lines.CalibrationLine]:
    """The lines of all batches: one per analyte, or one per standard set where these bracket the fractions."""
    made = []
    for series in sources.series.values():
        for analyte, line in series.lines.items():
            sets = [own for _, own in series.sets.get(analyte, ())]
            made += sets or ([line] if line else [])
    return list(dict.fromkeys(made))


def _injection_table(
    animal: str, by_injection: ByInjection, by_tube: dict[str, list[FractionRow]], moved: list[Fraction]
) -> list[InjectionResult]:
    """Every injection of the tubes that were injected several times."""
    made = []
    for index, fraction in enumerate(moved):
        rows = by_tube[fraction.name]
        for analyte, points in by_injection.items():
            if len(rows) == 1 or len(points[index]) != len(rows):
                continue
            made += [
                InjectionResult(
                    recording=row.name or animal, animal=animal, region=row.region, fraction=row.fraction,
                    injection=row.injection or "", analyte=analyte, concentration_um=point.value, state=point.state,
                    reason=point.reason,
                )
                for row, point in zip(rows, points[index], strict=True)
            ]  # fmt: skip
    return made


def _peak_table(sources: Sources) -> list[PeakRow]:
    """Every peak of every chromatogram, named where it is an analyte, with its concentration and state."""
    rows = {row.path: row for row in sources.dialysate.fractions if row.path}
    standards = {row.path: row for row in sources.dialysate.standards}
    made, listed = [], set()
    for series in sources.series.values():
        for path, found in series.peaks.items():
            if path in listed:
                continue
            listed.add(path)
            names = {index: name for name, index in series.named[path].items()}
            row, standard = rows.get(path), standards.get(path)
            file = (row.name if row else standard.name if standard else None) or path
            made += [
                _peak_row(sources, row, file, path, peak, names.get(index, "")) for index, peak in enumerate(found)
            ]
    return made


def _peak_row(sources: Sources, row: FractionRow | None, file: str, path: str, peak: Peak, analyte: str) -> PeakRow:
    value, state, shift_min = NAN, "", NAN
    if analyte:
        value, state, shift_min = _named_peak(sources, row, path, peak, analyte)
    return PeakRow(
        recording=file,
        animal=sources.dialysate.animal if row else None,
        chromatogram=path,
        analyte=analyte,
        retention_min=peak.retention_min,
        start_min=peak.start_min,
        stop_min=peak.stop_min,
        area=peak.area,
        area_low=peak.area_low,
        area_high=peak.area_high,
        height=peak.height,
        snr=peak.snr,
        saturated=peak.saturated,
        width_s=peak.width_s,
        tailing=peak.tailing,
        resolution=peak.resolution,
        foot_pct=peak.foot_pct,
        area_unit=sources.dialysate.chromatograms[path].area_unit,
        concentration_um=value,
        state=state,
        line_start=peak.line_start,
        line_stop=peak.line_stop,
        shape=peak.shape,
        shift_min=shift_min,
    )


def _named_peak(
    sources: Sources, row: FractionRow | None, path: str, peak: Peak, analyte: str
) -> tuple[float, str, float]:
    """Concentration in the injected sample, its state, and the distance from the expected retention (minutes)."""
    if row is None:
        standard = next(one for one in sources.dialysate.standards if one.path == path)
        batch = standard.batch if standard.batch in sources.series else next(iter(sources.series))
        series = sources.series[batch]
        row = FractionRow(
            "", "", 0.0, 0.0, None, None, None, None, None, None, batch=batch, source=path,
            injection_order=standard.position,
        )  # fmt: skip
    else:
        series = sources.series[row.batch]
    shift_min = peak.retention_min - series.expected.get(analyte, NAN)
    if analyte not in series.lines:
        return NAN, "", shift_min
    value, state, *_ = determinations.from_peak(sources, row, analyte)
    return value, state, shift_min
