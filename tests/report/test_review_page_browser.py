"""The review in a browser: decide, note, undo, export, import, go on; and its decisions come home."""

import csv
import io

import pandas as pd
import pytest

from ketaflow.core import cohort
from ketaflow.core.records import Figure
from ketaflow.core.svg import Chart
from ketaflow.report import results_page, review_page
from ketaflow.review import blinding, decisions

pytestmark = pytest.mark.browser
SETTINGS = {"page_size_mb": 15, "reject_reasons": ["Wrong recording", "Artefact"], "correlation_min_animals": 8}
ASSAYS = {"forced_swim": "Forced swim", "western_blot": "Western blot"}


def items(count: int = 6) -> list[review_page.ReviewItem]:
    made = []
    for n in range(count):
        chart = Chart((0, 360), (0, 1), "time (s)", "motion")
        chart.line([0, 100, 360], [0.1, 0.9, 0.2])
        assay = list(ASSAYS)[n % 2]
        verdict = "warn" if n == 1 else "pass"
        check = {
            "check": "unseen_s",
            "value": 31.5,
            "unit": "s",
            "high": 12.0,
            "verdict": verdict,
            "message": "too long",
        }
        status = "flagged" if n == 1 else "ok"
        figures = [Figure("Motion", chart.svg("motion over time"), caption="Low is immobile.")]
        made.append(
            review_page.ReviewItem(assay, ASSAYS[assay], f"r{n}", f"M{n}", status, "", figures, [check], f"{n:064x}")
        )
    return made


def page_of(tmp_path, count: int = 6, **more):
    settings = {"cohort_name": "demo", "blinding_key": "k", "decisions": None, **SETTINGS, **more}
    return review_page.write(items(count), tmp_path / "report" / "qc.html", **settings)


def known(count: int = 6) -> list[dict]:
    return [
        {
            "assay": one.assay,
            "recording": one.recording,
            "animal": one.animal,
            "code": blinding.code(one.assay, one.recording, "k"),
            "item_sha256": one.item_sha256,
        }
        for one in items(count)
    ]


def exported(page, tmp_path):
    with page.expect_download() as download:
        page.get_by_role("button", name="Export decisions").click()
    assert download.value.suggested_filename == "qc_decisions.csv"
    target = tmp_path / "qc_decisions.csv"
    download.value.save_as(target)
    return target


def rows_of(path) -> list[dict]:
    return list(csv.DictReader(io.StringIO(path.read_text(encoding="utf-8-sig"))))


def named(page, reviewer: str = "AB"):
    page.get_by_label("Reviewer").fill(reviewer)
    page.get_by_label("Reviewer").press("Enter")
    page.locator("h1").click()
    return page


def shown(page) -> str:
    return page.locator("#item h2").inner_text().strip()


def test_decided_by_keys_noted_exported_and_applied(opened, tmp_path):
    page = named(opened(page_of(tmp_path)[0]))
    page.locator(".tile").first.click()
    first = shown(page)
    page.keyboard.press("a")
    second = shown(page)
    assert second != first
    page.keyboard.press("r")
    page.keyboard.press("2")
    page.keyboard.press("n")
    page.keyboard.type("bar across the tank, a r u n")
    page.keyboard.press("Escape")
    assert shown(page) == second
    page.keyboard.press("ArrowRight")
    page.keyboard.press("u")
    assert "3 of 6 decided: 1 accepted, 1 rejected, 1 unsure" in page.locator("#counts").inner_text()
    path = exported(page, tmp_path)
    rows = {row["code"]: row for row in rows_of(path)}
    assert (rows[first]["decision"], rows[second]["decision"]) == ("accept", "reject")
    assert rows[second]["reason"] == "Artefact" and rows[second]["note"] == "bar across the tank, a r u n"
    judged = decisions.apply(cohort.read_table(path), known())
    owner = {item["code"]: item for item in known()}[second]
    assert judged.rejected.to_dict("records") == [
        {
            "assay": owner["assay"],
            "recording": owner["recording"],
            "animal": owner["animal"],
            "reviewer": "AB",
            "reason": "Artefact: bar across the tank, a r u n",
        }
    ]
    assert judged.pending == 4


def test_a_rejection_goes_all_the_way_to_the_results(opened, study, study_of, tmp_path):
    swims = [
        {"assay": "forced_swim", "recording": row.recording, "animal": row.animal, "item_sha256": f"{place:064x}"}
        for place, row in enumerate(study["recordings"].itertuples())
    ]
    shown_items = [
        review_page.ReviewItem(**swim, assay_title="Forced swim", status="ok", reason="", figures=[], checks=[])
        for swim in swims
    ]
    (path,) = review_page.write(
        shown_items, tmp_path / "qc.html", cohort_name="demo", blinding_key="k", decisions=None, **SETTINGS
    )
    code = blinding.code("forced_swim", "fst_M02", "k")
    page = named(opened(path))
    page.get_by_label("Code").fill(code)
    page.locator(".tile").click()
    page.keyboard.press("r")
    page.keyboard.press("2")
    exported_to = exported(page, tmp_path)
    items_known = [swim | {"code": blinding.code("forced_swim", swim["recording"], "k")} for swim in swims]
    judged = decisions.apply(cohort.read_table(exported_to), items_known)
    planned = {"endpoints": {"swim": {"assay": "forced_swim", "measure": "immobility_s"}}}
    again = study_of(planned, judged.rejected) | {"review": judged.summary()}
    excluded = again["tables"]["exclusions"].query("source == 'reviewer'")
    assert excluded[["animal", "reviewer", "reason"]].to_numpy().tolist() == [["M02", "AB", "Artefact"]]
    results_page.write(tmp_path / "results.html", **again)
    told = opened(tmp_path / "results.html").locator("#excluded").inner_text()
    assert "M02" in told and "AB" in told and "Artefact" in told


def test_a_decision_needs_a_reviewer(opened, tmp_path):
    page = opened(page_of(tmp_path)[0])
    page.locator(".tile").first.click()
    page.keyboard.press("a")
    assert "initials" in page.locator("#notice").inner_text()
    assert "0 of 6" in page.locator("#counts").inner_text()


def test_undo_takes_back_the_last_decision(opened, tmp_path):
    page = named(opened(page_of(tmp_path)[0]))
    page.locator(".tile").first.click()
    first = shown(page)
    page.keyboard.press("a")
    page.keyboard.press("z")
    assert shown(page) == first
    assert "0 of 6 decided" in page.locator("#counts").inner_text()


def test_work_survives_closing_and_unsaved_work_warns(opened, tmp_path):
    path = page_of(tmp_path)[0]
    page = named(opened(path))
    page.locator(".tile").first.click()
    page.keyboard.press("a")
    warned = []
    page.on("dialog", lambda dialog: (warned.append(dialog.type), dialog.accept()))
    page.goto(f"file://{path}")
    page.locator(".tile").first.wait_for()
    assert warned == ["beforeunload"]
    assert "1 of 6 decided" in page.locator("#counts").inner_text()
    assert page.locator("#unsaved").inner_text() == "1 new"
    exported(page, tmp_path)
    page.reload()
    assert warned == ["beforeunload"]


def test_a_second_browser_goes_on_from_the_exported_file(opened, tmp_path):
    path = page_of(tmp_path)[0]
    page = named(opened(path))
    page.locator(".tile").first.click()
    page.keyboard.press("r")
    file = exported(page, tmp_path)
    other = opened(path)
    other.locator("#file").set_input_files(file)
    other.get_by_text("1 decisions imported").wait_for()
    assert "1 of 6 decided: 0 accepted, 1 rejected" in other.locator("#counts").inner_text()
    assert other.get_by_label("Reviewer").input_value() == "AB"


def test_a_second_reviewer_sees_nothing_of_the_first_and_both_are_exported(opened, tmp_path):
    page = named(opened(page_of(tmp_path)[0]))
    page.locator(".tile").first.click()
    page.keyboard.press("r")
    named(page, "CD")
    assert "0 of 6 decided" in page.locator("#counts").inner_text()
    page.keyboard.press("a")
    rows = rows_of(exported(page, tmp_path))
    assert {(row["reviewer"], row["decision"]) for row in rows} == {("AB", "reject"), ("CD", "accept")}


def test_filters_show_what_is_flagged_pending_or_of_one_assay(opened, tmp_path):
    page = opened(page_of(tmp_path)[0])
    assert page.locator(".tile").count() == 6
    page.get_by_text("flagged", exact=True).first.click()
    assert page.locator(".tile").count() == 1
    page.get_by_text("all", exact=True).first.click()
    page.get_by_label("Assay").select_option(label="Western blot")
    assert page.locator(".tile").count() == 3
    page.get_by_label("Code").fill("zzzzz")
    assert page.get_by_text("No recording answers to this filter.").is_visible()


def test_decisions_on_a_changed_item_are_left_out_with_a_word(opened, tmp_path):
    item = known()[0]
    earlier = pd.DataFrame(
        [{**item, "decision": "reject", "reviewer": "AB", "decided_at": "2026", "item_sha256": "old"}]
    )
    page = opened(page_of(tmp_path, decisions=earlier)[0])
    assert "count no more" in page.locator("#notice").inner_text()


def test_a_note_that_a_spreadsheet_would_run_is_exported_as_text(opened, tmp_path):
    page = named(opened(page_of(tmp_path)[0]))
    page.locator(".tile").first.click()
    page.keyboard.press("r")
    page.locator("#note").fill('=HYPERLINK("x"), "quoted"\nsecond line')
    file = exported(page, tmp_path)
    assert rows_of(file)[0]["note"] == '\'=HYPERLINK("x"), "quoted"\nsecond line'
    other = named(opened(page_of(tmp_path)[0]))
    other.locator("#file").set_input_files(file)
    other.get_by_text("1 decisions imported").wait_for()
    other.locator(".tile").filter(has_text="reject").click()
    assert other.locator("#note").input_value() == '=HYPERLINK("x"), "quoted"\nsecond line'


def test_a_file_that_is_no_export_is_refused_in_words(opened, tmp_path):
    page = opened(page_of(tmp_path)[0])
    wrong = tmp_path / "other.csv"
    wrong.write_text("a,b\n1,2\n")
    page.locator("#file").set_input_files(wrong)
    page.get_by_text("no column code").wait_for()


def test_the_review_walks_from_page_to_page(opened, tmp_path):
    pages = page_of(tmp_path, count=40, page_size_mb=0.03)
    assert len(pages) > 1
    page = named(opened(pages[0]))
    page.locator(".tile").first.click()
    seen = {shown(page)}
    for _ in range(39):
        before = shown(page)
        page.keyboard.press("ArrowRight")
        page.wait_for_function(
            "before => (document.querySelector('#item h2')?.innerText.trim() || before) !== before", arg=before
        )
        seen.add(shown(page))
    assert len(seen) == 40


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1400, 390])
def test_no_serious_fault_of_accessibility_and_no_sideways_scrolling(
    opened, axe, find_violations, tmp_path, scheme, width
):
    page = named(opened(page_of(tmp_path)[0], width=width, scheme=scheme))
    assert find_violations(page, axe) == []
    page.locator(".tile").filter(has_text="flagged").click()
    page.keyboard.press("r")
    assert find_violations(page, axe) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width
