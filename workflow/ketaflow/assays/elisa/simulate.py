"""Draw plate readers' exports of simulated plates: a kit's curve, log-normal noise, a reference wavelength, and faults.

The truth is the concentration of the undiluted sample in every well. Plasma and hippocampus of each animal are sampled
four hours after the dose; BDNF rises with the dose in both.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from ketaflow.assays.elisa import constants
from ketaflow.assays.elisa.model import PlateRow, TruthRow, WellRow
from ketaflow.core.inputs import Rows

ROWS = "ABCDEFGH"
COLUMNS = range(1, 13)


class _Matrix(NamedTuple):
    """What animals have in a matrix.

    Dilution of the sample; mean of vehicle animals (pg/ml of plasma, pg per mg of protein); largest rise over it
    (fraction) and the dose of half of it (mg/kg); coefficient of variation between animals.
    """

    dilution: float
    mean: float
    largest_rise: float
    half_dose_mg_per_kg: float
    cv: float


# Invented, of the size an experiment hopes to find.
MATRICES = {"plasma": _Matrix(2.0, 420.0, 0.6, 7.0, 0.18), "hippocampus": _Matrix(2.0, 170.0, 0.4, 5.0, 0.12)}


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
    plastic = {well: constants.PLASTIC_AU + rng.normal(0, constants.PLASTIC_SD_AU) for well in _all_wells()}
    signal = {well: plastic[well] + _signal(wells[well], truth[well], rng) for well in wells if well in truth}
    measured = {well: signal.get(well, value + rng.normal(0, 0.001)) for well, value in plastic.items()}
    for path in filter(None, (plate.file, plate.reference_file)):
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
    if plate.reference_file:
        _write(folder / plate.file, as_mars({constants.WAVELENGTH_NM: measured}))
        _write(folder / plate.reference_file, as_mars({constants.REFERENCE_NM: plastic}))
    else:
        _write(folder / plate.file, as_gen5({constants.WAVELENGTH_NM: measured, constants.REFERENCE_NM: plastic}))


def _all_wells() -> list[str]:
    return [f"{row}{column}" for row in ROWS for column in COLUMNS]


def _signal(well: WellRow, truth: TruthRow, rng: np.random.Generator) -> float:
    """Absorbance less plastic of one well."""
    in_well = (truth.concentration_pg_per_ml or 0.0) / (well.dilution_factor or 1.0)
    if truth.fault == "contaminated":
        in_well += constants.CONTAMINATION_PG_PER_ML
    value = curve(in_well) * rng.lognormal(0, constants.NOISE_FRACTION)
    return float(value * (constants.BAD_DUPLICATE_FACTOR if truth.fault == "bad_duplicate" else 1))


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
    power = (in_well_pg_per_ml / constants.CURVE_INFLECTION_PG_PER_ML) ** constants.CURVE_SLOPE
    return constants.CURVE_TOP_AU + (constants.CURVE_BOTTOM_AU - constants.CURVE_TOP_AU) / (1 + power)


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
                "OVRFLW" if values[f"{row}{column}"] > constants.READER_LIMIT_AU else f"{values[f'{row}{column}']:.3f}"
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
    for matrix, drawn in MATRICES.items():
        plate = f"bdnf_{matrix}"
        names = [str(name) for name in rng.permutation(animals["animal"])]
        dose = dict(zip(animals["animal"], animals["dose_mg_per_kg"].astype(float), strict=True))
        samples = _fixed_wells()
        pairs = [(f"{row}{column}", f"{row}{column + 1}") for column in (3, 5, 7) for row in ROWS]
        for name, pair in zip(names, pairs, strict=True):
            samples.append((pair, _sample(name, matrix, dose[name], drawn, rng)))
        faults = _faults(matrix, pairs)
        if matrix == "plasma":
            samples[-1][1]["truth"] = 3.4 * constants.LEVELS_PG_PER_ML[0]
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
        {"plate": "bdnf_plasma", "file": "elisa/plasma_gen5.txt", "wavelength_nm": constants.WAVELENGTH_NM},
        {"plate": "bdnf_hippocampus", "file": "elisa/hippocampus_450.csv", "wavelength_nm": constants.WAVELENGTH_NM,
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
    for row, level in zip(ROWS, constants.LEVELS_PG_PER_ML, strict=True):
        pair = (f"{row}1", f"{row}2")
        fixed.append((pair, {"sample": "standard", "concentration_pg_per_ml": level, "truth": level}))
    for row, (name, level) in zip("AB", constants.CONTROLS_PG_PER_ML.items(), strict=True):
        pair = (f"{row}11", f"{row}12")
        fixed.append((pair, {"sample": "control", "control": name, "concentration_pg_per_ml": level, "truth": level}))
    fixed.append((("H11", "H12"), {"sample": "blank", "truth": 0.0}))
    return fixed


def _sample(name: str, matrix: str, dose: float, drawn: _Matrix, rng: np.random.Generator) -> dict[str, object]:
    """An animal's row of the table, and its true concentration (pg/ml of plasma or tissue extract)."""
    rise = 1 + drawn.largest_rise * dose / (dose + drawn.half_dose_mg_per_kg)
    value = drawn.mean * rise * rng.lognormal(0, drawn.cv)
    row: dict[str, object] = {
        "sample": "animal", "animal": name, "matrix": matrix, "dilution_factor": drawn.dilution,
        "time_min": constants.TIME_MIN,
    }  # fmt: skip
    if matrix == "hippocampus":
        protein = round(constants.PROTEIN_MG_PER_ML * float(rng.lognormal(0, constants.PROTEIN_CV)), 2)
        row["protein_mg_per_ml"] = protein
        value *= protein
    return row | {"truth": round(float(value), 2)}


def _faults(matrix: str, pairs: Sequence[tuple[str, str]]) -> dict[str, str]:
    """Faults by well."""
    if matrix == "plasma":
        return {pairs[9][1]: "bad_duplicate"}
    return {"H12": "contaminated"}
