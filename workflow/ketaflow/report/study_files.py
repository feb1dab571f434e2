"""The files of a run, read into the ``Study`` that the results page and the figures for papers show."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from ketaflow.core import cohort, files
from ketaflow.report import model
from ketaflow.review import decisions
from ketaflow.review.decisions import Decisions
from ketaflow.review.items import Item, items

COMMON = ("animals", "arms", "allocation")


@dataclass(frozen=True)
class StudyFiles:
    """Where the tables of a study are.

    Attributes
    ----------
    statistics : sequence of Path
        All tables that the statistics wrote.
    sentences, lock, run, shown : Path
        sentences.json, plan.lock.json, run.json and figures.json.
    measurements : Path
        After a review, measurements_reviewed.csv.
    common : dict of str to Path
        ``animals``, ``arms`` and ``allocation`` of the cohort.
    decisions : Path or None
        qc_decisions.csv; None if nobody has decided anything.
    """

    statistics: Sequence[Path]
    sentences: Path
    lock: Path
    run: Path
    shown: Path
    measurements: Path
    checks: Path
    recordings: Path
    review_key: Path
    common: Mapping[str, Path]
    decisions: Path | None

    @classmethod
    def from_inputs(cls, inputs: Any) -> Self:
        """Take the named inputs of a rule."""
        named = ("sentences", "lock", "run", "shown", "checks", "recordings", "review_key")
        return cls(
            statistics=[Path(path) for path in inputs.statistics],
            **{name: Path(inputs[name]) for name in named},
            measurements=Path(inputs.reviewed[0] if inputs.reviewed else inputs.measurements),
            common={name: Path(inputs[name][0]) for name in COMMON},
            decisions=Path(inputs.decisions[0]) if inputs.decisions else None,
        )

    @property
    def items(self) -> Sequence[Item]:
        """What reviewers judge."""
        return items(files.read_csv(self.review_key))

    def review(self) -> Decisions | None:
        """The review so far; None if nobody has decided anything."""
        return decisions.apply(cohort.read_table(self.decisions), self.items) if self.decisions else None


def read(
    found: StudyFiles,
    *,
    name: str,
    plan: Mapping[str, Any] | None,
    measures: Mapping[str, Any],
    notes: Sequence[str] = (),
) -> model.Study:
    """Read everything the results page shows.

    Parameters
    ----------
    found : StudyFiles
        Where the tables are.
    name : str
        Name of the cohort.
    plan : mapping or None
        The plan with all defaults filled in; None if the cohort has none.
    measures : mapping
        ``measures[assay][measure]``, entries of measures.yaml.
    notes : sequence of str
        How the tables of the cohort were read.

    Returns
    -------
    Study
    """
    written = files.read_json(found.sentences)
    return model.Study(
        name=name,
        **cohort.read_common(dict(found.common)),
        measurements=files.read_csv(found.measurements),
        checks=files.read_csv(found.checks),
        recordings=files.read_csv(found.recordings),
        statistics={path.stem: files.read_csv(path) for path in found.statistics if path.suffix == ".csv"},
        measures=model.measures_from(measures),
        plan=model.Plan.from_dict(plan) if plan else None,
        lock=model.PlanLock.from_dict(files.read_json(found.lock)),
        review=found.review(),
        provenance=model.Provenance.from_dict(files.read_json(found.run)),
        sentences=tuple(model.Sentence.from_dict(one) for one in written["sentences"]),
        methods_paragraph=written["methods"],
        notes=tuple(notes),
        assays=tuple(model.AssayFigures.from_dict(one) for one in files.read_json(found.shown)),  # type: ignore[arg-type]
    )
