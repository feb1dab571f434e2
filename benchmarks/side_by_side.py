"""Side by side: ketaflow and other programs on the same drawn input, in one run; writes docs/benchmarks.md.

    make benchmark

The comparisons are in ``comparisons.py``; here their rows become the page. Rivals that are not installed are named.
"""

import contextlib
import signal
from importlib import metadata

import imagej
from comparisons import OURS, PARTS, ROOT, Row, out_of_time

PACKAGES = {"big-fish": "big-fish", "hplc-py": "hplc-py", "mocca2": "mocca2", "scikit-image": "scikit-image",
            "scipy": "scipy", "statsmodels": "statsmodels"}  # fmt: skip


ABOUT = """# Side by side with other programs

Written by `make benchmark` (`benchmarks/side_by_side.py`): every program gets the same drawn input in one run.
Times are CPU seconds of that run; compare ratios, not seconds. A ratio above 1 means that the other program
took longer. Where another program is faster or more accurate, its figure is in bold. Pixel differences and ImageJ's
maxima were given their best limit, which a user does not know; hplc-py and mocca2 the smallest peak to look for (2 % of
the largest). ImageJ's times are elapsed seconds of its commands, without its start; R's are CPU seconds of the fit.
The seeds are used nowhere else, but ketaflow was developed on data drawn in the same ways.
"""


def page(parts: dict[str, tuple[str, list[Row]]]) -> str:
    """The text of docs/benchmarks.md."""
    lines = [ABOUT]
    for title, (about, rows) in parts.items():
        lines += [
            f"## {title}",
            "",
            about,
            "",
            "| input | program | result | CPU (s) | time over ketaflow's |",
            "| --- | --- | --- | --- | --- |",
        ]
        for task in dict.fromkeys(row.task for row in rows):
            own = next(row for row in rows if row.task == task and row.tool == OURS)
            for row in (row for row in rows if row.task == task):
                ratio = "" if row is own else f"{row.cpu_s / own.cpu_s:.2f}"
                ratio = f"**{ratio}**" if ratio and row.cpu_s < own.cpu_s else ratio
                result = f"**{row.accuracy}**" if row is not own and is_better(row, own) else row.accuracy
                lines.append(f"| {task} | {row.tool} | {result} | {row.cpu_s:.3f} | {ratio} |")
        lines.append("")
    known = {name: version(package) for name, package in PACKAGES.items()} | {"ImageJ": imagej.version()}
    missing = [name for name, found in known.items() if not found]
    lines += ["## Programs", "", ", ".join(f"{name} {found}" for name, found in known.items() if found) + "."]
    if missing:
        lines += ["", f"Not installed in this run, and left out: {', '.join(missing)}."]
    lines += ["", "Not compared: ezTrack's own code; its method was written after its paper."]
    return "\n".join(lines) + "\n"


def is_better(row: Row, own: Row) -> bool:
    """Whether a rival's first number is the better one: a larger F1, a smaller error; models are compared with R."""
    theirs, ours = (
        float(next(word for word in one.accuracy.replace(",", "").split() if word[0].isdigit())) for one in (row, own)
    )
    if row.accuracy.startswith("F1"):
        return theirs > ours
    return not row.accuracy.startswith("se") and theirs < ours


def version(package: str) -> str:
    """Installed version; empty if there is none."""
    with contextlib.suppress(metadata.PackageNotFoundError):
        return metadata.version(package)
    return ""


def main() -> None:
    """Run all parts and write the page."""
    signal.signal(signal.SIGPROF, out_of_time)
    parts = {}
    for title, part in PARTS.items():
        parts[title] = (str(part.__doc__), part())
        for row in parts[title][1]:
            print(f"{row.task:36}{row.tool:52}{row.accuracy:60}{row.cpu_s:8.3f}", flush=True)
    (ROOT / "docs" / "benchmarks.md").write_text(page(parts), encoding="utf-8")


if __name__ == "__main__":
    main()
