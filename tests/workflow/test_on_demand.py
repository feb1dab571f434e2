"""What runs only when asked for: calibration on people's scores, films; and an assay's figures of the whole cohort."""

import json

import pandas as pd
import pytest

pytestmark = pytest.mark.slow

CALIBRATE = '''
"""Fits the shortest poke."""
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
import pandas as pd
from ketaflow.assays.nose_poke.model import Log, QuantifySettings
from ketaflow.core.results import Tables


@dataclass(frozen=True)
class AssaySettings:
    quantify: QuantifySettings


def calibrate(recordings: Iterable[Log], tables: Tables, cohort: Tables, settings: AssaySettings) -> Mapping:
    """The mean over logs."""
    assert len(cohort["nose_poke"]) == 8
    ingested = {log.row.recording: len(log.durations_s) for log in recordings}
    counts = tables["counts"].assign(ingested=tables["counts"]["recording"].map(ingested))
    shortest = settings.quantify.minimum_s
    told = f"With {shortest} s, {counts['pokes'].sum()} pokes."
    return {"fit": counts, "weights.bin": b"\\x00\\x01", "told.txt": told}
'''

CLIP = '''
"""Films a poke."""
from pathlib import Path
from ketaflow.assays.nose_poke.model import Log, Measured, Settings


def clip(log: Log, measured: Measured, recording: str, folder: Path, path: Path, settings: Settings) -> None:
    """Not a film, but its place and content."""
    text = (folder / log.row.log).read_text()
    path.write_text(f"{recording}: {len(text.split())} of {measured.counts[0].pokes}")
'''

EXPORT = '''
"""Pokes for a program that knows nothing but text."""


def export(tables):
    """One file."""
    return {"pokes.txt": f"{tables['counts']['pokes'].sum()} pokes"}
'''

COHORT = '''
"""Agreement of nobody with nobody."""
import pandas as pd
from ketaflow.assays.nose_poke.model import Settings
from ketaflow.core.results import Figure, Summary, Tables


def summarise(tables: Tables, cohort: Tables, settings: Settings) -> Summary:
    """A figure and a legend."""
    assert len(cohort["nose_poke"]) == 8
    drawing = "<svg xmlns='http://www.w3.org/2000/svg'><text>agreed</text></svg>"
    legends = pd.DataFrame([{"figure": "Figure 1", "legend": "Pokes of eight mice."}])
    return Summary(tables={"legends": legends}, figures=[Figure("Two raters", drawing, caption="Nothing to see.")])
'''


@pytest.fixture
def more(clone):
    """The tiny assay with all it may offer on demand."""
    folder = clone.folder / "workflow" / "ketaflow" / "assays" / "nose_poke"
    for name, text in (("calibrate", CALIBRATE), ("clip", CLIP), ("export", EXPORT), ("cohort", COHORT)):
        (folder / f"{name}.py").write_text(text)
    return clone


def provenance(clone) -> dict:
    return json.loads((clone.results / "provenance.json").read_text(encoding="utf-8"))


@pytest.mark.long
def test_calibration_films_and_figures_of_the_whole_cohort(more):
    asked = more.run("calibrate_nose_poke")
    made = more.results / "nose_poke" / "calibration"
    counts = pd.read_csv(made / "fit.csv")
    assert (counts["pokes"] == counts["ingested"]).all() and len(counts) == 8
    assert (made / "weights.bin").read_bytes() == b"\x00\x01"
    assert "With 0.1 s, 44 pokes." in asked.stderr
    assert not (more.results / "report").exists(), "only what was asked for is made"

    film = more.results / "nose_poke" / "clips" / "rA3.mp4"
    more.run(str(film))
    assert film.read_text() == "rA3: 5 of 5"
    more.run("export_nose_poke")
    assert (more.results / "export" / "nose_poke" / "pokes.txt").read_text() == "44 pokes"
    unknown = more.run(str(film.with_name("rA99.mp4")), ok=False)
    assert "no recording is named rA99" in unknown.stdout + unknown.stderr

    config = more.folder / "config.yaml"
    config.write_text(config.read_text().replace("on_demand", "on_demand, formats: [svg], widths_mm: [85]"))
    more.run("figures")
    drawn = {path.name for path in (more.results / "export" / "figures").iterdir()}
    assert {"effect_overview_85mm.svg", "nose_poke.pokes_85mm.svg"} <= drawn
    assert any(name.startswith("export/figures/") for name in provenance(more)["outputs"])
    assert (more.results / "nose_poke" / "figures" / "two_raters.svg").is_file()
    assert json.loads((more.results / "figures.json").read_text())[0]["legends"][0]["legend"] == "Pokes of eight mice."
    page = (more.results / "report" / "results.html").read_text()
    assert "Two raters" in page and "Pokes of eight mice." in page
    assert more.planned() == {}


def test_calibrating_an_assay_the_cohort_lacks_says_so(more):
    (more.cohort / "nose_poke.csv").unlink()
    more.run("calibrate_nose_poke", ok=False)
    log = (more.results / "logs" / "calibrate" / "nose_poke.log").read_text()
    assert log.startswith("This cohort has no recordings of nose poke")
