"""Western blots corrected on the review page: drag, save the tables, run again; the values bear the initials."""

import re
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import tifffile
import yaml

from ketaflow.assays.western_blot.simulation.constants import LADDER_KDA
from ketaflow.assays.western_blot.simulation.drawing import Stage, add_band, blank_picture, developed
from ketaflow.core.errors import CohortError
from ketaflow.engine.study import load
from ketaflow.review import blinding

pytestmark = [pytest.mark.browser, pytest.mark.slow]
ROOT = Path(__file__).resolve().parents[2]
VOLUMES = np.linspace(4e5, 9e5, 8)
CONFIG = yaml.safe_load((ROOT / "config.yaml").read_text(encoding="utf-8"))
# The membrane is named after an arm, as in a lab.
GAPDH, BDNF, FAN = "blots/ket10_gel_GAPDH.tif", "blots/ket10_gel_BDNF.tif", "blots/fan_ket10.tif"
SECRETS = ("ket10", "ket10_gel", "fan_ket10", "blots", "gel", "M1", "M8")


def membrane(kda: float, second_kda: float, seed: int) -> np.ndarray:
    """A ladder and eight lanes: a band that rises from lane to lane, and one of 40 % of it further down."""
    rng = np.random.default_rng(seed)
    stage = Stage(420, 560, 9, 0.01, 3.0, 500, 9)
    plane = blank_picture(stage, rng)
    for mass in LADDER_KDA:
        add_band(plane, stage, 1, mass, 3e5, rng)
    for lane, volume in enumerate(VOLUMES, start=2):
        add_band(plane, stage, lane, kda, volume, rng)
        add_band(plane, stage, lane, second_kda, 0.4 * volume, rng)
    return developed(plane, stage, rng)


def fanned_lanes() -> np.ndarray:
    """Ten lanes that fan out, of which the first and last are empty, so that the tool refuses them; no ladder."""
    rows, columns = np.mgrid[0:400, 0:480].astype(float)
    signal = 300 + np.random.default_rng(4).normal(0, 12, rows.shape)
    for lane in range(1, 9):
        for row, pitch, height in ((80, 28, 1500 if lane % 3 else 0), (320, 42, 1200 + 150 * lane)):
            across = np.exp(-(((columns - 240 - pitch * (lane - 4.5)) / (0.36 * pitch)) ** 8))
            down = np.exp(-0.5 * ((rows - row - 6 * ((lane - 4.5) / 4.5) ** 2) / 4) ** 2)
            signal += height * across * down
    return signal.astype(np.uint16)


@dataclass(frozen=True)
class Study:
    """A cohort of two membranes, and its results."""

    cohort: Path
    results: Path

    def table(self, name: str, header: str, *rows: str) -> None:
        (self.cohort / f"{name}.csv").write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")

    def run(self) -> None:
        targets = [str(self.results / "report" / "qc.html"), str(self.results / "measurements.csv")]
        command = [
            sys.executable, "-m", "snakemake", *targets, "--cores", "2", "--snakefile", str(ROOT / "Snakefile"),
            "--directory", str(self.cohort.parent), "--config", f"cohort={self.cohort}", f"results={self.results}",
        ]  # fmt: skip
        done = subprocess.run(command, capture_output=True, text=True, timeout=600, stdin=subprocess.DEVNULL)
        assert done.returncode == 0, done.stdout + done.stderr

    def volumes(self, image: str) -> pd.DataFrame:
        """Volumes of the animals' bands in a picture, by animal."""
        found = pd.read_csv(self.results / "measurements.csv")
        own = found[found["recording"].eq(image) & found["measure"].eq("band_volume")]
        return own.set_index("animal").sort_index()

    @property
    def key(self) -> str:
        return (self.results.parent / "results.blinding_key").read_text().strip()

    def code(self, image: str) -> str:
        return blinding.code("western_blot", image, self.key)

    @property
    def page(self) -> Path:
        return self.results / "report" / "qc.html"


@pytest.fixture(scope="module")
def study(tmp_path_factory) -> Study:
    folder = tmp_path_factory.mktemp("corrections")
    made = Study(folder / "cohort", folder / "results")
    (made.cohort / "blots").mkdir(parents=True)
    for image, plane in ((GAPDH, membrane(37, 22, 1)), (BDNF, membrane(30, 12, 2)), (FAN, fanned_lanes())):
        tifffile.imwrite(made.cohort / image, plane, photometric="minisblack")
    animals = [f"M{number}" for number in range(1, 9)]
    made.table("animals", "animal,sex", *(f"{animal},female" for animal in animals))
    made.table("arms", "arm,control,drug,dose_mg_per_kg", "vehicle,yes,saline,0", "ket10,no,ketamine,10")
    made.table("allocation", "animal,arm", *(f"{one},{('vehicle', 'ket10')[n % 2]}" for n, one in enumerate(animals)))
    pictures = [
        f"{GAPDH},ket10_gel,GAPDH,target,37",
        f"{BDNF},ket10_gel,BDNF,target,30",
        f"{FAN},fan_ket10,mTOR,target,",
    ]
    made.table("western_blot_images", "image,membrane,target,role,kda", *pictures)
    first = ["ket10_gel,1,ladder,", *(f"ket10_gel,{n},animal,{one}" for n, one in enumerate(animals, start=2))]
    second = [f"fan_ket10,{n},animal,{one}" for n, one in enumerate(animals, start=2)]
    ends = ["fan_ket10,1,pool,", "fan_ket10,10,pool,"]
    made.table("western_blot_lanes", "membrane,lane,sample,animal,ladder_kda", *(
        row + (f",{' '.join(f'{mass:g}' for mass in LADDER_KDA)}" if "ladder" in row else ",")
        for row in (*first, *second, *ends)
    ))  # fmt: skip
    made.run()
    return made


@pytest.fixture(scope="module")
def before(study) -> dict[str, pd.DataFrame]:
    return {image: study.volumes(image) for image in (GAPDH, BDNF, FAN)}


class Desk:
    """A reviewer at the page."""

    def __init__(self, page, study: Study):
        self.page, self.study = page, study
        page.get_by_label("Reviewer").fill("QX")
        page.get_by_label("Reviewer").press("Enter")

    def show(self, image: str) -> None:
        self.page.evaluate("code => { location.hash = code; }", self.study.code(image))
        self.page.get_by_role("heading", name=self.study.code(image)).wait_for()
        self.page.wait_for_function("() => document.querySelector('.overlay g')")

    def press(self, name: str) -> None:
        self.page.get_by_role("button", name=name, exact=True).click()

    def drag(self, label: str, part: str, *, to: tuple[float, float] | None = None, by: tuple[float, float] = (0, 0)):
        """Drag a part of the shape of that label to a place, or by so much (pixels of the file)."""
        handle = self.page.locator(f'g[data-label="{label}"] [data-drag="{part}"]')
        start = handle.evaluate(
            """(handle) => {
              const { x, y, width, height } = handle.getBBox();
              const { a, d, e, f } = handle.getScreenCTM();
              return { x: a * (x + width / 2) + e, y: d * (y + height / 2) + f, a, d, e, f };
            }"""
        )
        if to is None:
            end = start["x"] + start["a"] * by[0], start["y"] + start["d"] * by[1]
        else:
            end = start["a"] * to[0] + start["e"], start["d"] * to[1] + start["f"]
        self.page.mouse.move(start["x"], start["y"])
        self.page.mouse.down()
        self.page.mouse.move(*end, steps=4)
        self.page.mouse.up()

    def save(self) -> dict[str, pd.DataFrame]:
        """Save every corrected table into the cohort folder."""
        self.page.get_by_role("button", name=re.compile("^Corrections")).click()
        saved = {}
        for button in self.page.get_by_role("button", name=re.compile("^Save ")).all():
            with self.page.expect_download() as download:
                button.click()
            name = download.value.suggested_filename
            download.value.save_as(self.study.cohort / name)
            saved[name] = pd.read_csv(self.study.cohort / name)
        self.press("Close")
        return saved


@pytest.fixture(scope="module")
def corrected(study, before, chromium) -> dict[str, object]:
    """Everything corrected in one sitting, saved, and the study run again; seconds the refused membrane took."""
    context = chromium.new_context(viewport={"width": 1400, "height": 1000}, accept_downloads=True, offline=True)
    page = context.new_page()
    page.goto(f"file://{study.page}")
    desk = Desk(page, study)
    began = time.monotonic()
    desk.show(FAN)
    desk.drag("lanes", "left", to=(30, 200))
    desk.drag("lanes", "right", to=(450, 200))
    took_s = time.monotonic() - began
    desk.show(GAPDH)
    desk.press("Rows")
    target, other = Stage(420, 560, 9, 0, 0, 0, 0).row(37), Stage(420, 560, 9, 0, 0, 0, 0).row(22)
    desk.drag("row of GAPDH", "move", by=(0, other - target))
    desk.show(BDNF)
    desk.press("Lanes")
    desk.drag("lanes", "border3", by=(6, 0))
    desk.press("Boxes")
    desk.drag("lane 5, BDNF", "bottom", by=(0, 12))
    saved = desk.save()
    context.close()
    study.run()
    return {"saved": saved, "took_s": took_s}


def names_in(text: str) -> list[str]:
    """Names of the cohort that a text holds; letters of codes and of encoded pictures are no words."""
    return [secret for secret in SECRETS if re.search(rf"(?<![A-Za-z0-9+/-]){secret}(?![A-Za-z0-9+/=-])", text)]


def test_a_refused_membrane_shows_its_picture_with_proposed_lanes(study, before, opened):
    assert before[FAN]["value"].isna().all()
    page = opened(study.page, fragment=f"#{study.code(FAN)}")
    page.get_by_text("The lanes of this membrane are not certain").wait_for()
    assert page.locator(".overlay .frame .outline").count() >= 11
    assert page.locator(".overlay .frame text").all_text_contents() == ["1P", *"23456789", "10P"]
    assert page.get_by_role("button", name="Confirm the lanes as drawn").is_visible()
    assert page.locator(".ruler.across text").all_text_contents()[:2] == ["0", "50"]


@pytest.mark.parametrize(("width", "scheme"), [(1400, "light"), (390, "dark")])
def test_a_picture_that_is_corrected_is_accessible(study, before, opened, axe, find_violations, width, scheme):
    page = opened(study.page, width=width, scheme=scheme, fragment=f"#{study.code(BDNF)}")
    named_page = Desk(page, study)
    named_page.show(BDNF)
    for kind in ("Lanes", "Rows", "Boxes"):
        named_page.press(kind)
        assert find_violations(page, axe) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_arrow_keys_move_an_edge_by_a_pixel(study, before, opened):
    page = opened(study.page)
    desk = Desk(page, study)
    desk.show(BDNF)
    desk.press("Rows")
    edge = page.locator('[data-drag="top"]')
    value = float(edge.get_attribute("aria-valuenow"))
    edge.focus()
    for key in ("ArrowDown", "ArrowDown", "Shift+ArrowUp"):
        page.keyboard.press(key)
    assert float(edge.get_attribute("aria-valuenow")) == value - 8
    assert page.get_by_role("heading", name=study.code(BDNF)).is_visible()
    desk.press("Undo change")
    assert float(edge.get_attribute("aria-valuenow")) == value + 2
    desk.press("Discard changes")
    assert float(edge.get_attribute("aria-valuenow")) == value
    assert page.get_by_role("button", name=re.compile("^Corrections")).is_hidden()


def test_corrections_survive_closing_and_warn_until_they_are_saved(study, before, opened):
    page = opened(study.page)
    desk = Desk(page, study)
    desk.show(FAN)
    desk.press("Confirm the lanes as drawn")
    warned = []
    page.on("dialog", lambda dialog: (warned.append(dialog.type), dialog.accept()))
    page.reload()
    page.wait_for_function("() => document.querySelector('.overlay g')")
    assert warned == ["beforeunload"]
    assert page.locator("#uncorrected").inner_text() == "1 new"
    desk.press("Discard changes")


def test_the_saved_tables_hold_codes_and_initials_and_no_name(study, corrected):
    saved = corrected["saved"]
    assert set(saved) == {f"western_blot_{name}.csv" for name in ("frames", "rows", "boxes")}
    for name, table in saved.items():
        assert table["by"].eq("QX").all() and table["date"].notna().all(), name
        assert names_in((study.cohort / name).read_text()) == []
    frames = saved["western_blot_frames.csv"].set_index("image")
    assert frames.loc[study.code(FAN), "left_px"] == pytest.approx(30, abs=1.5)
    assert frames.loc[study.code(FAN), "right_px"] == pytest.approx(450, abs=1.5)
    assert pd.isna(frames.loc[study.code(FAN), "borders_px"])
    borders = [float(border) for border in frames.loc[study.code(BDNF), "borders_px"].split()]
    assert len(borders) == 10 and borders == sorted(borders)


def test_a_refused_membrane_is_measured_after_it_was_corrected(study, corrected):
    measured = study.volumes(FAN)
    assert measured["reason"].str.contains("lanes from the frame given by QX").all()
    truth = 1200 + 150 * np.arange(1, 9)
    assert np.corrcoef(measured["value"], truth)[0, 1] > 0.99
    assert corrected["took_s"] < 60


def test_a_row_that_was_dragged_is_measured_in_its_new_place(study, before, corrected):
    ratio = study.volumes(GAPDH)["value"] / before[GAPDH]["value"]
    assert ratio.between(0.3, 0.5).all()
    assert study.volumes(GAPDH)["reason"].str.contains("rows given by QX").all()


def test_a_box_and_a_border_that_were_dragged_are_used_as_they_are(study, before, corrected):
    now = study.volumes(BDNF)
    # Lane 5 is M4's.
    assert now.loc["M4", "reason"].endswith("box given by QX")
    assert now.loc["M4", "value"] != before[BDNF].loc["M4", "value"]
    assert now.drop("M4")["reason"].str.contains("lanes from the frame given by QX").all()
    bands = pd.read_csv(study.results / "western_blot" / "bands.csv")
    own = bands[bands["image"].eq(BDNF) & bands["target"].eq("BDNF")].set_index("lane")
    assert own.loc[5, "box"] == "given" and own["given_by"].eq("QX").all()
    checks = pd.read_csv(study.results / "checks.csv")
    told = checks[checks["recording"].eq(BDNF) & checks["check"].isin(["lanes", "boxes"])]["message"].tolist()
    assert told == ["BDNF: 1 of 8 boxes given by QX", "9 lanes in the frame given by QX"]


def test_the_next_page_shows_what_was_given_and_can_go_back(study, corrected, opened, tmp_path):
    page = opened(study.page)
    assert names_in(study.page.read_text(encoding="utf-8")) == []
    desk = Desk(page, study)
    desk.show(FAN)
    assert page.locator('g[data-label="lanes"] title').first.text_content() == "lanes, given by QX"
    desk.press("Back to automatic")
    page.get_by_role("button", name=re.compile("^Corrections")).click()
    with page.expect_download() as download:
        page.get_by_role("button", name="Save western_blot_frames.csv").click()
    download.value.save_as(tmp_path / "frames.csv")
    left = pd.read_csv(tmp_path / "frames.csv")
    # The other membrane's frame stays in the table.
    assert left["image"].tolist() == [study.code(BDNF)] and left["by"].tolist() == ["QX"]


def test_saved_tables_are_imported_in_another_browser(study, corrected, opened, tmp_path):
    page = opened(study.page)
    desk = Desk(page, study)
    desk.show(BDNF)
    names = ("frames", "boxes")
    for name in names:
        path = tmp_path / f"western_blot_{name}.csv"
        kept = (study.cohort / path.name).read_text(encoding="utf-8-sig")
        path.write_text(kept.replace(",QX,", ",RS,"), encoding="utf-8")
        page.locator("#file").set_input_files(path)
        page.get_by_text(f"{dict(frames=2, boxes=1)[name]} corrections imported.").wait_for()
    page.get_by_role("button", name=re.compile("^Corrections")).click()
    for name in names:
        with page.expect_download() as download:
            page.get_by_role("button", name=f"Save western_blot_{name}.csv").click()
        download.value.save_as(tmp_path / "again.csv")
        before = pd.read_csv(tmp_path / f"western_blot_{name}.csv").sort_values("image", ignore_index=True)
        after = pd.read_csv(tmp_path / "again.csv").sort_values("image", ignore_index=True)
        pd.testing.assert_frame_equal(after, before)


def test_a_code_of_another_cohort_is_refused_with_its_row(study, corrected):
    path = study.cohort / "western_blot_rows.csv"
    kept = path.read_text(encoding="utf-8-sig")
    path.write_text(kept + kept.splitlines()[1].replace(study.code(GAPDH), "2222-3333") + "\n", encoding="utf-8")
    with pytest.raises(CohortError, match="nothing in the cohort has the code '2222-3333'"):
        load({**CONFIG, "cohort": str(study.cohort), "results": str(study.results)}, {})
    path.write_text(kept, encoding="utf-8")
