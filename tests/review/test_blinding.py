"""Codes tell nothing and stay; names leave every text and picture."""

import itertools
import re

import pytest

from ketaflow.review import blinding
from ketaflow.review.blinding import HIDDEN, HIDDEN_FILE, Scrubber, code


def test_a_code_is_two_groups_of_four_letters_that_are_not_mistaken_for_each_other():
    made = code("forced_swim", "fst_M01", "secret")
    assert re.fullmatch(r"[2-9BCDFGHJKMNPQRSTVWXYZ]{4}-[2-9BCDFGHJKMNPQRSTVWXYZ]{4}", made)


def test_a_code_is_the_same_in_every_run_and_changes_with_assay_recording_and_key():
    codes = {code("a", "r", "k"), code("b", "r", "k"), code("a", "s", "k"), code("a", "r", "l")}
    assert len(codes) == 4
    assert code("a", "r", "k") in codes


def test_a_code_of_last_year_is_the_code_of_today():
    # printf 'forced_swim\\0fst_M01' | openssl dgst -sha256 -hmac ketaflow; its first 128 bits in base 28, lowest first.
    assert code("forced_swim", "fst_M01", "ketaflow") == "6Y5Y-58NW"


def test_twenty_thousand_recordings_have_twenty_thousand_codes():
    assert len({code("a", f"r{n}", "key") for n in range(20_000)}) == 20_000


def test_the_order_of_codes_says_nothing_of_the_order_of_recordings():
    order = sorted(range(200), key=lambda n: blinding.shuffle_key(code("a", f"r{n:03d}", "key"), "key"))
    rises = sum(a < b for a, b in itertools.pairwise(order))
    assert 70 < rises < 130


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("fst_M01: too dark", f"{HIDDEN}: too dark"),
        ("animal m01 was not found", f"animal {HIDDEN} was not found"),
        ("M01_left is cut off", f"{HIDDEN} is cut off"),
        ("day1/M01/video.mp4: header is torn", f"{HIDDEN_FILE}: header is torn"),
        ("other_file.TIF cannot be read", f"{HIDDEN_FILE} cannot be read"),
        ("C:\\lab\\M01\\x.avi is empty", f"C:{HIDDEN_FILE} is empty"),
        ("my mouse 3 swam", f"my {HIDDEN} swam"),
        ("M011 is another word, 0.35 is a number", "M011 is another word, 0.35 is a number"),
        ("", ""),
    ],
)
def test_names_and_files_leave_a_text(text, expected):
    assert Scrubber({"M01", "fst_M01", "mouse 3"}).text(text) == expected


def test_a_name_of_digits_is_replaced_only_where_it_is_one():
    scrubber = Scrubber({"7", "12"})
    assert (
        scrubber.text("animal 7: 12 frames lost, recording 12")
        == f"animal {HIDDEN}: 12 frames lost, recording {HIDDEN}"
    )


def test_a_picture_loses_names_comments_metadata_scripts_and_addresses():
    svg = (
        '<svg aria-label="swim of M01"><!-- M01 --><metadata>M01</metadata><title>M01</title><text>fst_M01</text>'
        '<script>alert(1)</script><a href="https://example.org/M01" onclick="go()"><path id="M01" d="M1 2L3 4"/></a>'
        '<use href="#mark"/></svg>'
    )
    cleaned = Scrubber({"M01", "fst_M01"}).svg(svg)
    assert "M01" not in cleaned
    assert "script" not in cleaned and "example.org" not in cleaned and "onclick" not in cleaned
    assert 'd="M1 2L3 4"' in cleaned and 'href="#mark"' in cleaned


def test_a_picture_with_words_beside_its_pixels_is_noticed():
    assert blinding.carries_text(b"\x89PNG....tEXtComment\0M01....IDAT")
    assert not blinding.carries_text(b"RIFF....WEBPVP8 ....")


def test_an_encoded_picture_inside_a_figure_is_left_as_it_is():
    svg = '<svg><image href="data:image/webp;base64,M01/AAAA+M01/="/><text>M01</text></svg>'
    shown = blinding.Scrubber({"M01"}).svg(svg)
    assert 'href="data:image/webp;base64,M01/AAAA+M01/="' in shown
    assert ">[name]<" in shown
