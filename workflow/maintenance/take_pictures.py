"""Take the pictures of both pages that the documentation shows, from the results of the demonstration.

Run by hand after the pages have changed: ``make demo``, then ``python workflow/maintenance/take_pictures.py results``.
Needs chromium. Look at every picture before it is committed.
"""

import csv
import io
import shutil
import sys
from pathlib import Path

from PIL import Image
from playwright.sync_api import Page, sync_playwright

ROOT = Path(__file__).resolve().parents[2]
IMAGES = ROOT / "docs" / "images"
WIDTH_PX, HEIGHT_PX = 1200, 770
LARGEST_HEIGHT_PX = 1000
# Recordings of the demonstration that a reviewer accepts, and some with a fault that was built in.
ITEMS = {
    "review_item": "swim_M06",
    "review_swim_good": "swim_M01",
    "review_lick_bad": "lick_M01",
    "review_blot_good": "blots/B1_p-mTOR.tif",
    "review_elisa_bad": "bdnf_plasma",
    "review_chromatogram_good": "chromatograms/M01_06.txt",
    "review_spines_good": "dendritic_spines/M01_d1.ome.tif",
}


def main(results: Path) -> None:
    """Write all pictures into docs/images."""
    with (results / "review_key.csv").open(encoding="utf-8", newline="") as file:
        codes = {row["recording"]: row["code"] for row in csv.DictReader(file)}
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": WIDTH_PX, "height": HEIGHT_PX}, color_scheme="light")
        _results_page(page, (results / "report" / "results.html").resolve())
        _review_page(page, (results / "report" / "qc.html").resolve(), codes)
        browser.close()


def _results_page(page: Page, path: Path) -> None:
    page.goto(path.as_uri())
    page.wait_for_timeout(500)
    _save(page.screenshot(), "results.png")
    figure = page.locator("#endpoint-fst_immobility figure").first
    figure.scroll_into_view_if_needed()
    page.wait_for_timeout(300)
    _save(figure.screenshot(), "results_endpoint.webp")


def _review_page(page: Page, path: Path, codes: dict[str, str]) -> None:
    page.goto(path.as_uri())
    page.wait_for_timeout(1500)
    _save(page.screenshot(), "review.png")
    for name, recording in ITEMS.items():
        page.goto(f"{path.as_uri()}#{codes[recording]}")
        page.reload()
        page.wait_for_timeout(1500)
        height = min(LARGEST_HEIGHT_PX, page.evaluate("document.documentElement.scrollHeight"))
        page.set_viewport_size({"width": WIDTH_PX, "height": max(HEIGHT_PX, height)})
        page.wait_for_timeout(300)
        _save(page.screenshot(), f"{name}.webp")
        page.set_viewport_size({"width": WIDTH_PX, "height": HEIGHT_PX})


def _save(content: bytes, name: str) -> None:
    picture = Image.open(io.BytesIO(content)).convert("RGB")
    if name.endswith(".png"):
        picture.quantize(256).save(IMAGES / name, optimize=True)
    else:
        picture.save(IMAGES / name, quality=80, method=6)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
