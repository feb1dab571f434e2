"""The style of figures for papers: font, size, lines, widths, colours."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from ketaflow.core.errors import CohortError, Problem

MM_PER_INCH = 25.4
PT_PER_INCH = 72.0
# Delivered with matplotlib, with all signs the figures use; another font falls back to it for a sign it lacks.
COMPLETE_FONT = "DejaVu Sans"
INK, SOFT, LINE, SHADE = "#000000", "#5a5a5a", "#d9d9d9", "#ececec"
POSITIVE, NEGATIVE = "#d06a00", "#1f77b8"
# Figures narrower than this are arranged one above the other (mm); between one and two columns of a journal.
NARROW_BELOW_MM = 130.0
# Equal figures give equal names of the parts of an SVG.
HASH_SALT = "ketaflow"


@dataclass(frozen=True)
class FigureStyle:
    """The block ``report.figures`` of the settings; settings.schema.yaml describes each."""

    font: str = COMPLETE_FONT
    font_size_pt: float = 7.0
    line_width_pt: float = 0.75
    widths_mm: tuple[float, ...] = (85.0, 180.0)
    dpi: int = 600
    formats: tuple[str, ...] = ("pdf", "svg", "png")
    palette: str = "page"

    @classmethod
    def from_dict(cls, block: Mapping[str, Any]) -> Self:
        """Build from the block of the settings."""
        return cls(
            font=str(block["font"]),
            font_size_pt=float(block["font_size_pt"]),
            line_width_pt=float(block["line_width_pt"]),
            widths_mm=tuple(float(width) for width in block["widths_mm"]),
            dpi=int(block["dpi"]),
            formats=tuple(block["formats"]),
            palette=str(block["palette"]),
        )

    @property
    def parameters(self) -> dict[str, Any]:
        """The style as parameters of matplotlib."""
        size, width = self.font_size_pt, self.line_width_pt
        sizes = (
            "font.size",
            "axes.labelsize",
            "axes.titlesize",
            "xtick.labelsize",
            "ytick.labelsize",
            "legend.fontsize",
        )
        widths = ("axes.linewidth", "xtick.major.width", "ytick.major.width", "patch.linewidth")
        return {
            **dict.fromkeys(sizes, size),
            **dict.fromkeys(widths, width),
            "font.family": list(dict.fromkeys([self.font, COMPLETE_FONT])),
            "lines.linewidth": 1.5 * width,
            "xtick.major.size": 2.5,
            "ytick.major.size": 2.5,
            "axes.spines.top": False,
            "axes.spines.right": False,
            "axes.labelpad": 3.0,
            "legend.frameon": False,
            "figure.facecolor": "none",
            "axes.facecolor": "none",
            "savefig.facecolor": "none",
            "pdf.fonttype": 42,
            "ps.fonttype": 42,
            "svg.fonttype": "none",
            "svg.hashsalt": HASH_SALT,
            "figure.constrained_layout.w_pad": 2 / PT_PER_INCH,
            "figure.constrained_layout.h_pad": 2 / PT_PER_INCH,
        }

    def check_font(self) -> None:
        """Raise CohortError if the font is not installed, with fonts that are."""
        from matplotlib import font_manager

        known = sorted({font.name for font in font_manager.fontManager.ttflist})
        if self.font not in known:
            remedy = f"Install it, or choose one of: {', '.join(known)}"
            raise CohortError([Problem("settings", 0, "report.figures.font", f"no font '{self.font}'", remedy)])


@dataclass(frozen=True)
class Sheet:
    """A figure to draw: its style, and its width (mm)."""

    style: FigureStyle
    width_mm: float

    @property
    def is_narrow(self) -> bool:
        """Whether parts stand one above the other."""
        return self.width_mm < NARROW_BELOW_MM

    @property
    def width_pt(self) -> float:
        """Width in points."""
        return self.width_mm / MM_PER_INCH * PT_PER_INCH

    @property
    def font_pt(self) -> float:
        """Size of the text in points."""
        return self.style.font_size_pt
