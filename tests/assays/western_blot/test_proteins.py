"""The reference table of proteins is complete, unambiguous, and says what of it was checked."""

import csv
import re
from collections import Counter

import pytest

from ketaflow.assays.western_blot.protein_masses import PROTEINS, known_mass_kda, plain_name

with PROTEINS.open(encoding="utf-8") as table:
    ROWS = list(csv.DictReader(table))


def test_no_two_proteins_share_a_name():
    names = [{plain_name(name) for name in (row["protein"], *row["synonyms"].split(";"))} for row in ROWS]
    counts = Counter(name for own in names for name in own)
    assert [name for name, count in counts.items() if count > 1 or not name] == []


@pytest.mark.parametrize("row", ROWS, ids=[row["protein"] for row in ROWS])
def test_every_line_is_whole(row):
    assert 5 <= float(row["kda"]) <= 400
    # Proteins rarely run at less than half or at more than twice the mass of their chain.
    assert 0.45 < float(row["kda"]) / float(row["sequence_kda"]) < 2.0
    assert re.fullmatch(r"[OPQ]\d[A-Z0-9]{3}\d|[A-NR-Z]\d([A-Z][A-Z0-9]{2}\d){1,2}", row["uniprot"])
    assert all(re.fullmatch(r"[STY]\d+(/[STY]\d+)*", site) for site in row["phospho_sites"].split(";") if site)
    assert row["checked"] in ("mass", "direction", "both", "none") and row["source"] and None not in row


def test_a_direction_that_was_checked_names_its_source():
    told = [row for row in ROWS if row["checked"] in ("direction", "both")]
    assert told and all("doi" in row["source"] or "abstract" in row["source"] for row in told)


@pytest.mark.parametrize(
    ("name", "kda"),
    [
        ("p-mTOR (Ser2448)", 289), ("phospho-p70S6K_T389", 70), ("p-eEF2 T56", 95), ("p-GSK3β-S9", 46), ("mBDNF", 14),
        ("proBDNF", 32), ("p-GluA1_S845", 100), ("PSD-95", 95), ("Synapsin-1", 77), ("Arc", 55), ("pERK1/2", 42),
        ("p-CaMKII T286", 50), ("pAkt", 60), ("p-TrkB Y816", 145), ("4EBP1", 17), ("β-actin", 42), ("GAPDH", 37),
        ("α-tubulin", 52), ("p-S6", 32), ("VGLUT1", 60),
    ],
)  # fmt: skip
def test_the_names_of_this_field_are_known(name, kda):
    assert known_mass_kda(name) == kda
