"""Names and molar masses of what dialysates are searched for, and units of concentration."""

# Names under which the transmitters of a glutamate study are written.
SYNONYMS = {
    "glutamate": ("glutamate", "glu", "l-glutamate", "glutamic acid", "l-glutamic acid"),
    "glutamine": ("glutamine", "gln", "l-glutamine"),
    "gaba": ("gaba", "gamma-aminobutyric acid", "4-aminobutyric acid", "g-aba"),
}
# Molar masses (g/mol) from the atomic weights of IUPAC 2021.
MOLAR_MASS = {
    "glutamate": 147.13, "glutamine": 146.14, "gaba": 103.12, "aspartate": 133.10, "glycine": 75.07, "taurine": 125.15,
    "serine": 105.09, "alanine": 89.09, "arginine": 174.20, "dopamine": 153.18, "serotonin": 176.21,
    "noradrenaline": 169.18, "dopac": 168.15, "hva": 182.17, "5-hiaa": 191.18, "adenosine": 267.24, "lactate": 90.08,
    "glucose": 180.16,
}  # fmt: skip
MOLAR_UM = {
    "um": 1.0, "umol/l": 1.0, "nmol/ml": 1.0, "pmol/ul": 1.0, "nm": 1e-3, "nmol/l": 1e-3, "pmol/ml": 1e-3,
    "fmol/ul": 1e-3, "mm": 1e3, "mmol/l": 1e3, "nmol/ul": 1e3, "pm": 1e-6, "pmol/l": 1e-6, "fmol/ml": 1e-6, "m": 1e6,
    "mol/l": 1e6,
}  # fmt: skip
MASS_NG_PER_ML = {"ng/ml": 1.0, "ug/l": 1.0, "pg/ul": 1.0, "pg/ml": 1e-3, "ug/ml": 1e3, "mg/l": 1e3, "ng/ul": 1e3}
RATIOS = (("glutamate", "glutamine"), ("gaba", "glutamate"))


# Amounts in a whole fraction or in one injection: picomoles per unit (pmol in one ul are uM), and what they refer to.
AMOUNTS_PMOL = {"pmol": 1.0, "fmol": 1e-3}
PER_FRACTION, PER_INJECTION = "fraction", "injection"


def amount_of(unit: str) -> tuple[float, str] | None:
    """Return the picomoles of a unit of amount, and whether it is per fraction or per injection.

    Parameters
    ----------
    unit : str
        Such as pmol/fraction or fmol/injection.

    Returns
    -------
    (float, str) or None
        None for any other unit.
    """
    amount, _, per = _plain(unit).lower().partition("/")
    per = per.removeprefix("per").removesuffix("s")
    known = amount in AMOUNTS_PMOL and per in (PER_FRACTION, PER_INJECTION)
    return (AMOUNTS_PMOL[amount], per) if known else None


def _plain(unit: str) -> str:
    return unit.strip().replace("\u00b5", "u").replace("\u03bc", "u").replace(" ", "")


def canonical(name: str) -> str:
    """Return one name for each transmitter that a ratio is made of; other names in lower case."""
    plain = name.strip().lower()
    return next((known for known, names in SYNONYMS.items() if plain in names), plain)


def to_um(unit: str, analyte: str) -> float | None:
    """Return the factor from a unit of concentration to micromolar.

    Parameters
    ----------
    unit : str
        Such as nM, pmol/ul or ng/ml.
    analyte : str
        Mass units need its molar mass.

    Returns
    -------
    float or None
        None where the unit, or the molar mass it needs, is not known.
    """
    plain = _plain(unit)
    # M and m differ by more than case: mM is milli, MM and Mm are slips read as the same.
    lowered = plain.lower()
    if lowered in MOLAR_UM:
        return MOLAR_UM[lowered]
    if lowered in MASS_NG_PER_ML and canonical(analyte) in MOLAR_MASS:
        return MASS_NG_PER_ML[lowered] / MOLAR_MASS[canonical(analyte)]
    return None
