"""Make a cohort of the forced swim poses and labels of Sturman et al. 2020, to compare ketaflow with four people.

    python benchmarks/forced_swim_sturman.py PATH/TO/DLCAnalyzer PATH/TO/COHORT

The first folder is a clone of github.com/ETHZ-INS/DLCAnalyzer (GPL-3), which holds the poses of DeepLabCut
(data/FST/Output_DLC) and the labels (data/FST/Lables/AllFSTLables.csv). The videos of the labels become recordings; an
animal is released at the first start mark (the median of the people who set one). All animals are in one arm, because
the repository does not say how they were treated. See docs/forced_swim_poses.md.
"""

import re
import shutil
import sys
from pathlib import Path

import pandas as pd

RATE_HZ = 25.0
POSES, LABELS = Path("data/FST/Output_DLC"), Path("data/FST/Lables/AllFSTLables.csv")
START_MARK = r"^start"


def releases(labels: pd.DataFrame) -> pd.Series:
    """Release of each video (seconds): the first start mark of each person, the median of people."""
    marks = labels[labels["type"].str.contains(START_MARK, case=False, na=False)]
    return marks.groupby(["ID", "Experimenter"])["from"].min().groupby("ID").median()


def main(repository: Path, cohort: Path) -> None:
    """Write the tables of the cohort and copy the poses and labels."""
    labels = pd.read_csv(repository / LABELS, sep=";")
    numbered = {
        f"FST_{match.group(1)}": path
        for path in sorted((repository / POSES).glob("*.csv"))
        if (match := re.match(r"FST_(\d+)", path.name))
    }
    release_s = releases(labels)
    rows = []
    (cohort / "poses").mkdir(parents=True)
    for name in sorted(set(labels["ID"])):
        if name not in numbered:
            print(f"no poses of {name} in {POSES}; left out")
            continue
        shutil.copyfile(numbered[name], cohort / "poses" / f"{name}.csv")
        rows.append({
            "recording": name, "animal": name.replace("FST_", "mouse_"), "video": f"poses/{name}.csv", "cylinder": 1,
            "frame_rate_hz": RATE_HZ, "release_s": release_s.get(name),
        })  # fmt: skip
    swims = pd.DataFrame(rows)
    animals = pd.DataFrame({"animal": swims["animal"], "sex": "unknown", "species": "mouse"})
    swims.to_csv(cohort / "forced_swim.csv", index=False)
    animals.to_csv(cohort / "animals.csv", index=False)
    animals[["animal"]].assign(arm="all").to_csv(cohort / "allocation.csv", index=False)
    arms = pd.DataFrame([{"arm": "all", "control": "yes", "drug": "untreated", "dose_mg_per_kg": 0}])
    arms.to_csv(cohort / "arms.csv", index=False)
    labels[labels["ID"].isin(swims["recording"])].to_csv(cohort / "forced_swim_human_scores.csv", sep=";", index=False)
    print(f"{len(swims)} recordings in {cohort}")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
