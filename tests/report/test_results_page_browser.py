"""The results page in a browser: offline, accessible; tables and figures are saved as displayed."""

import csv
import io

import pytest

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1400, 390])
def test_the_page_is_accessible_and_does_not_scroll_sideways(opened, axe, find_violations, page_path, scheme, width):
    page = opened(page_path, width=width, scheme=scheme)
    page.evaluate("document.querySelectorAll('details').forEach((fold) => { fold.open = true; })")
    assert find_violations(page, axe) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_a_table_is_downloaded_with_exact_values(opened, page_path, study, tmp_path):
    page = opened(page_path)
    with page.expect_download() as download:
        page.locator('[data-download="immobility_descriptives"]').click()
    download.value.save_as(tmp_path / "table.csv")
    rows = list(csv.DictReader(io.StringIO((tmp_path / "table.csv").read_text(encoding="utf-8-sig"))))
    described = study.statistics["descriptives"].query("endpoint == 'immobility'")
    assert [row["arm"] for row in rows] == list(described["arm"])
    assert [float(row["mean"]) for row in rows] == list(described["mean"])


def test_a_saved_figure_needs_no_page(opened, page_path, tmp_path):
    page = opened(page_path)
    with page.expect_download() as download:
        page.locator('[data-save="immobility"]').click()
    download.value.save_as(tmp_path / "figure.svg")
    saved = (tmp_path / "figure.svg").read_text(encoding="utf-8")
    assert "var(--" not in saved and "Vehicle" in saved
    assert opened(tmp_path / "figure.svg").locator("circle").count() > 30


def test_folded_parts_open_for_printing(opened, page_path):
    page = opened(page_path)
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert page.evaluate("[...document.querySelectorAll('details')].every((fold) => fold.open)")
