"""A small study with all kinds of endpoints: 32 mice, four arms, from glutamate to behaviour."""

import os
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from ketaflow import statistics
from ketaflow.core.results import CHECK_COLUMNS, MEASUREMENT_COLUMNS, Figure
from ketaflow.report import model, results_page
from ketaflow.statistics import plan as plans

DOSES = {"vehicle": 0, "ket5": 5, "ket10": 10, "ket20": 20}
EFFECTS = {"vehicle": 0.0, "ket5": 0.5, "ket10": 1.3, "ket20": 1.0}
PROVENANCE = {
    "ketaflow": "0.1.0",
    "code": {},
    "python": "3.11",
    "platform": "Linux",
    "packages": {"numpy": "2"},
    "made_at": "2026-01-01T00:00:00+00:00",
    "settings": {"cohort": "demo"},
    "tables": {"animals": {"sha256": "a" * 64}},
    "recordings": {},
}
AGREEMENT_SVG = '<svg xmlns="http://www.w3.org/2000/svg" width="90" height="60"><text x="5" y="20">bias</text></svg>'
MEASURES = {
    "forced_swim": {"immobility_s": {"title": "Immobility", "unit": "s", "direction": "lower", "minimum": 0}},
    "sucrose_preference": {
        "sucrose_preference_pct": {"title": "Sucrose preference", "unit": "%", "direction": "higher", "minimum": 0}
    },
    "microdialysis": {
        "pct_baseline": {"title": "Concentration, share of baseline", "unit": "%", "direction": "none", "minimum": 0}
    },
    "western_blot": {
        "normalised_density": {"title": "Density against loading control", "unit": "", "direction": "higher"},
        "phospho_to_total_ratio": {"title": "Phosphorylated share", "unit": "", "direction": "higher"},
    },
    "dendritic_spines": {
        "spine_density_per_um": {"title": "Spine density", "unit": "1/µm", "direction": "higher", "minimum": 0}
    },
}
PLAN = {
    "endpoints": {
        "immobility": {
            "assay": "forced_swim",
            "measure": "immobility_s",
            "role": "primary",
            "contrasts": ["dunnett", "trend"],
            "smallest_effect": 15,
            "sensitivity": ["welch"],
            "exclude": [{"when": "immobility_s > 235", "reason": "did not swim at all"}],
        },
        "sucrose": {"assay": "sucrose_preference", "measure": "sucrose_preference_pct", "role": "secondary"},
        "glutamate": {
            "assay": "microdialysis",
            "measure": "pct_baseline",
            "analyte": "glutamate",
            "design": "repeated",
            "role": "secondary",
        },
        "psd95": {"assay": "western_blot", "measure": "normalised_density", "analyte": "PSD95", "scale": "log"},
        "mtor": {"assay": "western_blot", "measure": "phospho_to_total_ratio", "analyte": "mTOR", "role": "secondary"},
        "spines": {"assay": "dendritic_spines", "measure": "spine_density_per_um", "design": "nested"},
    },
    "families": {"secondary": "holm"},
}


def animals() -> pd.DataFrame:
    rows = [
        (f"M{k:02d}", ("female", "male")[(k - 1) // 4 % 2], "C57BL/6J", 20 + k % 7, f"C{k // 4 + 1}")
        for k in range(1, 33)
    ]
    return pd.DataFrame(rows, columns=["animal", "sex", "strain", "weight_g", "cage"])


def arms() -> pd.DataFrame:
    labels = {"vehicle": "Vehicle", **{arm: f"Ketamine {dose} mg/kg" for arm, dose in DOSES.items() if dose}}
    rows = [
        (arm, arm == "vehicle", "ketamine" if dose else "saline", dose, "i.p.", labels[arm])
        for arm, dose in DOSES.items()
    ]
    return pd.DataFrame(rows, columns=["arm", "control", "drug", "dose_mg_per_kg", "route", "label"]).assign(
        order=[1.0, 2.0, 3.0, 4.0]
    )


def allocation() -> pd.DataFrame:
    order = list(DOSES)
    return pd.DataFrame({"animal": animals()["animal"], "arm": [order[k % 4] for k in range(32)]})


def measurements(seed: int = 7) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    rows = []
    for animal, arm in allocation()[["animal", "arm"]].itertuples(index=False):
        mood, gain = rng.normal(), EFFECTS[arm]
        rows += _behaviour(rng, animal, mood, gain) + _tissue(rng, animal, mood, gain)
    table = pd.DataFrame(rows).reindex(columns=list(MEASUREMENT_COLUMNS)).astype({"reason": object})
    failed = table["animal"].eq("M05") & table["assay"].eq("forced_swim")
    table.loc[failed, ["value", "status", "reason"]] = [np.nan, "failed", "the video ends after 40 s"]
    table.loc[table["animal"].eq("M09") & table["assay"].eq("forced_swim"), ["value", "status"]] = [238.0, "ok"]
    table.loc[table["animal"].eq("M11") & table["assay"].eq("sucrose_preference"), "status"] = "flagged"
    return table


def _behaviour(rng, animal, mood, gain) -> list[dict]:
    swim = {"assay": "forced_swim", "measure": "immobility_s", "recording": f"fst_{animal}", "session": "test"}
    sucrose = {"assay": "sucrose_preference", "measure": "sucrose_preference_pct", "recording": f"spt_{animal}"}
    return [
        _row(swim, animal, 150 - 28 * gain - 10 * mood + rng.normal(0, 18), "s"),
        _row(sucrose, animal, min(99, 68 + 7 * gain + 3 * mood + rng.normal(0, 6)), "%"),
    ]


def _tissue(rng, animal, mood, gain) -> list[dict]:
    blot = {"assay": "western_blot", "recording": "blots/membrane_1.tif", "sample": "membrane_1"}
    rows = [
        _row(
            blot | {"measure": "normalised_density", "analyte": "PSD95"},
            animal,
            np.exp(0.25 * gain + rng.normal(0, 0.25)),
            "",
        ),
        _row(
            blot | {"measure": "phospho_to_total_ratio", "analyte": "mTOR"},
            animal,
            1 + 0.35 * gain + rng.normal(0, 0.3),
            "",
        ),
    ]
    spine = {"assay": "dendritic_spines", "measure": "spine_density_per_um", "region": "mPFC"}
    own = 1 + 0.15 * gain + 0.05 * mood + rng.normal(0, 0.1)
    for dendrite in range(5):
        named = {"sample": f"d{dendrite}", "recording": f"stacks/{animal}_d{dendrite}.tif"}
        rows.append(_row(spine | named, animal, own + rng.normal(0, 0.12), "1/µm"))
    base = {"assay": "microdialysis", "measure": "pct_baseline", "analyte": "glutamate", "region": "mPFC"}
    level = rng.normal(0, 8)
    for time in range(-40, 121, 20):
        rise = 60 * gain * np.exp(-(((time - 50) / 35) ** 2)) if time > 0 else 0
        rows.append(_row(base | {"time_min": float(time)}, animal, 100 + level + rise + rng.normal(0, 9), "%"))
    return rows


def _row(facts: dict, animal: str, value: float, unit: str) -> dict:
    return {
        "session": "",
        "sample": "",
        **facts,
        "animal": animal,
        "value": float(value),
        "unit": unit,
        "status": "ok",
        "n": 1,
    }


def checks() -> pd.DataFrame:
    rows = [
        {"assay": "forced_swim", "recording": f"fst_{animal}", "check": "duration_s", "value": 360.0, "verdict": "pass"}
        for animal in animals()["animal"]
    ]
    rows[4] |= {"value": 40.0, "verdict": "fail", "low": 300.0, "message": "fst_M05: the video ends after 40 s"}
    return pd.DataFrame(rows).reindex(columns=list(CHECK_COLUMNS))


def recordings() -> pd.DataFrame:
    rows = [
        {
            "assay": "forced_swim",
            "recording": f"fst_{animal}",
            "animal": animal,
            "path": f"videos/{animal}.mp4",
            "sha256": "0" * 64,
            "bytes": 1,
            "status": "failed" if animal == "M05" else "ok",
            "reason": "the video ends after 40 s" if animal == "M05" else "",
        }
        for animal in animals()["animal"]
    ]
    return pd.DataFrame(rows)


def analysed(rejected: pd.DataFrame | None = None, plan: dict | None = PLAN) -> model.Study:
    """The whole study, with the statistics computed from its own tables."""
    table = measurements()
    tables = statistics.analyse(
        statistics.StudyTables(table, checks(), animals(), arms(), allocation(), rejected),
        plan,
        MEASURES,
        statistics.Settings(min_animals_per_arm=3, power=0.8),
    )
    filled = plans.filled(plan) if plan else None
    return model.Study(
        name="demo",
        animals=animals(),
        arms=arms(),
        allocation=allocation(),
        measurements=table,
        checks=checks(),
        recordings=recordings(),
        statistics=tables,
        measures=model.measures_from(MEASURES),
        plan=model.Plan.from_dict(filled) if filled else None,
        lock=model.PlanLock.from_dict(plans.lock(filled or plans.default(MEASURES, table), None, {})),
        review=None,
        provenance=model.Provenance.from_dict(PROVENANCE),
        sentences=(model.Sentence("immobility", "all", False, "Immobility was shorter by 30 s."),),
        methods_paragraph="Animals were compared with Dunnett's test.",
        assays=(
            model.AssayFigures(
                "forced_swim",
                "Forced swim",
                (Figure("Two raters", AGREEMENT_SVG, caption="Mean against difference."),),
                (model.Legend("Membrane 1", "Lanes 1 to 6, background subtracted."),),
            ),
        ),
    )


@pytest.fixture(scope="session")
def settings() -> model.ReportSettings:
    return model.ReportSettings(15, ("Wrong recording", "Artefact"), 8, hide_outcome=True, show_earlier_decisions=False)


@pytest.fixture(scope="session")
def study() -> model.Study:
    return analysed()


@pytest.fixture(scope="session")
def study_of():
    """The study analysed by another plan, or without rejected recordings."""
    return lambda plan, rejected=None: analysed(rejected, plan)


@pytest.fixture(scope="session")
def reviewed() -> model.Study:
    """Two endpoints of the study after a reviewer rejected the swim of M02."""
    rejected = pd.DataFrame(
        [{"assay": "forced_swim", "recording": "fst_M02", "animal": "M02", "reviewer": "AB", "reason": "Artefact"}]
    )
    return analysed(rejected, {"endpoints": {name: PLAN["endpoints"][name] for name in ("immobility", "sucrose")}})


@pytest.fixture(scope="session")
def page_path(study, settings, tmp_path_factory):
    path = tmp_path_factory.mktemp("report") / "results.html"
    results_page.write(path, study, settings)
    return path


@pytest.fixture(scope="session")
def chromium():
    """A headless browser; skips if there is none."""
    sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    found = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if not found:
        pytest.skip("no chromium on this machine")
    with sync_api.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=found)
        yield browser
        browser.close()


@pytest.fixture
def opened(chromium):
    """Open a page with no network, watching it: any request, console error or exception fails the test."""
    contexts, faults = [], []

    def watch(page):
        page.on(
            "console", lambda message: faults.append(message.text) if message.type in ("error", "warning") else None
        )
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.on("request", lambda request: faults.append(request.url) if request.url.startswith("http") else None)

    def open_page(path, *, width: int = 1400, scheme: str = "light", fragment: str = ""):
        contexts.append(
            chromium.new_context(
                viewport={"width": width, "height": 900}, color_scheme=scheme, offline=True, accept_downloads=True
            )
        )
        page = contexts[-1].new_page()
        watch(page)
        page.goto(f"file://{path}{fragment}")
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert not faults


@pytest.fixture(scope="session")
def axe() -> str:
    """The source of axe-core: the file AXE_CORE names, else that in node_modules of the repository; skips without."""
    root = Path(__file__).resolve().parents[2]
    path = Path(os.environ.get("AXE_CORE", root / "node_modules" / "axe-core" / "axe.min.js"))
    if not path.is_file():
        pytest.skip("axe-core is not installed (npm install --no-save axe-core, or set AXE_CORE=path/to/axe.min.js)")
    return path.read_text(encoding="utf-8")


def violations(page, axe: str) -> list[str]:
    """Serious and critical violations that axe finds, each with the elements it concerns."""
    page.evaluate(axe)
    found = page.evaluate("axe.run({resultTypes: ['violations']})")["violations"]
    return [
        f"{fault['id']}: {[node['target'] for node in fault['nodes']][:4]}"
        for fault in found
        if fault["impact"] in ("serious", "critical")
    ]


@pytest.fixture(scope="session")
def find_violations():
    return violations
