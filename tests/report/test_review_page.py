"""The review page is blind, complete and of bounded size."""

import base64
import json
import re
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from ketaflow.core.errors import CohortError
from ketaflow.core.results import Figure, check
from ketaflow.core.svg import Chart
from ketaflow.report import review_page
from ketaflow.report.model import ReportSettings
from ketaflow.report.review_page import Blinding
from ketaflow.review import blinding
from ketaflow.review.items import ReviewItem

SETTINGS = ReportSettings(15, ("Wrong recording", "Artefact"), 8, hide_outcome=True, show_earlier_decisions=False)
SECRETS = ("fst_M01", "M01", "vehicle", "ket20", "run1", "mp4", "recording_of_the_first_day")


def chart(words: str) -> str:
    made = Chart((0, 360), (0, 1), "time (s)", words)
    made.line(np.linspace(0, 360, 50), np.linspace(0, 1, 50))
    return made.svg(f"motion of {words}")


def item(n: int = 1, **changed: object) -> ReviewItem:
    facts = {
        "assay": "forced_swim",
        "assay_title": "Forced swim",
        "recording": f"fst_M{n:02d}",
        "animal": f"M{n:02d}",
        "status": "flagged",
        "reason": f"fst_M{n:02d}: in videos/day3_run1.mp4 the animal is out of sight",
        "figures": [
            Figure("Motion", chart(f"M{n:02d}"), caption=f"Trace of M{n:02d}."),
            Figure("Frames", b"RIFF\x10\0\0\0WEBPVP8 pixels", media="image/webp"),
        ],
        "checks": [
            check(
                "unseen_s",
                31.5,
                unit="s",
                high=12.0,
                verdict="warn",
                message=f"M{n:02d} was in arm ket20",
                recording=f"fst_M{n:02d}",
                animal=f"M{n:02d}",
            )
        ],
        "item_sha256": f"{n:064x}",
    }
    return ReviewItem(**(facts | changed))


def written(tmp_path, items, *, hide=(), cohort_name="demo", decisions=None, **settings) -> list:
    return review_page.write(
        iter(items),
        tmp_path / "report" / "qc.html",
        cohort_name=cohort_name,
        blind=Blinding("secret", tuple(hide)),
        decisions=decisions,
        settings=replace(SETTINGS, **settings),
    )


def content(path) -> dict:
    found = re.search(r'id="review-content">(.*?)</script>', path.read_text(encoding="utf-8"), re.DOTALL)
    return json.loads(found[1])


def everything(path) -> str:
    """The page's text, its data unpacked, and what its pictures hold as text."""
    text = path.read_text(encoding="utf-8")
    pictures = re.findall(r"base64,([A-Za-z0-9+/=]+)", text)
    return text + json.dumps(content(path)) + "".join(base64.b64decode(one).decode("latin-1") for one in pictures)


def test_the_file_names_no_arm_animal_recording_or_file(tmp_path):
    hide = ["ket20", "vehicle"]
    (page,) = written(tmp_path, [item(n) for n in range(1, 9)], hide=hide)
    found = everything(page)
    for secret in (*SECRETS, *(f"M{n:02d}" for n in range(1, 9))):
        assert not re.search(rf"(?<![\w]){secret}(?![\w])", found, re.IGNORECASE), secret


def test_an_animal_named_in_another_items_message_is_hidden_too(tmp_path):
    told = item(1, reason="compare with M02", checks=[])
    (page,) = written(tmp_path, [told, item(2)])
    assert "M02" not in everything(page)
    assert "compare with" in everything(page)


def test_an_image_that_carries_text_is_withheld(tmp_path):
    spoken = Figure("Frames", b"\x89PNG\r\n....tEXtSource\0M01", media="image/png")
    (page,) = written(tmp_path, [item(1, figures=[spoken])])
    assert "M01" not in everything(page)
    (figure,) = content(page)["items"][0]["figures"]
    assert figure["withheld"] and not figure["src"]


def test_every_item_has_its_checks_limits_and_figures(tmp_path):
    (page,) = written(tmp_path, [item(n) for n in range(1, 5)])
    found = content(page)
    assert len(found["index"]) == len(found["items"]) == 4
    one = found["items"][0]
    assert one["checks"][0]["value"] == 31.5 and one["checks"][0]["high"] == 12.0 and one["checks"][0]["low"] is None
    assert "<svg" in one["figures"][0]["svg"] and one["figures"][1]["src"].startswith("data:image/webp;base64,")
    assert {row[0] for row in found["index"]} == {
        blinding.code("forced_swim", f"fst_M{n:02d}", "secret") for n in range(1, 5)
    }


def test_text_that_looks_like_html_stays_text(tmp_path):
    nasty = item(1, reason="</script><script>alert(1)</script>", checks=[])
    (page,) = written(tmp_path, [nasty], cohort_name="<b>demo</b>")
    text = page.read_text(encoding="utf-8")
    assert "<script>alert" not in text and "<b>demo" not in text
    assert "alert(1)" in content(page)["items"][0]["reason"]


def test_the_order_of_recordings_is_hidden(tmp_path):
    items = [item(n) for n in range(1, 41)]
    (first,) = written(tmp_path / "a", items)
    (second,) = written(tmp_path / "b", items[::-1])
    codes = [row[0] for row in content(first)["index"]]
    assert codes == [row[0] for row in content(second)["index"]]
    in_order = [blinding.code("forced_swim", f"fst_M{n:02d}", "secret") for n in range(1, 41)]
    assert codes != in_order


def test_equal_items_give_equal_bytes(tmp_path):
    (first,), (second,) = (written(tmp_path / name, [item(1), item(2)]) for name in ("a", "b"))
    assert first.read_bytes() == second.read_bytes()


def test_a_large_review_continues_on_pages_linked_with_each_other(tmp_path):
    pages = written(tmp_path, [item(n) for n in range(1, 61)], page_size_mb=0.05)
    assert len(pages) > 2
    assert [page.name for page in pages[:2]] == ["qc.html", "qc-2.html"]
    found = [content(page) for page in pages]
    assert sum(len(one["items"]) for one in found) == 60
    for number, one in enumerate(found, start=1):
        assert one["page"] == number and len(one["index"]) == 60 and one["pages"] == [page.name for page in pages]
        assert {row[0] for row in one["index"] if row[4] == number} == {entry["code"] for entry in one["items"]}


def test_pages_of_an_earlier_larger_review_are_removed(tmp_path):
    many = written(tmp_path, [item(n) for n in range(1, 61)], page_size_mb=0.05)
    written(tmp_path, [item(1)])
    assert not many[1].exists() and many[0].exists()


def test_the_page_holds_earlier_decisions_without_names(tmp_path):
    code = blinding.code("forced_swim", "fst_M01", "secret")
    earlier = pd.DataFrame(
        {"code": [code], "decision": ["reject"], "note": ["looks like M01"], "reviewer": ["AB"], "item_sha256": ["0"]}
    )
    (page,) = written(tmp_path, [item(1)], decisions=earlier, show_earlier_decisions=True)
    assert content(page)["earlier"][0]["decision"] == "reject"
    assert "M01" not in everything(page)


def test_a_second_reviewer_does_not_see_the_first_ones_decisions(tmp_path):
    code = blinding.code("forced_swim", "fst_M01", "secret")
    earlier = pd.DataFrame({"code": [code], "decision": ["reject"], "note": ["drowsy"], "reviewer": ["AB"]})
    (page,) = written(tmp_path, [item(1)], decisions=earlier)
    assert content(page)["earlier"] == []
    assert "drowsy" not in everything(page)


def test_the_browser_may_load_nothing_from_a_network(tmp_path):
    (page,) = written(tmp_path, [item(1)])
    assert "default-src &#39;none&#39;" in page.read_text(encoding="utf-8")


def test_a_study_without_recordings_has_a_page(tmp_path):
    (page,) = written(tmp_path, [])
    assert content(page)["index"] == []


def test_two_recordings_that_share_a_code_are_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(blinding, "code", lambda *_: "2222-2222")
    with pytest.raises(CohortError, match="blinding_key"):
        written(tmp_path, [item(1), item(2)])
