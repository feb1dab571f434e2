"""What people scored: rows of the cohort's table, BORIS exports and DLCAnalyzer-style labels, in one shape.

Out: rows of ``recording``, ``rater``, ``behaviour``, ``start_s``, ``stop_s`` (seconds of the video) or ``total_s``.
"""

from pathlib import Path


def gathered(rows: dict[str, list[dict]], folder: Path) -> list[dict]:
    """All that people scored of the recordings of one group."""
    wanted = ("recording", "rater", "behaviour", "start_s", "stop_s", "total_s")
    return [{name: row.get(name) for name in wanted} for row in rows.get("forced_swim_human_scores", [])]
