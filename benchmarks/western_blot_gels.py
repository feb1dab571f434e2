"""Bands and lanes on real DNA gels with hand-edited masks: several combs, towels, paper and tables.

    .venv/bin/python benchmarks/western_blot_gels.py [masks] [combs]

Needs the folder of real recordings (../shared/data/blot).
"""

import sys

import numpy as np
from scipy import ndimage
from skimage import io
from western_blot import BLOTS, lane_rows, measured, print_figures

GELS = BLOTS / "gelgenie_masks"
# Lanes that show anything, counted by eye, comb by comb from the top.
GEL_LANES = {
    "Pair_10and11_Wk10_GelRed": (7, 7), "Pair_10and11_Wk9_GelRed": (8, 8), "Pair_12_Wk10_GelRed": (7,),
    "Pair_1_Wk10_GelRed": (7,), "Pair_2and3_Wk10_GelRed": (7, 7), "Pair_4and5_Wk10_GelRed": (6, 7),
    "Pair_6and7_Wk10_GelRed": (7, 7), "Pair_8and9_Wk10_GelRed": (7, 7), "UVP01938May142019": (3,),
    "UVP01940May142019": (3,),
}  # fmt: skip


def masks() -> list[tuple]:
    """Bands against hand-edited masks.

    A band is right if a mask reaches into the middle third of its rows and middle half of its columns; a mask is found
    if it reaches so into a band. Several bands in one mask are right (people painted touching ladder bands as one); a
    picture whose lanes are refused has no bands and none of its masks are found. Masks below 40 pixels are left out.
    """
    told, hits, refusals = [], np.zeros(4), 0
    for path in sorted(GELS.glob("*.jpg")):
        mask = io.imread(path.with_name(f"{path.stem}_mask.png")) > 0
        labels, count = ndimage.label(ndimage.binary_closing(mask, iterations=1))
        sizes = ndimage.sum_labels(mask, labels, np.arange(1, count + 1))
        kept = [number for number in range(1, count + 1) if sizes[number - 1] >= 40]
        membranes = {f"G{comb}": count for comb, count in enumerate(GEL_LANES[path.stem], start=1)}
        images = [
            {"image": path.name, "membrane": name, "target": "DNA", "role": "target"} for name in membranes
        ]  # fmt: skip
        lanes = [row for name, count in membranes.items() for row in lane_rows(name, count, "ladder")]
        bands, refused = measured(path.parent, images, lanes)
        refusals += len(refused)
        seen = set()
        good = 0
        for band in bands.itertuples() if len(bands) else ():
            part = labels[band.y_px : band.y_px + band.height_px, band.x_px : band.x_px + band.width_px]
            inner = part[len(part) // 3 : max(len(part) - len(part) // 3, 1)]
            inside = set(np.unique(inner[:, inner.shape[1] // 4 : max(inner.shape[1] - inner.shape[1] // 4, 1)])) - {0}
            good += bool(inside)
            seen |= inside
        hits += (good, len(bands), len(seen & set(kept)), len(kept))
        told.append(f"{path.stem[:14]} p {good}/{len(bands)} r {len(seen & set(kept))}/{len(kept)} {refused or ''}")
    precision, recall = hits[0] / max(hits[1], 1), hits[2] / hits[3]
    f1 = 2 * precision * recall / max(precision + recall, 1e-9)
    combs = sum(len(counts) for counts in GEL_LANES.values())
    for line in told:
        print("   ", line)
    return [
        ("hand-edited masks", f"precision {precision:.2f}, recall {recall:.2f}, F1 {f1:.2f}", ">= 0.85"),
        ("hand-edited masks, lanes refused", f"{refusals} of {combs} combs", "0"),
    ]


def combs() -> list[tuple]:
    """Combs of the real DNA gels with maps that list one lane less or more than they show."""
    told = []
    for change in (-1, 1):
        accepted = []
        for stem, counts in GEL_LANES.items():
            names = [f"G{comb}" for comb, _ in enumerate(counts, start=1)]
            images = [{"image": f"{stem}.jpg", "membrane": name, "target": "DNA", "role": "target"} for name in names]
            maps = zip(names, counts, strict=True)
            lanes = [row for name, count in maps for row in lane_rows(name, count + change, "ladder")]
            _, refused = measured(GELS, images, lanes)
            if len(refused) < len(counts):
                accepted.append(f"{stem} {len(counts) - len(refused)}")
        total = sum(int(each.split()[-1]) for each in accepted)
        print("   ", f"{change:+d}:", ", ".join(accepted))
        of = sum(len(counts) for counts in GEL_LANES.values())
        told.append((f"DNA combs, {change:+d} lane, accepted", f"{total} of {of}", "0"))
    return told


def main() -> None:
    parts = [part for part in (masks, combs) if part.__name__ in sys.argv[1:]]
    print_figures(parts or [masks, combs])


if __name__ == "__main__":
    main()
