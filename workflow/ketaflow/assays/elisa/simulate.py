"""Draw plate readers' exports of simulated plates: a kit's curve, log-normal noise, a reference wavelength, and faults.

The truth is the concentration of the undiluted sample in every well. Plasma and hippocampus of each animal are sampled
four hours after the dose; BDNF rises with the dose in both.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from ketaflow.assays.elisa.model import PlateRow, TruthRow, WellRow
from ketaflow.core.inputs import Rows

# A sandwich ELISA of BDNF with TMB: absorbance at 450 nm less 570 nm at concentration zero and at saturation,
# inflection (pg/ml), slope.
BOTTOM_AU = 0.055
TOP_AU = 3.1
INFLECTION_PG_PER_ML = 820.0
SLOPE = 1.12
NOISE_FRACTION = 0.04
# Absorbance of plastic and buffer, and its spread; the reader's upper limit.
PLASTIC_AU = 0.042
PLASTIC_SD_AU = 0.003
READER_LIMIT_AU = 4.0
# What a faulty well reads against a sound one (factor), and what a contaminated blank holds (pg/ml).
BAD_DUPLICATE_FACTOR = 0.45
CONTAMINATION_PG_PER_ML = 90.0
LEVELS_PG_PER_ML = (1000.0, 500.0, 250.0, 125.0, 62.5, 31.25, 15.625, 7.8125)
CONTROLS_PG_PER_ML = {"low": 60.0, "high": 300.0}
TIME_MIN = 240.0
WAVELENGTH_NM = 450
REFERENCE_NM = 570
ROWS = "ABCDEFGH"
COLUMNS = range(1, 13)
# By matrix: dilution, mean of vehicle animals (pg/ml of plasma, pg per mg of protein), largest rise and dose of half
# of it (fraction, mg/kg), coefficient of variation between animals.
MATRICES = {"plasma": (2.0, 420.0, 0.6, 7.0, 0.18), "hippocampus": (2.0, 170.0, 0.4, 5.0, 0.12)}
PROTEIN_MG_PER_ML = 2.2
PROTEIN_CV = 0.12


def draw(rows: Rows, folder: Path, *, seed: int) -> None:
    """Draw the export of one plate, and its reference file where the table names one.

    Parameters
    ----------
    rows : Rows
        Rows of ``elisa_plates``, ``elisa_wells`` and ``elisa_truth``.
    folder : Path
        The folder that the paths of the exports start from.
    seed : int
        Seed of the noise.
    """
    rng = np.random.default_rng(seed)
    plate = rows.of("elisa_plates", PlateRow)[0]
    wells = {row.well: row for row in rows.of("elisa_wells", WellRow)}
    truth = {row.well: row for row in rows.of("elisa_truth", TruthRow)}
    plastic = {well: PLASTIC_AU + rng.normal(0, PLASTIC_SD_AU) for well in _all_wells()}
    signal = {well: plastic[well] + _signal(wells[well], truth[well], rng) for well in wells if well in truth}
    measured = {well: signal.get(well, value + rng.normal(0, 0.001)) for well, value in plastic.items()}
    for path in filter(None, (plate.file, plate.reference_file)):
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
    if plate.reference_file:
        _write(folder / plate.file, as_mars({WAVELENGTH_NM: measured}))
        _write(folder / plate.reference_file, as_mars({REFERENCE_NM: plastic}))
    else:
        _write(folder / plate.file, as_gen5({WAVELENGTH_NM: measured, REFERENCE_NM: plastic}))


def _all_wells() -> list[str]:
    return [f"{row}{column}" for row in ROWS for column in COLUMNS]


def _signal(well: WellRow, truth: TruthRow, rng: np.random.Generator) -> float:
    """Absorbance less plastic of one well."""
    in_well = (truth.concentration_pg_per_ml or 0.0) / (well.dilution_factor or 1.0)
    if truth.fault == "contaminated":
        in_well += CONTAMINATION_PG_PER_ML
    value = curve(in_well) * rng.lognormal(0, NOISE_FRACTION)
    return float(value * (BAD_DUPLICATE_FACTOR if truth.fault == "bad_duplicate" else 1))


def curve(in_well_pg_per_ml: float) -> float:
    """Return the absorbance of a concentration.

    Parameters
    ----------
    in_well_pg_per_ml : float
        Concentration in the well (pg/ml).

    Returns
    -------
    float
        Absorbance at 450 nm less 570 nm.
    """
    power = (in_well_pg_per_ml / INFLECTION_PG_PER_ML) ** SLOPE
    return TOP_AU + (BOTTOM_AU - TOP_AU) / (1 + power)


def _write(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8", newline="\r\n")


def as_gen5(reads: Mapping[int, Mapping[str, float]]) -> str:
    """Write a Gen5 export: all wavelengths in one matrix, a line for each under every letter.

    Parameters
    ----------
    reads : mapping of int to mapping
        Absorbance of every well, by wavelength (nm).

    Returns
    -------
    str
        The text.
    """
    head = [
        "",
        "Software Version\t3.11.19",
        "",
        "Plate Number\tPlate 1",
        "Reader Type:\tEpoch 2",
        "",
        "Procedure Details",
    ]
    procedure = ["", "Plate Type\t96 WELL PLATE", "Read\tAbsorbance Endpoint", "\tFull Plate"]
    wavelengths = f"\tWavelengths:  {', '.join(map(str, reads))}"
    lines = [*head, *procedure, wavelengths, "", "Results", "\t" + "\t".join(map(str, COLUMNS))]
    for row in ROWS:
        for turn, (wavelength, values) in enumerate(reads.items()):
            cells = [
                "OVRFLW" if values[f"{row}{column}"] > READER_LIMIT_AU else f"{values[f'{row}{column}']:.3f}"
                for column in COLUMNS
            ]
            lines.append("\t".join([row if not turn else "", *cells, str(wavelength)]))
    return "\n".join([*lines, ""])


def as_mars(reads: Mapping[int, Mapping[str, float]]) -> str:
    """Write a MARS export: a matrix for each wavelength.

    Parameters
    ----------
    reads : mapping of int to mapping
        Absorbance of every well, by wavelength (nm).

    Returns
    -------
    str
        The text.
    """
    lines = ["User: USER,Path: C:\\Program Files\\BMG\\Omega\\User\\Data,Test run no.: 12", "Absorbance", ""]
    for wavelength, values in reads.items():
        lines += [f"Raw Data ({wavelength})", "", "," + ",".join(map(str, COLUMNS))]
        lines += [",".join([row, *(f"{values[f'{row}{column}']:.3f}" for column in COLUMNS)]) for row in ROWS]
        lines.append("")
    return "\n".join(lines)


def design(animals: pd.DataFrame, rng: np.random.Generator) -> dict[str, pd.DataFrame]:
    """Design the tables of the demonstration cohort.

    Parameters
    ----------
    animals : data frame
        Columns animal, dose_mg_per_kg.
    rng : Generator
        Source of the animals' differences and of their order on the plates.

    Returns
    -------
    dict of str to data frame
        A plate of plasma and one of hippocampus with all animals in duplicate, eight standards, two controls and two
        blanks. Faults: a bad duplicate and a sample above the highest standard in plasma, a contaminated blank in
        hippocampus.
    """
    wells: list[dict[str, object]] = []
    truth: list[dict[str, object]] = []
    for matrix, settings in MATRICES.items():
        plate = f"bdnf_{matrix}"
        names = [str(name) for name in rng.permutation(animals["animal"])]
        dose = dict(zip(animals["animal"], animals["dose_mg_per_kg"].astype(float), strict=True))
        samples = _fixed_wells()
        pairs = [(f"{row}{column}", f"{row}{column + 1}") for column in (3, 5, 7) for row in ROWS]
        for name, pair in zip(names, pairs, strict=True):
            samples.append((pair, _sample(name, matrix, dose[name], settings, rng)))
        faults = _faults(matrix, pairs)
        if matrix == "plasma":
            samples[-1][1]["truth"] = 3.4 * LEVELS_PG_PER_ML[0]
        for pair, sample in samples:
            for well in pair:
                known = {"plate": plate, "well": well, "analyte": "BDNF"}
                wells.append(known | {key: value for key, value in sample.items() if key != "truth"})
                truth.append(
                    {
                        "plate": plate,
                        "well": well,
                        "concentration_pg_per_ml": sample["truth"],
                        "fault": faults.get(well),
                    }
                )
    plates = [
        {"plate": "bdnf_plasma", "file": "elisa/plasma_gen5.txt", "wavelength_nm": WAVELENGTH_NM},
        {"plate": "bdnf_hippocampus", "file": "elisa/hippocampus_450.csv", "wavelength_nm": WAVELENGTH_NM,
         "reference_file": "elisa/hippocampus_570.csv"},
    ]  # fmt: skip
    columns = ["plate", "well", "sample", "animal", "analyte", "concentration_pg_per_ml", "control", "dilution_factor",
               "matrix", "protein_mg_per_ml", "time_min"]  # fmt: skip
    return {
        "elisa_plates": pd.DataFrame(plates),
        "elisa_wells": pd.DataFrame(wells)[columns],
        "elisa_truth": pd.DataFrame(truth),
    }


def _fixed_wells() -> list[tuple[tuple[str, str], dict[str, object]]]:
    """Standards in columns 1 and 2; controls and blanks in columns 11 and 12."""
    fixed: list[tuple[tuple[str, str], dict[str, object]]] = []
    for row, level in zip(ROWS, LEVELS_PG_PER_ML, strict=True):
        pair = (f"{row}1", f"{row}2")
        fixed.append((pair, {"sample": "standard", "concentration_pg_per_ml": level, "truth": level}))
    for row, (name, level) in zip("AB", CONTROLS_PG_PER_ML.items(), strict=True):
        pair = (f"{row}11", f"{row}12")
        fixed.append((pair, {"sample": "control", "control": name, "concentration_pg_per_ml": level, "truth": level}))
    fixed.append((("H11", "H12"), {"sample": "blank", "truth": 0.0}))
    return fixed


def _sample(
    name: str, matrix: str, dose: float, settings: tuple[float, ...], rng: np.random.Generator
) -> dict[str, object]:
    """An animal's row of the table, and its true concentration (pg/ml of plasma or tissue extract)."""
    dilution, mean, rise, half_dose, cv = settings
    value = mean * (1 + rise * dose / (dose + half_dose)) * rng.lognormal(0, cv)
    row: dict[str, object] = {
        "sample": "animal", "animal": name, "matrix": matrix, "dilution_factor": dilution, "time_min": TIME_MIN,
    }  # fmt: skip
    if matrix == "hippocampus":
        protein = round(PROTEIN_MG_PER_ML * float(rng.lognormal(0, PROTEIN_CV)), 2)
        row["protein_mg_per_ml"] = protein
        value *= protein
    return row | {"truth": round(float(value), 2)}


def _faults(matrix: str, pairs: Sequence[tuple[str, str]]) -> dict[str, str]:
    """Faults by well."""
    if matrix == "plasma":
        return {pairs[9][1]: "bad_duplicate"}
    return {"H12": "contaminated"}
