"""What the engine costs at scale: planning, CPU per recording, memory, nothing to do, one more animal.

    python benchmarks/scale.py [recordings ...]
    python benchmarks/scale.py dialysis [animals]   # ten chromatograms each
    python benchmarks/scale.py videos        # how many jobs 500 videos are on a cluster

Makes a cohort of sucrose-preference bottles (two rows a recording, ten days an animal) or of dialysis animals in a
temporary folder, runs the whole workflow on it and prints one row per size. Times are CPU seconds of snakemake and all
its jobs, which other work on the machine disturbs least. Figures for papers are left to ``snakemake figures``.
"""

import os
import re
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import pandas as pd

ROOT = Path(__file__).resolve().parents[1]
DEMO = ROOT / "resources" / "demo_cohort"
sys.path.insert(0, str(ROOT / "workflow"))

from ketaflow.assays.microdialysis.simulate import draw  # noqa: E402
from ketaflow.core.inputs import Rows  # noqa: E402

DIALYSIS = ("microdialysis", "microdialysis_standards", "microdialysis_truth")
ARMS = ("vehicle", "ket5", "ket10", "ket20")
DAYS = 10


def make_bottles(folder: Path, recordings: int) -> None:
    """A cohort of ``recordings`` bottle pairs, ten days an animal."""
    animals = [f"M{number:06d}" for number in range(-(-recordings // DAYS))]
    write_animals(folder, animals)
    write_bottles(folder, animals, recordings)


def make_dialysis(folder: Path, animals: int) -> None:
    """A cohort of dialysis animals whose chromatograms are links to those of the demonstration's first animal."""
    names = [f"M{number:06d}" for number in range(animals)]
    write_animals(folder, names)
    tables = {name: pd.read_csv(DEMO / f"{name}.csv") for name in DIALYSIS}
    own = tables["microdialysis"].query("animal == 'M01'")
    if not (folder / "chromatograms").is_dir():
        rows = {name: table.to_dict("records") for name, table in tables.items()}
        for name in ("microdialysis", "microdialysis_truth"):
            rows[name] = [row for row in rows[name] if row["animal"] == "M01"]
        draw(Rows(rows), folder, seed=1)
    told = []
    for name in names:
        files = [path.replace("M01_", f"{name}_") for path in own["chromatogram"]]
        for drawn, path in zip(own["chromatogram"], files, strict=True):
            if not (folder / path).exists():
                os.link(folder / drawn, folder / path)
        told.append(own.assign(animal=name, chromatogram=files))
    pd.concat(told).to_csv(folder / "microdialysis.csv", index=False)
    tables["microdialysis_standards"].to_csv(folder / "microdialysis_standards.csv", index=False)


def write_animals(folder: Path, animals: list[str]) -> None:
    """Animals, arms, and who is in which."""
    arms = "\n".join(
        f"{arm},{'yes' if arm == 'vehicle' else 'no'},ketamine,{arm[3:] if arm != 'vehicle' else 0}" for arm in ARMS
    )
    write(folder, "arms", "arm,control,drug,dose_mg_per_kg", [arms])
    write(
        folder,
        "animals",
        "animal,sex,weight_g",
        [f"{animal},male,{20 + index % 9}" for index, animal in enumerate(animals)],
    )
    write(folder, "allocation", "animal,arm", [f"{animal},{ARMS[index % 4]}" for index, animal in enumerate(animals)])


def write_bottles(folder: Path, animals: list[str], recordings: int) -> None:
    """Two bottles a day for each animal."""
    rows = []
    for index in range(recordings):
        animal, day = animals[index // DAYS], index % DAYS
        name, drunk = f"spt_{animal}_{day}", 4 + index % 30 / 10
        times = f"2026-03-{day + 1:02d} 18:00,2026-03-{day + 2:02d} 18:00"
        rows.append(f"{name},{animal},day{day},left,sucrose,1,150,{150 - drunk:.2f},{times}")
        rows.append(f"{name},{animal},day{day},right,water,,150,{148.8 - index % 3 / 10:.2f},{times}")
    header = "recording,animal,session,side,content,concentration_pct,start_g,end_g,start_time,end_time"
    write(folder, "sucrose_preference", header, rows)


def write(folder: Path, name: str, header: str, rows: list[str]) -> None:
    (folder / f"{name}.csv").write_text("\n".join([header, *rows]) + "\n")


def timed(cohort: Path, results: Path, *words: str) -> tuple[float, float, int]:
    """CPU seconds (with children), wall seconds and peak memory (MB) of one snakemake call."""
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    command = [sys.executable, "-m", "snakemake", "--cores", "2", "--quiet", "all", *words]
    command += ["--config", f"cohort={cohort}", f"results={results}", "report={figures: {when: on_demand}}"]
    script = "import os,resource,subprocess,sys; c=subprocess.run(sys.argv[1:]).returncode; print(c)"
    done = subprocess.run([sys.executable, "-c", script, *command], cwd=ROOT, capture_output=True, text=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.stdout.strip().splitlines()[-1] != "0":
        sys.exit(done.stdout + done.stderr)
    cpu_s = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return cpu_s, time.perf_counter() - start, after.ru_maxrss // 1024


def main(sizes: list[int], make: Callable[[Path, int], None]) -> None:
    """One row per cohort size."""
    print("      size  plan_cpu_s  run_cpu_s  cpu_ms_each  peak_mb  nothing_to_do_cpu_s  one_more_cpu_s")
    for size in sizes:
        with tempfile.TemporaryDirectory() as folder:
            cohort, results = Path(folder) / "cohort", Path(folder) / "results"
            cohort.mkdir()
            make(cohort, size)
            plan_s, _, _ = timed(cohort, results, "--dry-run")
            run_s, _, peak_mb = timed(cohort, results)
            idle_s, _, _ = timed(cohort, results)
            make(cohort, size + 1)
            more_s, _, _ = timed(cohort, results)
            each_ms = 1000 * run_s / size
            cells = f"{size:10d}  {plan_s:10.1f}  {run_s:9.1f}  {each_ms:11.2f}  {peak_mb:7d}"
            print(f"{cells}  {idle_s:19.1f}  {more_s:14.1f}", flush=True)


def submissions(videos: int) -> int:
    """Jobs that a cohort of videos, one animal each, puts into Slurm's queue; planned only, so the files are empty."""
    with tempfile.TemporaryDirectory() as folder:
        cohort = Path(folder) / "cohort"
        cohort.mkdir()
        write_animals(cohort, [f"M{index:06d}" for index in range(videos)])
        rows = [f"fst_M{index:06d},M{index:06d},fst_{index:06d}.mp4,1" for index in range(videos)]
        write(cohort, "forced_swim", "recording,animal,video,cylinder", rows)
        for index in range(videos):
            (cohort / f"fst_{index:06d}.mp4").touch()
        command = [
            sys.executable,
            "-m",
            "snakemake",
            "--dry-run",
            "--workflow-profile",
            "profiles/slurm",
            "--quiet",
            "host",
        ]
        command += ["--config", f"cohort={cohort}", f"results={folder}/results"]
        told = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    counts = dict(re.findall(r"^(\w+)\s+(\d+)$", told, re.MULTILINE))
    # The stages of a batch are one submission; ``all`` is no job.
    return sum(int(count) for rule, count in counts.items() if rule not in ("quantify", "qc", "all", "total"))


if __name__ == "__main__":
    os.environ.setdefault("PYTHONDONTWRITEBYTECODE", "1")
    if sys.argv[1:] == ["videos"]:
        print(f"500 videos are {submissions(500)} submissions to Slurm")
    elif sys.argv[1:2] == ["dialysis"]:
        main([int(word) for word in sys.argv[2:]] or [2000], make_dialysis)
    else:
        main([int(word) for word in sys.argv[1:]] or [200, 2000, 20000], make_bottles)
