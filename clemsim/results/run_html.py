"""The scores of a run as a table for notebooks. Text that comes from the run is escaped."""

from __future__ import annotations

from collections.abc import Iterator

from clemsim.html.environment import render
from clemsim.results.run_summary import RunSummary
from clemsim.results.seat_scores import SeatScores

COUNTS = ("episodes", "success", "failure", "aborted", "unfinished")
HEAD = ("agent, game", "n", "won", "lost", "aborted", "unfinished", "%Played", "Quality", "clemscore")
SEAT_HEAD = ("game, agent, seat", "n", "won", "drawn", "lost", "aborted", "score")
NOTE = "in brackets the 95 % interval; clemscore = %Played / 100 x Quality"


def summary_html(summary: RunSummary) -> str:
    """Return a table with a row for each agent and game: counts, and averages in points with their 95 % intervals."""
    seed = "" if summary.suite_seed is None else f" (seed {summary.suite_seed})"
    constrained = ", constrained decoding" if summary.constrained else ""
    note = NOTE + (f"; {summary.unfinished} episodes are unfinished and in no average" if summary.unfinished else "")
    note += f"; ended early, which these intervals do not allow for: {summary.stopped_when}" if summary.stopped_when else ""
    return render(
        "run_scores.html",
        caption=f"{summary.run}: suite {summary.suite}{seed}{constrained}",
        agents=summary.agents,
        counts=COUNTS,
        head_names=HEAD,
        seats=list(_seats(summary)),
        seat_names=SEAT_HEAD,
        note=note,
    )


def _seats(summary: RunSummary) -> Iterator[tuple[str, SeatScores]]:
    """Yield the scores of each agent over its seats, and in each of them, of the games that are scored by seat."""
    for game, agents in (summary.seat_scores or {}).items():
        for agent, scores in agents.items():
            for seat, own in [("", scores), *scores.seats.items()]:
                yield f"{game}: {agent}" + (f", {seat}" if seat else ""), own
