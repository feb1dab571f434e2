"""How often the checks of the microscopy assays fire on sound and on faulty drawn recordings.

    python benchmarks/microscopy_checks.py synaptic_puncta|stained_cells|dendritic_spines

Draws sound fields of varied density, noise, size and background, and fields with one fault each, in three to five
strengths, of seeds that no final figure is taken from. Prints for each limit of a check how many it flags, at half of
the limit, at the limit and at double, and what was measured over what was drawn. docs/decisions/0019 shows the table.
"""

import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import cache, partial
from pathlib import Path
from typing import Any

import numpy as np
from scipy import ndimage

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "workflow"), str(ROOT / "benchmarks")]

from check_limits import Limit, Recording, report  # noqa: E402

from ketaflow import assays  # noqa: E402
from ketaflow.core import settings  # noqa: E402
from ketaflow.core.inputs import Rows, build  # noqa: E402

SEED = 70
REPEATS = 3


def defaults(assay: str, stage: str, kind: type) -> Any:
    """Return the default settings of a stage."""
    return build(kind, settings.with_defaults({}, assays.described(assay, "settings.schema"))[stage])


# Puncta ---------------------------------------------------------------------------------------------------------------
def puncta_recordings() -> Iterator[Recording]:
    """Fields of 40 um; the ratio is that of synapses, or of puncta where there are no pairs."""
    from ketaflow.assays.synaptic_puncta.simulation.fields import Scene

    base = Scene(width_px=400, height_px=400, synapses=250, pre_alone=150, post_alone=150)
    sound = (
        {}, {"snr": 5}, {"snr": 12}, {"nuclei": 6}, {"unevenness": 1.2}, {"synapses": 600}, {"synapses": 100},
        {"sigma_um": 0.12}, {"sigma_um": 0.2}, {"brightness_cv": 0.5}, {"planes": 6, "width_px": 250, "height_px": 250},
    )  # fmt: skip
    for words in sound:
        for seed in range(2):
            yield puncta_recording(replace(base, **words), seed=seed)
    faults: dict[str, list[tuple[float, dict[str, Any], Callable[..., Any] | None]]] = {
        "coarse_pixel_um": [(um, {"pixel_size_um": um, **_side(40, um)}, None) for um in (0.16, 0.25, 0.32, 0.45)],
        "saturated_pct": [(share, {}, partial(clipped_above, share=share)) for share in (0.3, 0.7, 1.5, 4.0)],
        "least_puncta": [(count, {"synapses": count, "pre_alone": 0, "post_alone": 0}, None)
                         for count in (0, 15, 35, 80)],
        "least_tissue_pct": [(share, {}, partial(without_tissue, share=share / 100)) for share in (30, 50, 70, 90)],
        "bleed_through_pct": [
            (share, {"bleed_pct": share, "snr": 12, "synapses": 120, "pre_alone": 500, "post_alone": 300}, None)
            for share in (0, 5, 15, 30, 50)],
        "displacement_um": [(0.1 * px, {}, partial(displaced, px=px)) for px in (1, 2, 3, 4)],
        "chance_pct": [(synapses, {"synapses": synapses, "pre_alone": 1500, "post_alone": 1500}, None)
                       for synapses in (0, 100, 300, 600)],
        "black level": [(share, {}, partial(clipped_below, share=share / 100)) for share in (5, 14, 20, 40, 70)],
    }  # fmt: skip
    for fault, strengths in faults.items():
        for strength, words, change in strengths:
            for seed in range(REPEATS):
                yield puncta_recording(replace(base, **words), seed=100 + seed, fault=(fault, strength), change=change)
    for share in (3, 7, 15, 30):
        for seed in range(REPEATS):
            yield puncta_recording(base, seed=200 + seed, fault=("secondary_only_pct", share), unspecific=share / 100)


def _side(um: float, pixel_um: float) -> dict[str, int]:
    """Return the size of a field so wide."""
    return {"width_px": round(um / pixel_um), "height_px": round(um / pixel_um)}


def clipped_above(channel: np.ndarray, rng: np.random.Generator, share: float) -> np.ndarray:
    """A detector that clips the brightest share of the pixels (%)."""
    return np.minimum(channel, np.quantile(channel, 1 - share / 100)).astype(channel.dtype)


def clipped_below(channel: np.ndarray, rng: np.random.Generator, share: float) -> np.ndarray:
    """A camera whose offset is too low for the darkest share of the pixels."""
    return np.maximum(channel, np.quantile(channel, share)).astype(channel.dtype)


def without_tissue(channel: np.ndarray, rng: np.random.Generator, share: float) -> np.ndarray:
    """A field of which a share is empty: a fifth of the background, without puncta."""
    from ketaflow.assays.synaptic_puncta.constants import CAMERA_OFFSET, READ_NOISE_SD

    edge, changed = round(share * channel.shape[-1]), channel.copy()
    photons = rng.poisson(60.0, channel[..., :edge].shape) + rng.normal(0, READ_NOISE_SD, channel[..., :edge].shape)
    changed[..., :edge] = np.clip(photons + CAMERA_OFFSET, 0, None)
    return changed


def displaced(channel: np.ndarray, rng: np.random.Generator, px: int) -> np.ndarray:
    """A channel that lies some pixels to the right."""
    return np.roll(channel, px, axis=-1)


def puncta_recording(
    scene: Any, *, seed: int, fault: tuple[str, float] = ("", 0.0), change: Any = None, unspecific: float = 0.0
) -> Recording:
    """Draw, change and measure a field; both channels are changed, the second alone where it is displaced."""
    from ketaflow.assays.synaptic_puncta import qc, quantify
    from ketaflow.assays.synaptic_puncta.model import Channel, Field, Fields, QuantifySettings
    from ketaflow.assays.synaptic_puncta.simulation.fields import simulate_field

    rng = np.random.default_rng([SEED, seed])

    def field_of(drawn_scene: Any) -> Any:
        drawn = simulate_field(drawn_scene, rng)
        channels = []
        for side, pixels in (("pre", drawn.pre), ("post", drawn.post)):
            pixels = pixels if drawn_scene.planes > 1 else pixels[0]
            if change is not None and not (fault[0] == "displacement_um" and side == "pre"):
                pixels = change(pixels, rng)
            saturated = 100 * float(np.mean(pixels == pixels.max())) if fault[0] == "saturated_pct" else 0.0
            channels.append(Channel("drawn", side, pixels, saturated))
        step_um = drawn_scene.z_step_um if drawn_scene.planes > 1 else None
        return Field("drawn", "M1", "", None, *channels, drawn_scene.pixel_size_um, step_um, "table", ())

    few = [replace(scene, synapses=0, pre_alone=round(unspecific * 400), post_alone=round(unspecific * 400))]
    fields = Fields([field_of(scene)], [field_of(one) for one in few if unspecific])
    measured = quantify.quantify(fields, defaults("synaptic_puncta", "quantify", QuantifySettings))
    section = measured.sections[0]
    drawn_count = scene.synapses or scene.pre_alone
    found = section.synapses if scene.synapses else section.pre_puncta
    ratio = float(found) / drawn_count if drawn_count else np.nan
    qc._figures = lambda *_: []
    return Recording(*fault, ratio, lambda own: qc.qc(fields, measured, own).checks)


PUNCTA_LIMITS = (
    Limit("coarse_pixel_um", "pixel size"), Limit("saturated_pct", "saturation"), Limit("least_puncta", "puncta"),
    Limit("least_tissue_pct", "tissue"), Limit("bleed_through_pct", "bleed-through"),
    Limit("displacement_um", "displacement"), Limit("chance_pct", "chance"),
    Limit("secondary_only_pct", "secondary only"), Limit("black level", "black level"),
)  # fmt: skip


# Stained cells --------------------------------------------------------------------------------------------------------
def cell_recordings() -> Iterator[Recording]:
    """Fields of 0.25 mm of cells; the ratio is that of the count."""
    from ketaflow.assays.stained_cells.simulation.scene import Scene

    base = Scene(width_px=500, height_px=500, cells=60, pairs=15, background_density=0.01)
    dab = replace(base, stain="dab", nuclei=40)
    styles = ("disc", "textured", "defocused", "soma")
    sound = [replace(one, style=style, snr=snr) for one in (base, dab) for style in styles for snr in (6, 12)]
    few = [{"cells": cells, "pairs": 0, **words} for cells in (0, 3, 8, 15) for words in ({}, {"unevenness": 1.2})]
    others = *few, {"unevenness": 1.2}, {"cells": 150, "pairs": 30}, {"min_axis_ratio": 0.45}, {"haze": 1.0}
    sound += [replace(one, **words) for one in (base, dab) for words in others]
    for number, scene in enumerate(sound):
        yield cell_recording(scene, seed=number)
    wide = replace(base, style="disc")
    faults: dict[str, list[tuple[float, Any, dict[str, Any]]]] = {
        "max_pixel_size_um": [(um, replace(base, pixel_size_um=um, **_side(250, um)), {})
                              for um in (0.9, 1.5, 2.0, 3.0)],
        "max_saturated_pct": [(share, replace(wide, snr=12), {"clip_pct": share}) for share in (1, 3, 6, 20)],
        "max_near_threshold_pct": [(density, replace(dab, optical_density=density), {})
                                   for density in (0.05, 0.065, 0.08, 0.1, 0.2)],
        "faint fluorescence": [(snr, replace(base, snr=snr), {}) for snr in (0.7, 1.0, 1.5, 3.0)],
        "max_out_of_size_pct": [(factor, one, {"scale": factor}) for factor in (0.3, 0.5, 1.5, 2.0, 3.0)
                                for one in (base, dab)],
        "max_covered_pct": [(cells, replace(base, cells=cells, pairs=50, crowding=0.6), {})
                            for cells in (300, 600, 900)],
        "min_area_um2": [(um, replace(base, **_side(um, 0.5), cells=round(60 * (um / 250) ** 2), pairs=0), {})
                         for um in (80, 120, 180)],
        "min_white_pct": [(level, replace(dab, white=(level, level, level)), {})
                          for level in (60.0, 100.0, 150.0, 200.0)],
        "tinted white": [(blue, replace(dab, white=(245.0, 240.0, blue)), {}) for blue in (235.0, 225.0, 200.0)],
        "max_tint_ratio": [(blue, replace(dab, white=(245.0, 240.0, blue)), {"white": (245.0, 240.0, blue)})
                           for blue in (235.0, 225.0, 210.0, 180.0)],
        "max_stain_angle_deg": [(share, dab, {"other_stain": share}) for share in (0.2, 0.4, 0.6, 0.8)],
    }  # fmt: skip
    for fault, strengths in faults.items():
        for strength, scene, words in strengths:
            for seed in range(REPEATS):
                yield cell_recording(scene, seed=100 + seed, fault=(fault, strength), **words)


def recoloured(pixels: np.ndarray, white: tuple[float, ...], share: float) -> np.ndarray:
    """Turn the brown of a DAB image towards haematoxylin, as of counterstained nuclei that are taken for stain."""
    from ketaflow.assays.stained_cells.constants import DRAWN_DAB, DRAWN_HAEMATOXYLIN

    dab, other = (np.array(one) / np.linalg.norm(one) for one in (DRAWN_DAB, DRAWN_HAEMATOXYLIN))
    density = -np.log10(np.maximum(pixels, 0.5) / np.array(white))
    turned = density + share * (density @ dab)[..., None] * (other - dab)
    return (np.array(white) * 10**-turned).round().clip(0, 255).astype(pixels.dtype)


def cell_recording(
    scene: Any, *, seed: int, fault: tuple[str, float] = ("", 0.0), clip_pct: float = 0.0, scale: float = 1.0,
    white: tuple[float, float, float] | None = None, other_stain: float = 0.0,
) -> Recording:  # fmt: skip
    """Draw, change and measure a field."""
    from ketaflow.assays.stained_cells import qc, quantify
    from ketaflow.assays.stained_cells.model import Field, Fields, QuantifySettings
    from ketaflow.assays.stained_cells.simulation.rendering import simulate_field

    drawn = simulate_field(scene, np.random.default_rng([SEED, seed]))
    pixels, level = drawn.pixels, 255.0 if scene.stain == "dab" else 2.0**scene.bits - 1
    if clip_pct:
        level = float(np.quantile(pixels[drawn.labels > 0], 1 - clip_pct / 100))
        pixels = np.minimum(pixels, level).astype(pixels.dtype)
    if other_stain:
        pixels = recoloured(pixels, scene.white, other_stain)
    field = Field(
        recording="drawn", image="drawn", animal="M1", region="", section=None, marker="c-Fos", stain=scene.stain,
        pixels=pixels, roi=None, pixel_size_um=scale * scene.pixel_size_um, planes=1, saturation_level=level,
        scale_source="table", notes=(),
    )  # fmt: skip
    own = defaults("stained_cells", "quantify", QuantifySettings)
    own = own if white is None else replace(own, stain=replace(own.stain, white_level=white))
    measured = quantify.quantify(Fields([field]), own, rows=Rows())
    qc._figures = lambda *_: []
    ratio = measured.fields[0].cell_count / max(len(drawn.cells), 1)
    return Recording(*fault, ratio, lambda limits: qc.qc(Fields([field]), measured, limits).checks)


CELL_LIMITS = (
    Limit("max_pixel_size_um", "pixel size"), Limit("max_saturated_pct", "saturation"),
    Limit("max_near_threshold_pct", "threshold"), Limit("faint fluorescence", "threshold"),
    Limit("faint fluorescence", "size"), Limit("max_out_of_size_pct", "size"),
    Limit("max_covered_pct", "crowding"), Limit("min_area_um2", "area"), Limit("min_white_pct", "white level"),
    Limit("tinted white", "white level"), Limit("max_tint_ratio", "white balance"),
    Limit("max_stain_angle_deg", "stain colour"),
)  # fmt: skip


# Spines ---------------------------------------------------------------------------------------------------------------
def spine_recordings() -> Iterator[Recording]:
    """Stacks of a dendrite of 15 um; the ratio is that of spines per length."""
    for seed in range(8):
        yield spine_recording(seed=seed, photons=(120.0, 60.0)[seed % 2])
    faults: dict[str, list[tuple[float, dict[str, Any]]]] = {
        "max_saturated_pct": [(level, {"clip": level}) for level in (1800.0, 1200.0, 700.0, 400.0)],
        "min_snr_ratio": [(photons, {"photons": photons}) for photons in (40.0, 20.0, 10.0, 5.0)],
        "max_pixel_size_um": [(factor, {"binned": factor}) for factor in (2, 3)],
        "min_length_um": [(um, {"length_um": um}) for um in (6.5, 9.0, 12.0)],
        "stack edge": [(planes, {"cut": planes}) for planes in (4, 6, 7)],
    }
    wrong = (0.2, 0.33, 0.5, 2.0, 3.0, 5.0)
    for name in ("max_shaft_radius_um", "max_head_um", "max_spine_um"):
        faults[name] = [(factor, {"scale": factor}) for factor in wrong]
    faults["min_shaft_radius_um"] = [(um, {"radius_um": um, "photons": 160.0}) for um in (0.05, 0.1, 0.15, 0.2)]
    faults["too small a scale"] = faults["max_head_um"][:3]
    faults["max_foreground_ratio"] = [(um, {"nuclei_um": um}) for um in (3.0, 6.0, 9.0)]
    for fault, strengths in faults.items():
        for strength, words in strengths:
            for seed in range(REPEATS):
                yield spine_recording(seed=100 + seed, fault=(fault, strength), **words)


def nuclei(width_um: float, seed: int) -> np.ndarray:
    """Draw textured nuclei of about this width, one and a half widths apart, in 30 um at 0.1 um per pixel."""
    rng = np.random.default_rng([SEED, seed])
    side, light = 300, np.zeros((300, 300))
    y, x = np.mgrid[:side, :side] * 0.1
    for top in np.arange(width_um, 30, 1.5 * width_um):
        for left in np.arange(width_um, 30, 1.5 * width_um):
            away = np.hypot(y - top - rng.uniform(-1, 1), x - left - rng.uniform(-1, 1))
            light[away < width_um * rng.uniform(0.4, 0.6)] = rng.uniform(0.6, 1)
    grain = ndimage.gaussian_filter(rng.normal(size=light.shape), 4)
    light = ndimage.gaussian_filter(light * np.clip(1 + 0.4 * grain / grain.std(), 0.1, None), 2)
    return rng.poisson(200 * light + 10).astype(np.uint16)[None]


@cache
def measured_stack(
    *, seed: int, photons: float = 80.0, length_um: float = 15.0, clip: float | None = None, binned: int = 1,
    cut: int = 0, scale: float = 1.0, radius_um: float = 0.4, nuclei_um: float = 0.0,
) -> tuple[Any, Any, float]:  # fmt: skip
    """Draw, change and measure a stack; return the image, what was found, and found over drawn spines per length."""
    import dendritic_spines as bench

    count = max(round(12 * length_um / 15), 3)
    each = count // 3
    truth = bench.TruthRow(length_um, photons, each, each, count - 2 * each, filopodium_count=0, hidden_count=each)
    bench.constants.SHAFT_RADIUS_UM = radius_um
    line, spines, stack = bench.simulate.simulate_stack(truth, SEED + seed)
    stack = nuclei(nuclei_um, seed) if nuclei_um else stack
    stack = stack[cut:] if clip is None else np.minimum(stack, clip).astype(stack.dtype)
    if binned > 1:
        rows, columns = (side // binned * binned for side in stack.shape[1:])
        parts = stack[:, :rows, :columns].reshape(len(stack), rows // binned, binned, columns // binned, binned)
        stack = parts.mean((2, 4)).astype(stack.dtype)
    step_um, pixel_um, _ = bench.VOXEL_UM
    image = bench.image_of(stack, scale * binned * pixel_um, scale * step_um)
    image = replace(image, saturation_level=4095.0 if clip is None else clip)
    measured = bench.quantify.quantify(image, bench.SETTINGS.quantify, rows=Rows())
    found_um = sum(branch.length_um for branch in measured.dendrites) / scale
    per_um = sum(not spine.hidden for spine in spines) / bench.scene.path_length_um(line)
    return image, measured, len(measured.spines) / found_um / per_um if found_um else np.nan


def spine_recording(*, seed: int, fault: tuple[str, float] = ("", 0.0), **words: Any) -> Recording:
    """Draw, change and measure a stack."""
    from ketaflow.assays.dendritic_spines import qc

    image, measured, ratio = measured_stack(seed=seed, **words)
    qc._figures = lambda *_: []
    return Recording(*fault, ratio, lambda limits: qc.qc(image, measured, limits, rows=Rows()).checks)


SPINE_LIMITS = (
    Limit("max_saturated_pct", "saturated_pct"), Limit("min_snr_ratio", "snr"),
    Limit("max_pixel_size_um", "pixel_size_um"), Limit("min_length_um", "dendrite_length_um"),
    Limit("min_shaft_radius_um", "shaft_radius_um"), Limit("too small a scale", "dendrite_length_um"),
    Limit("max_shaft_radius_um", "shaft_radius_um"),
    Limit("max_head_um", "mean_head_diameter_um"), Limit("max_spine_um", "mean_length_um"),
    Limit("max_foreground_ratio", "foreground_ratio"), Limit("stack edge", "shaft_at_stack_edge_pct"),
)  # fmt: skip


def main() -> None:
    from ketaflow.assays.dendritic_spines.model import QcSettings as SpineSettings
    from ketaflow.assays.stained_cells.model import QcSettings as CellSettings
    from ketaflow.assays.synaptic_puncta.model import QcSettings as PunctaSettings

    drawn, limits, kind = {
        "synaptic_puncta": (puncta_recordings, PUNCTA_LIMITS, PunctaSettings),
        "stained_cells": (cell_recordings, CELL_LIMITS, CellSettings),
        "dendritic_spines": (spine_recordings, SPINE_LIMITS, SpineSettings),
    }[sys.argv[1]]
    report(list(drawn()), limits, defaults(sys.argv[1], "qc", kind))


if __name__ == "__main__":
    main()
