"""Figures for papers: every figure of the page, in the widths of journals, with text as text and equal bytes."""

import dataclasses
import io
import re
import time
from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.text import Text
from PIL import Image

from ketaflow.core.errors import CohortError
from ketaflow.report import palette
from ketaflow.report.paper import catalogue, drawn
from ketaflow.report.paper.catalogue import PaperFigure
from ketaflow.report.paper.style import FigureStyle, Sheet

STYLE = FigureStyle()
PT_PER_MM = 72 / 25.4


@pytest.fixture(scope="module")
def figures(study) -> list[PaperFigure]:
    return catalogue.figures(study, min_animals=8, style=STYLE)


@pytest.fixture(scope="module")
def immobility(figures) -> dict[str, bytes]:
    """The files of the primary endpoint's comparison."""
    (one,) = (one for one in figures if one.name == "immobility")
    return dict(catalogue.rendered(one, STYLE))


def test_every_figure_of_the_page_is_one_for_papers(figures, page_path):
    page = page_path.read_text(encoding="utf-8")
    on_page = set(re.findall(r'data-svg="([^"]+)"', page)) - {"cascade"} | {"effect_overview"}
    pictures = len(re.findall(r'<img class="paper"', page))
    names = [one.name for one in figures]
    assert len(set(names)) == len(names) == len(on_page) + pictures
    assert on_page <= set(names)


def test_a_figure_has_every_width_and_format(immobility):
    assert set(immobility) == {f"immobility_{width}mm.{kind}" for width in (85, 180) for kind in ("pdf", "svg", "png")}


@pytest.mark.parametrize("width_mm", [85, 180])
def test_a_pdf_has_its_width_and_its_fonts_as_truetype(immobility, width_mm):
    content = immobility[f"immobility_{width_mm}mm.pdf"]
    (box,) = re.findall(rb"/MediaBox \[ ?([\d. ]+)", content)
    assert float(box.split()[2]) == pytest.approx(width_mm * PT_PER_MM, abs=0.1)
    assert b"/CIDFontType2" in content and b"/FontFile2" in content
    assert b"/Type3" not in content and b"CreationDate" not in content


def test_an_svg_holds_text_as_text(immobility):
    content = immobility["immobility_85mm.svg"].decode()
    words = [word.replace("\u00a0", " ") for word in re.findall(r"<text[^>]*>([^<]+)</text>", content)]
    assert {"Vehicle", "5 mg/kg", "n = 6", "Immobility (s)"} <= set(words)
    assert "<dc:date>" not in content


@pytest.mark.parametrize("width_mm", [85, 180])
def test_a_png_has_600_dots_per_inch_and_no_ground(immobility, width_mm):
    picture = Image.open(io.BytesIO(immobility[f"immobility_{width_mm}mm.png"]))
    assert picture.width == pytest.approx(width_mm / 25.4 * 600, abs=1)
    assert picture.info["dpi"][0] == pytest.approx(600, abs=0.1)
    assert picture.mode == "RGBA" and picture.getpixel((0, 0))[3] == 0
    assert np.asarray(picture)[..., 3].mean() > 1


def test_equal_results_give_equal_bytes(figures, immobility):
    (one,) = (one for one in figures if one.name == "immobility")
    time.sleep(1.1)
    again = dict(catalogue.rendered(one, dataclasses.replace(STYLE, widths_mm=(85,))))
    assert len(again) == 3 and again == {name: immobility[name] for name in again}


def texts(figure) -> list[tuple[str, object]]:
    """All words of a figure, each with its box in dots."""
    renderer = FigureCanvasAgg(figure).get_renderer()
    figure.draw(renderer)
    found = [one for one in figure.findobj(Text) if one.get_visible() and one.get_text().strip()]
    return [(one.get_text(), one.get_window_extent(renderer)) for one in found]


@pytest.mark.parametrize("width_mm", [85, 180])
def test_no_words_are_cut_off_or_run_into_one_another(figures, width_mm):
    import matplotlib

    with matplotlib.rc_context({**matplotlib.rcParamsDefault, **STYLE.parameters}):
        for one in figures:
            figure = one.draw(Sheet(STYLE, width_mm))
            if figure is None:
                continue
            assert figure.get_figwidth() * 25.4 == pytest.approx(width_mm)
            width, height = figure.bbox.width, figure.bbox.height
            boxes = texts(figure)
            for words, box in boxes:
                is_inside = box.x0 > -1 and box.y0 > -1 and box.x1 < width + 1 and box.y1 < height + 1
                assert is_inside, (one.name, words, box, width, height)
            for (words, box), (other_words, other) in combinations(boxes, 2):
                across = min(box.x1, other.x1) - max(box.x0, other.x0)
                up = min(box.y1, other.y1) - max(box.y0, other.y0)
                # Boxes of lines of text are higher than their letters.
                assert across <= 1 or up <= 0.3 * min(box.height, other.height), (one.name, words, other_words)


def test_text_has_the_size_of_the_style(figures):
    large = FigureStyle(font_size_pt=9)
    (one,) = (one for one in figures if one.name == "immobility")
    import matplotlib

    with matplotlib.rc_context({**matplotlib.rcParamsDefault, **large.parameters}):
        figure = one.draw(Sheet(large, 180))
        assert {text.get_fontsize() for text in figure.findobj(Text) if text.get_text().strip()} == {9}


def test_a_font_that_is_not_installed_is_named_with_those_that_are(figures):
    with pytest.raises(CohortError, match=r"report\.figures\.font.*DejaVu Sans"):
        catalogue.files(figures[:1], FigureStyle(font="No Such Sans"))


def test_a_figure_of_an_assay_keeps_its_words_and_marks():
    source = (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 200 100"><style>text{}</style>'
        '<g transform="translate(10 5)"><path class="line" stroke="#0072b2" d="M0 0H50V20L60 30"/>'
        '<g text-anchor="end" fill="var(--soft)"><text x="40" y="20">bias</text></g></g>'
        '<circle cx="100" cy="50" r="3" fill="#d55e00"/><rect x="1" y="2" width="30" height="10" fill="none"/></svg>'
    )
    figure = drawn.figure(source, Sheet(STYLE, 85))
    axes = figure.axes[0]
    line = next(patch for patch in axes.patches if patch.get_linewidth() > 0)
    assert line.get_path().vertices.tolist() == [[10, 5], [60, 5], [60, 25], [70, 35]]
    (words,) = axes.texts
    assert (words.get_text(), words.get_position(), words.get_ha()) == ("bias", (50, 25), "right")
    assert axes.collections[0].get_offsets().tolist() == [[100, 50]]


# Linear sRGB as seen with a complete lack of one kind of cones (Machado 2009, doi:10.1109/TVCG.2009.113, severity 1).
BLINDNESSES = {
    "protanopia": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
    "deuteranopia": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]],
    "tritanopia": [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]],
}


@pytest.mark.parametrize("blindness", BLINDNESSES)
@pytest.mark.parametrize("colours", ["page", "okabe_ito"])
def test_arms_are_told_apart_with_every_colour_blindness(colours, blindness):
    from skimage.color import deltaE_ciede2000, rgb2lab

    rows = [
        ("v", True, "saline", 0.0),
        *((f"{drug}{dose}", False, drug, dose) for drug in "ab" for dose in (5.0, 20.0)),
    ]
    arms = palette.arms(pd.DataFrame(rows, columns=["arm", "control", "drug", "dose_mg_per_kg"]), colours)
    rgb = np.array([[int(arm.colours[0][at : at + 2], 16) / 255 for at in (1, 3, 5)] for arm in arms])
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    seen = np.clip(linear @ np.array(BLINDNESSES[blindness]).T, 0, 1)
    lab = rgb2lab(np.where(seen <= 0.0031308, 12.92 * seen, 1.055 * seen ** (1 / 2.4) - 0.055))
    for one, other in combinations(range(len(arms)), 2):
        # Ten times the difference that is just noticed.
        assert deltaE_ciede2000(lab[one], lab[other]) > 10, (arms[one].name, arms[other].name)
