"""ezTrack's freezing module: the output of each frame, and the summary of several files.

In: a csv file as ezTrack wrote it. Out: bouts, or totals, in seconds of the video. ezTrack counts frames, so the frame
rate must be given, unless a column FPS holds it. Freezing is written as 0 or 100 for each frame, in the summary as a
percentage.
"""

import re
from itertools import groupby

import numpy as np

from ketaflow.assays.forced_swim.readers import sheets
from ketaflow.assays.forced_swim.score_files.scored_bouts import Bouts, ReadOptions, ScoredBout, ScoreFile
from ketaflow.core.errors import Problem

PROGRAM = "ezTrack"
FRAME_COLUMNS = {"file", "frame", "freezing", "freezethresh"}
SUMMARY_COLUMNS = {"file", "filelength", "freezing", "freezethresh"}
NO_RATE = "ezTrack counts frames, and the frame rate is not given"
GIVE_RATE = "List the file in forced_swim_human_files, with the frame rate of the video in frame_rate_hz"
RUN_AGAIN = "Correct the row, or run ezTrack again"
RANGE = re.compile(r"\(\s*(\d+)\s*,\s*(\d+)\s*\)")


def recognises(file: ScoreFile) -> bool:
    """Return whether a file has the columns of ezTrack's freezing output or summary."""
    rows = file.sheets[0].rows
    names = {cell.lower() for cell in rows[0]} if rows else set()
    return names >= FRAME_COLUMNS or names >= SUMMARY_COLUMNS


def read(file: ScoreFile, options: ReadOptions) -> Bouts:
    """Read the freezing of every film in the file.

    Parameters
    ----------
    file : ScoreFile
        The output of the frames of one film, or the summary of several.
    options : ReadOptions
        Frame rate of the films.

    Returns
    -------
    Bouts
        The observation is the name of the film.
    """
    titles = [cell.lower() for cell in file.sheets[0].rows[0]]
    rows = [(number, dict(zip(titles, row, strict=False))) for number, row in file.sheets[0].numbered() if number > 1]
    problems = []
    for number, row in rows:
        for name in {"frame", "freezing", "filelength"} & set(titles):
            if sheets.parse_number(row.get(name, "")) is None:
                what = f"found '{row.get(name, '')}' where a number was expected"
                problems.append(Problem(file.name, number, name, what, RUN_AGAIN))
    stated = {sheets.parse_number(row.get("fps", "")) for _, row in rows}
    rate_hz = options.frame_rate_hz or (stated.pop() if len(stated) == 1 else None)
    if not rate_hz:
        problems.append(Problem(file.name, 1, "", NO_RATE, GIVE_RATE))
    if not rows:
        problems.append(Problem(file.name, 1, "", "the file holds no frames", "Run ezTrack again"))
    if problems or not rate_hz:
        return Bouts([], sorted(set(problems)))
    read_film = read_frames if "frame" in titles else read_summary
    found: list[ScoredBout] = []
    for film, own in groupby(sorted(rows, key=lambda row: (row[1]["file"], row[0])), key=lambda row: row[1]["file"]):
        bouts, faults = read_film(film, list(own), file.name, rate_hz)
        found, problems = found + bouts, problems + faults
    return Bouts(found, problems)


def read_frames(film: str, rows: list[tuple[int, dict[str, str]]], file: str, rate_hz: float) -> Bouts:
    """Make bouts of the frames of one film.

    Parameters
    ----------
    film : str
        Its name.
    rows : list of (int, dict)
        Row number, and cells by heading.
    file : str
        Name of the file, for messages.
    rate_hz : float
        Frames per second.

    Returns
    -------
    Bouts
        A film without freezing has one bout of no length.
    """
    frames = np.array([sheets.parse_number(row["frame"]) for _, row in rows], float)
    frozen = np.array([sheets.parse_number(row["freezing"]) for _, row in rows], float) > 0
    if (np.diff(frames) != 1).any():
        row = rows[int(np.flatnonzero(np.diff(frames) != 1)[0]) + 1][0]
        return Bouts([], [Problem(file, row, "Frame", "the frames are not consecutive", RUN_AGAIN)])
    edges = np.flatnonzero(np.diff(np.concatenate([[0], frozen.astype(int), [0]])))
    spans = [(first, after) for first, after in zip(edges[::2], edges[1::2], strict=True)] or [(0, 0)]
    return Bouts(
        [
            ScoredBout(
                row=rows[min(first, len(rows) - 1)][0],
                observation=film,
                subject="",
                media=film,
                rater=PROGRAM,
                behaviour="immobility",
                start_s=(frames[0] + first) / rate_hz,
                stop_s=(frames[0] + after) / rate_hz,
            )
            for first, after in spans
        ],
        [],
    )


def read_summary(film: str, rows: list[tuple[int, dict[str, str]]], file: str, rate_hz: float) -> Bouts:
    """Make the total of one film from its bins, which must not overlap.

    Parameters
    ----------
    film, rows, file, rate_hz
        As in ``read_frames``.

    Returns
    -------
    Bouts
    """
    frozen_s, scored_s, last = 0.0, 0.0, -np.inf
    for number, row in rows:
        span = RANGE.search(row.get("range(f)", ""))
        length = sheets.parse_number(row["filelength"]) or 0.0
        first, after = (int(span.group(1)), min(int(span.group(2)), length)) if span else (0, length)
        if first < last:
            what = f"the bins of {film} overlap, so their seconds cannot be added"
            return Bouts([], [Problem(file, number, "range(f)", what, "Summarise the scoring window alone")])
        last = after
        scored_s += (after - first) / rate_hz
        frozen_s += (sheets.parse_number(row["freezing"]) or 0.0) / 100 * (after - first) / rate_hz
    nan = float("nan")
    total = ScoredBout(rows[0][0], film, "", film, PROGRAM, "immobility", nan, nan, total_s=frozen_s, scored_s=scored_s)
    return Bouts([total], [])
