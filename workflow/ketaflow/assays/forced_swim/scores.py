"""What people scored: rows of the cohort's table, BORIS exports and DLCAnalyzer-style labels, in one shape.

Out: rows of ``recording``, ``rater``, ``behaviour``, ``start_s``, ``stop_s`` (seconds of the video) or ``total_s``.
BORIS writes events with START and STOP (tabular), bouts with both times (aggregated), or points: a point begins its
behaviour, which lasts until the next point. DLCAnalyzer labels have the columns file, Experimenter, from, to, type, ID.
"""

import csv
import io
from pathlib import Path

from ketaflow.core.errors import IngestError
from ketaflow.core.tables import decode

FIELDS = ("recording", "rater", "behaviour", "start_s", "stop_s", "total_s")
# Beginnings of the words people use for the behaviours (Danish: flydende, floating).
WORDS = {
    "immob": "immobility", "float": "immobility", "flyd": "immobility", "passiv": "immobility",
    "swim": "swimming", "climb": "climbing", "strugg": "climbing", "div": "diving",
}  # fmt: skip
HEADINGS = {
    "behavior": "behaviour", "behaviour": "behaviour", "type": "behaviour", "observation id": "observation",
    "id": "observation", "subject": "subject", "experimenter": "rater", "observer": "rater", "start (s)": "start",
    "stop (s)": "stop", "from": "start", "to": "stop", "time": "time", "behavior type": "kind", "status": "kind",
    "behavioral type": "kind",
}  # fmt: skip


def gathered(rows: dict[str, list[dict]], folder: Path) -> list[dict]:
    """All that people scored of the recordings of one group."""
    found = [{name: row.get(name) for name in FIELDS} for row in rows.get("forced_swim_human_scores", [])]
    for row in rows.get("forced_swim_human_files", []):
        events = exported(folder / row["file"], row.get("observation"))
        for event in events:
            rater = row.get("rater") or event["rater"] or Path(row["file"]).stem
            found.append({**event, "recording": row["recording"], "rater": rater})
    return found


def exported(path: Path, observation: str | None) -> list[dict]:
    """Bouts of one observation of an exported file (without recording); all of it if the file holds just one."""
    events = [event for event in table_of(path) if named(event.get("behaviour", ""))]
    if not events:
        raise IngestError(
            f"{path.name}: no floating, swimming or climbing was found in this export. Expected a BORIS export of "
            "events or a label file with the columns file;Experimenter;from;to;type;ID."
        )
    names = sorted({event.get("observation", "") for event in events} | {event.get("subject", "") for event in events})
    if observation is not None:
        events = [event for event in events if observation in (event.get("observation"), event.get("subject"))]
        if not events:
            raise IngestError(f"{path.name}: there is no observation '{observation}'; found {', '.join(names)}.")
    elif len({(event.get("observation"), event.get("subject")) for event in events}) > 1:
        raise IngestError(
            f"{path.name}: the export holds several observations ({', '.join(filter(None, names))}). "
            "Fill in the column observation of forced_swim_human_files."
        )
    raters = sorted({event.get("rater", "") for event in events})
    return [bout for rater in raters for bout in bouts([e for e in events if e.get("rater", "") == rater], path.name)]


def table_of(path: Path) -> list[dict]:
    """Rows of an export by ketaflow's names for its columns; lines above the heading are skipped."""
    if path.suffix.lower() in (".xlsx", ".xls"):
        import openpyxl

        sheet = openpyxl.load_workbook(path, read_only=True, data_only=True).worksheets[0]
        cells = [["" if cell is None else str(cell) for cell in row] for row in sheet.iter_rows(values_only=True)]
    else:
        text = decode(path.read_bytes())
        cells = list(csv.reader(io.StringIO(text, newline=""), delimiter=max("\t;,", key=text.count)))
    heading = next(
        (i for i, row in enumerate(cells) if "behaviour" in {HEADINGS.get(c.strip().lower()) for c in row}), 0
    )
    columns = [HEADINGS.get(cell.strip().lower()) for cell in cells[heading]] if cells else []
    return [
        {name: cell.strip() for name, cell in zip(columns, row, strict=False) if name} for row in cells[heading + 1 :]
    ]


def named(word: str) -> str:
    """The behaviour a word means, or an empty text."""
    return next((name for start, name in WORDS.items() if word.strip().lower().startswith(start)), "")


def bouts(events: list[dict], file: str) -> list[dict]:
    """Bouts of one rater from bouts, starts and stops, or points."""
    if "start" in events[0]:
        found = [(named(e["behaviour"]), number(e["start"], file), number(e["stop"], file)) for e in events]
    else:
        timed = sorted(((number(e["time"], file), e) for e in events), key=lambda pair: pair[0])
        points = all(event.get("kind", "").upper() == "POINT" for _, event in timed)
        found = from_points(timed) if points else from_starts(timed, file)
    rater = events[0].get("rater", "")
    return [
        {"rater": rater, "behaviour": behaviour, "start_s": start, "stop_s": stop, "total_s": None}
        for behaviour, start, stop in found
    ]


def from_starts(timed: list[tuple[float, dict]], file: str) -> list[tuple[str, float, float]]:
    """Each START with the STOP of its behaviour that follows; a bout without one is refused."""
    found, open_since = [], {}
    for time_s, event in timed:
        behaviour = named(event["behaviour"])
        if behaviour in open_since:
            found.append((behaviour, open_since.pop(behaviour), time_s))
        else:
            open_since[behaviour] = time_s
    if open_since:
        behaviour, since_s = next(iter(open_since.items()))
        raise IngestError(
            f"{file}: {behaviour} starts at {since_s:g} s and never stops. Close the bout and export again."
        )
    return found


def from_points(timed: list[tuple[float, dict]]) -> list[tuple[str, float, float]]:
    """Each point begins its behaviour, which lasts until the next; the last lasts as long as the one before it."""
    times_s = [time_s for time_s, _ in timed]
    last_s = times_s[-1] + (times_s[-1] - times_s[-2] if len(times_s) > 1 else 0)
    return [
        (named(event["behaviour"]), time_s, next_s)
        for (time_s, event), next_s in zip(timed, [*times_s[1:], last_s], strict=True)
    ]


def number(text: str, file: str) -> float:
    """A number of an export, with decimal point or comma."""
    try:
        return float(text.replace(",", "."))
    except ValueError as error:
        raise IngestError(
            f"{file}: found '{text}' where a time in seconds was expected. Export the file again."
        ) from error
