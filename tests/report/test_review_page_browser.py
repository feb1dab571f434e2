"""The review in a browser: decide, note, undo, export, import, continue; decisions reach the results."""

import csv
import io
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from ketaflow.assays.forced_swim.readers import review_film
from ketaflow.core import cohort
from ketaflow.core.results import Figure, check
from ketaflow.core.svg import Chart
from ketaflow.report import results_page, review_page
from ketaflow.report.review_page import Blinding
from ketaflow.review import blinding, decisions
from ketaflow.review.items import Item, ReviewItem

pytestmark = pytest.mark.browser
ASSAYS = {"forced_swim": "Forced swim", "western_blot": "Western blot"}


def items(count: int = 6) -> list[ReviewItem]:
    made = []
    for n in range(count):
        chart = Chart((0, 360), (0, 1), "time (s)", "motion")
        chart.line([0, 100, 360], [0.1, 0.9, 0.2])
        assay = list(ASSAYS)[n % 2]
        verdict = "warn" if n == 1 else "pass"
        unseen = check("unseen_s", 31.5, unit="s", high=12.0, verdict=verdict, message="too long", recording=f"r{n}")
        status = "flagged" if n == 1 else "ok"
        figures = [Figure("Motion", chart.svg("motion over time"), caption="Low is immobile.")]
        made.append(ReviewItem(assay, ASSAYS[assay], f"r{n}", f"M{n}", status, "", figures, [unseen], f"{n:064x}"))
    return made


@pytest.fixture
def page_of(tmp_path, settings):
    """Write the review of so many items."""

    def pages(count: int = 6, *, decisions=None, shown=None, **changed):
        return review_page.write(
            shown or items(count),
            tmp_path / "report" / "qc.html",
            cohort_name="demo",
            blind=Blinding("k"),
            decisions=decisions,
            settings=replace(settings, **changed),
        )

    return pages


def key_of(one: ReviewItem) -> Item:
    code = blinding.code(one.assay, one.recording, "k")
    return Item(one.assay, one.recording, one.animal, code, one.item_sha256)


def known(count: int = 6) -> list[Item]:
    return [key_of(one) for one in items(count)]


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


def test_decided_by_keys_noted_exported_and_applied(opened, page_of, tmp_path):
    page = named(opened(page_of()[0]))
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
    owner = {item.code: item for item in known()}[second]
    assert judged.rejected.to_dict("records") == [
        {
            "assay": owner.assay,
            "recording": owner.recording,
            "animal": owner.animal,
            "reviewer": "AB",
            "reason": "Artefact: bar across the tank, a r u n",
        }
    ]
    assert judged.pending == 4


def test_a_rejection_goes_all_the_way_to_the_results(opened, page_of, study, study_of, settings, tmp_path):
    swims = [
        ReviewItem("forced_swim", "Forced swim", row.recording, row.animal, "ok", "", [], [], f"{place:064x}")
        for place, row in enumerate(study.recordings.itertuples())
    ]
    (path,) = page_of(shown=swims)
    page = named(opened(path))
    page.get_by_label("Code").fill(blinding.code("forced_swim", "fst_M02", "k"))
    page.locator(".tile").click()
    page.keyboard.press("r")
    page.keyboard.press("2")
    judged = decisions.apply(cohort.read_table(exported(page, tmp_path)), [key_of(swim) for swim in swims])
    planned = {"endpoints": {"swim": {"assay": "forced_swim", "measure": "immobility_s"}}}
    again = replace(study_of(planned, judged.rejected), review=judged)
    excluded = again.statistics["exclusions"].query("source == 'reviewer'")
    assert excluded[["animal", "reviewer", "reason"]].to_numpy().tolist() == [["M02", "AB", "Artefact"]]
    results_page.write(tmp_path / "results.html", again, settings)
    shown_text = opened(tmp_path / "results.html").locator("#excluded").inner_text()
    assert "M02" in shown_text and "AB" in shown_text and "Artefact" in shown_text


def test_a_decision_needs_a_reviewer(opened, page_of):
    page = opened(page_of()[0])
    page.locator(".tile").first.click()
    page.keyboard.press("a")
    assert "initials" in page.locator("#notice").inner_text()
    assert "0 of 6" in page.locator("#counts").inner_text()


def test_undo_reverts_the_last_decision(opened, page_of):
    page = named(opened(page_of()[0]))
    page.locator(".tile").first.click()
    first = shown(page)
    page.keyboard.press("a")
    page.keyboard.press("z")
    assert shown(page) == first
    assert "0 of 6 decided" in page.locator("#counts").inner_text()


def test_work_survives_closing_and_unsaved_work_warns(opened, page_of, tmp_path):
    path = page_of()[0]
    page = named(opened(path))
    page.locator(".tile").first.click()
    page.keyboard.press("a")
    warned = []
    page.on("dialog", lambda dialog: (warned.append(dialog.type), dialog.accept()))
    page.goto(f"file://{path}")
    page.locator("#counts").get_by_text("1 of 6 decided").wait_for()
    assert warned == ["beforeunload"]
    assert page.locator("#unsaved").inner_text() == "1 new"
    exported(page, tmp_path)
    page.reload()
    assert warned == ["beforeunload"]


def test_two_tabs_share_decisions_notes_and_undo(opened, page_of, tmp_path):
    path = page_of()[0]
    first = named(opened(path))
    second = first.context.new_page()
    second.goto(f"file://{path}")
    first.locator(".tile").first.click()
    first.locator("#note").fill("a hand")
    second.locator(".tile").nth(1).click()
    second.keyboard.press("r")
    first.locator("#counts").get_by_text("1 of 6 decided").wait_for()
    assert first.locator("#note").input_value() == "a hand"
    first.locator("#note").press("Escape")
    first.keyboard.press("r")
    second.locator("#counts").get_by_text("2 of 6 decided").wait_for()
    second.keyboard.press("z")
    first.locator("#counts").get_by_text("1 of 6 decided").wait_for()
    (row,) = rows_of(exported(first, tmp_path))
    assert (row["decision"], row["note"]) == ("reject", "a hand")


def test_a_second_browser_continues_from_the_exported_file(opened, page_of, tmp_path):
    path = page_of()[0]
    page = named(opened(path))
    page.locator(".tile").first.click()
    page.keyboard.press("r")
    file = exported(page, tmp_path)
    other = opened(path)
    other.locator("#file").set_input_files(file)
    other.get_by_text("1 decisions imported").wait_for()
    assert "1 of 6 decided: 0 accepted, 1 rejected" in other.locator("#counts").inner_text()
    assert other.get_by_label("Reviewer").input_value() == "AB"


def test_a_second_reviewer_sees_nothing_of_the_first_and_both_are_exported(opened, page_of, tmp_path):
    page = named(opened(page_of()[0]))
    page.locator(".tile").first.click()
    page.keyboard.press("r")
    named(page, "CD")
    assert "0 of 6 decided" in page.locator("#counts").inner_text()
    page.keyboard.press("a")
    rows = rows_of(exported(page, tmp_path))
    assert {(row["reviewer"], row["decision"]) for row in rows} == {("AB", "reject"), ("CD", "accept")}


def test_filters_show_what_is_flagged_pending_or_of_one_assay(opened, page_of):
    page = opened(page_of()[0])
    assert page.locator(".tile").count() == 6
    page.get_by_text("flagged", exact=True).first.click()
    assert page.locator(".tile").count() == 1
    page.get_by_text("all", exact=True).first.click()
    page.get_by_label("Assay").select_option(label="Western blot")
    assert page.locator(".tile").count() == 3
    page.get_by_label("Code").fill("zzzzz")
    assert page.get_by_text("No recording matches this filter.").is_visible()


def test_decisions_on_a_changed_item_are_ignored_with_a_message(opened, page_of):
    decided = {"code": known()[0].code, "decision": "reject", "reviewer": "AB", "decided_at": "2026"}
    earlier = pd.DataFrame([{**decided, "item_sha256": "old"}])
    page = opened(page_of(decisions=earlier, show_earlier_decisions=True)[0])
    assert "no longer count" in page.locator("#notice").inner_text()


def test_a_note_that_a_spreadsheet_would_run_is_exported_as_text(opened, page_of, tmp_path):
    page = named(opened(page_of()[0]))
    page.locator(".tile").first.click()
    page.keyboard.press("r")
    page.locator("#note").fill('=HYPERLINK("x"), "quoted"\nsecond line')
    file = exported(page, tmp_path)
    assert rows_of(file)[0]["note"] == '\'=HYPERLINK("x"), "quoted"\nsecond line'
    other = named(opened(page_of()[0]))
    other.locator("#file").set_input_files(file)
    other.get_by_text("1 decisions imported").wait_for()
    other.locator(".tile").filter(has_text="reject").click()
    assert other.locator("#note").input_value() == '=HYPERLINK("x"), "quoted"\nsecond line'


def test_a_file_that_is_not_an_export_is_refused_with_a_message(opened, page_of, tmp_path):
    page = opened(page_of()[0])
    wrong = tmp_path / "other.csv"
    wrong.write_text("a,b\n1,2\n")
    page.locator("#file").set_input_files(wrong)
    page.get_by_text("no column code").wait_for()


def test_the_review_walks_from_page_to_page(opened, page_of):
    pages = page_of(count=14, page_size_mb=0.012)
    assert len(pages) > 2
    page = named(opened(pages[0]))
    page.locator(".tile").first.click()
    seen = {shown(page)}
    for _ in range(13):
        before = shown(page)
        page.keyboard.press("ArrowRight")
        page.wait_for_function(
            "before => (document.querySelector('#item h2')?.innerText.trim() || before) !== before", arg=before
        )
        seen.add(shown(page))
    assert len(seen) == 14


def with_limits(values: list[float]) -> list[ReviewItem]:
    """Items of one assay whose only check has these values; up to 12 s passes."""
    made = []
    for n, value in enumerate(values):
        verdict = "warn" if value > 12 else "pass"
        unseen = check("unseen_s", value, unit="s", high=12.0, verdict=verdict, message="", recording=f"r{n}")
        status = "flagged" if value > 12 else "ok"
        made.append(ReviewItem("forced_swim", "Forced swim", f"r{n}", f"M{n}", status, "", [], [unseen], f"{n:064x}"))
    return made


def test_what_passed_every_check_is_accepted_together_with_one_marked_decision_each(opened, page_of, tmp_path):
    page = named(opened(page_of()[0]))
    page.locator(".tile").filter(has_not_text="flagged").first.click()
    page.keyboard.press("r")
    page.keyboard.press("o")
    left = 4
    page.get_by_role("button", name=f"Accept the {left}").click()
    page.get_by_role("button", name="Accept them").click()
    assert f"{left} accepted" in page.locator("#counts").inner_text()
    page.keyboard.press("z")
    assert "0 accepted" in page.locator("#counts").inner_text()
    page.get_by_role("button", name=f"Accept the {left}").click()
    page.get_by_role("button", name="Accept them").click()
    path = exported(page, tmp_path)
    rows = rows_of(path)
    assert [row["bulk"] for row in rows if row["decision"] == "accept"] == ["yes"] * left
    assert all(row["bulk"] == "" for row in rows if row["decision"] == "reject")
    judged = decisions.apply(cohort.read_table(path), known())
    assert judged.n_bulk == left and judged.n_decided == left + 1


def test_confidence_and_the_seconds_on_the_screen_are_exported(opened, page_of, tmp_path):
    page = named(opened(page_of()[0]))
    page.locator(".tile").first.click()
    page.wait_for_timeout(1200)
    page.keyboard.press("u")
    page.get_by_label("high").check()
    page.keyboard.press("o")
    page.locator(".tile").nth(1).click()
    page.keyboard.press("a")
    rows = rows_of(exported(page, tmp_path))
    first = next(row for row in rows if row["decision"] == "unsure")
    other = next(row for row in rows if row["decision"] == "accept")
    assert first["confidence"] == "high" and 1.1 < float(first["time_s"]) < 60
    assert other["confidence"] == "" and float(other["time_s"]) < float(first["time_s"])
    table = cohort.read_table(tmp_path / "qc_decisions.csv")
    assert sorted(table["time_s"]) == sorted(float(row["time_s"]) for row in rows)


def test_the_most_doubtful_come_first_and_a_failing_value_stands_beside_its_limit(opened, page_of):
    page = named(opened(page_of(shown=with_limits([3.0, 31.5, 11.0, 0.0]))[0]))
    page.get_by_label("Order").select_option("doubt")
    page.locator(".tile").first.click()
    assert page.locator(".checks .warn .limits").inner_text().split() == [
        "31.5",
        "s",
        "limit:",
        "at",
        "most",
        "12",
        "s",
    ]
    page.locator(".verbs .accept").wait_for()
    page.keyboard.press("ArrowRight")
    page.get_by_text("11 s").wait_for()


def test_an_old_file_of_decisions_is_imported(opened, page_of, tmp_path):
    one = known()[0]
    old = tmp_path / "old.csv"
    old.write_text(
        "code,decision,reason,note,reviewer,decided_at,item_sha256\n"
        f"{one.code},accept,,,AB,2026-01-01T10:00:00Z,{one.item_sha256}\n"
    )
    page = opened(page_of()[0])
    page.locator("#file").set_input_files(old)
    page.get_by_text("1 decisions imported").wait_for()


def times(page) -> int:
    """Zoom of the first picture (%)."""
    return int(page.locator(".viewtools output").first.inner_text().split()[0])


def test_a_picture_is_zoomed_by_wheel_buttons_and_keys_and_moved(opened, page_of):
    page = named(opened(page_of()[0]))
    page.locator(".tile").first.click()
    stage = page.locator(".stage").first
    box = stage.bounding_box()
    at = box["x"] + 0.25 * box["width"], box["y"] + 0.25 * box["height"]
    page.mouse.move(*at)
    page.mouse.move(at[0] + 8, at[1] + 8, steps=4)
    page.mouse.wheel(0, -300)
    assert times(page) == 125
    # What lay under the pointer stays there.
    drawn = page.evaluate(
        "() => { const { x, width } = document.querySelector('.layer').getBoundingClientRect(); return [x, width]; }"
    )
    assert (at[0] + 8 - drawn[0]) / drawn[1] == pytest.approx((at[0] + 8 - box["x"]) / box["width"], abs=0.01)
    page.get_by_role("button", name="Zoom in").first.click()
    stage.focus()
    page.keyboard.press("+")
    assert times(page) == 195
    before, code = page.locator(".layer").first.bounding_box()["x"], shown(page)
    page.keyboard.press("ArrowLeft")
    assert page.locator(".layer").first.bounding_box()["x"] > before and shown(page) == code
    page.mouse.move(*at)
    page.mouse.down()
    page.mouse.move(at[0] - 50, at[1] - 20, steps=3)
    page.mouse.up()
    assert page.locator(".layer").first.bounding_box()["x"] < before + 61
    page.keyboard.press("u")
    assert times(page) == 195
    page.get_by_role("button", name="Whole picture").first.click()
    assert times(page) == 100


def test_the_wheel_scrolls_the_page_where_no_picture_was_pointed_at(opened, page_of):
    first = items(1)[0]
    page = named(opened(page_of(shown=[replace(first, figures=first.figures * 4)])[0], width=700))
    page.locator(".tile").first.click()
    page.mouse.move(350, 500)
    page.mouse.wheel(0, 300)
    page.wait_for_function("() => scrollY > 50")
    page.mouse.wheel(0, -200)
    page.wait_for_timeout(100)
    assert times(page) == 100


PINCH = """(stage) => {
  const { x, y } = stage.getBoundingClientRect();
  const touch = { pointerType: "touch", bubbles: true, clientY: y + 50 };
  const send = (type, pointerId, dx) =>
    stage.dispatchEvent(new PointerEvent(type, { ...touch, pointerId, clientX: x + 100 + dx }));
  stage.setPointerCapture = () => {};
  send("pointerdown", 1, 0);
  send("pointerdown", 2, 40);
  send("pointermove", 2, 80);
  send("pointerup", 1, 0);
  send("pointerup", 2, 80);
}"""


def test_two_fingers_zoom_a_picture(opened, page_of):
    page = named(opened(page_of()[0], width=390))
    page.locator(".tile").first.click()
    page.locator(".stage").first.evaluate(PINCH)
    assert times(page) == 200


def test_an_image_is_brightened(opened, page_of):
    first = items(1)[0]
    image = Figure("Frame", grey_png(), "image/png", "Blue: the water line.")
    page = named(opened(page_of(shown=[replace(first, figures=[image])])[0]))
    page.locator(".tile").first.click()
    page.get_by_label("Brightness").evaluate(
        "(input) => { input.value = 200; input.dispatchEvent(new Event('input')); }"
    )
    assert (
        page.locator(".layer img").evaluate("(image) => getComputedStyle(image).filter") == "brightness(2) contrast(1)"
    )
    assert (
        page.locator("figcaption .swatch").evaluate("(one) => getComputedStyle(one).backgroundColor")
        == "rgb(0, 114, 178)"
    )
    page.get_by_role("button", name="Whole picture").click()
    assert (
        page.locator(".layer img").evaluate("(image) => getComputedStyle(image).filter") == "brightness(1) contrast(1)"
    )


def grey_png() -> bytes:
    buffer = io.BytesIO()
    Image.new("L", (40, 30), 90).save(buffer, "PNG")
    return buffer.getvalue()


def test_a_film_plays_where_the_browser_can(opened, page_of):
    first = items(1)[0]
    film = Figure("How does the animal move?", tiny_film(), "video/mp4", "In real time.")
    page = named(opened(page_of(shown=[replace(first, figures=[film, *first.figures])])[0]))
    page.locator(".tile").click()
    shown_film = page.locator(".pictures video")
    can_play = shown_film.evaluate("(video) => video.canPlayType('video/mp4; codecs=\"avc1.42E01E\"') !== ''")
    if can_play:
        page.wait_for_function("() => document.querySelector('.pictures video').readyState >= 2")
        assert shown_film.evaluate("(video) => [video.videoWidth, video.videoHeight]") == [32, 48]
    else:
        page.get_by_text("This browser cannot play the film.").wait_for()


def tiny_film() -> bytes:
    av = pytest.importorskip("av")
    if "libx264" not in av.codecs_available:
        pytest.skip("no H.264 encoder")
    return review_film._encoded([np.full((48, 32), 10 * n, np.uint8) for n in range(8)])


def test_the_decisions_are_reachable_on_a_phone_wherever_the_page_is(opened, page_of):
    page = named(opened(page_of()[0], width=390))
    page.locator(".tile").first.click()
    for place in ("0", "document.body.scrollHeight"):
        page.evaluate(f"scrollTo(0, {place})")
        for button in page.locator(".verbs button").all():
            box = button.bounding_box()
            assert box["y"] + box["height"] <= 900 and box["height"] >= 44


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1400, 390])
def test_the_page_is_accessible_and_does_not_scroll_sideways(opened, axe, find_violations, page_of, scheme, width):
    page = named(opened(page_of()[0], width=width, scheme=scheme))
    assert find_violations(page, axe) == []
    page.locator(".tile").filter(has_text="flagged").click()
    page.keyboard.press("r")
    assert find_violations(page, axe) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width
