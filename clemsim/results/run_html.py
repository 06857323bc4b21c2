"""The scores of a run as a table for notebooks. Text that comes from the run is escaped."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape

from clemsim.results.intervals import Interval
from clemsim.results.run_summary import RunSummary
from clemsim.results.seat_scores import SeatScores
from clemsim.results.summary import ArenaSummary, ScoreSummary

COUNTS = ("episodes", "success", "failure", "aborted", "unfinished")
HEAD = ("agent, game", "n", "won", "lost", "aborted", "unfinished", "%Played", "Quality", "clemscore")
SEAT_HEAD = ("game, agent, seat", "n", "won", "drawn", "lost", "aborted", "score")
NOTE = "in brackets the 95 % interval; clemscore = %Played / 100 x Quality"


def summary_html(summary: RunSummary) -> str:
    """Return a table with a row for each agent and game: counts, and averages in points with their 95 % intervals."""
    seed = "" if summary.suite_seed is None else f" (seed {summary.suite_seed})"
    constrained = ", constrained decoding" if summary.constrained else ""
    caption = escape(f"{summary.run}: suite {summary.suite}{seed}{constrained}")
    head = "".join(f"<th>{escape(name)}</th>" for name in HEAD)
    rows = "".join(row for agent, scores in summary.agents.items() for row in _rows(agent, scores))
    note = NOTE + (f"; {summary.unfinished} episodes are unfinished and in no average" if summary.unfinished else "")
    note += f"; ended early, which these intervals do not allow for: {summary.stopped_when}" if summary.stopped_when else ""
    table = f"<table><caption>{caption}</caption><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"
    return f"{table}{_by_agent(summary)}<p><small>{escape(note)}</small></p>"


def _by_agent(summary: RunSummary) -> str:
    """Return a table of the scores by seat, with a row for each agent and each of its seats; empty where there are none."""
    if summary.seat_scores is None:
        return ""
    head = "".join(f"<th>{escape(name)}</th>" for name in SEAT_HEAD)
    rows = "".join(
        _row(escape(f"{game}: {agent}" + (f", {seat}" if seat else "")), _seat_cells(own))
        for game, agents in summary.seat_scores.items()
        for agent, scores in agents.items()
        for seat, own in [("", scores), *scores.seats.items()]
    )
    caption = "by agent, over its seats"
    return f"<table><caption>{caption}</caption><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"


def _seat_cells(scores: SeatScores) -> list[str]:
    counts = (scores.episodes, scores.won, scores.drawn, scores.lost, scores.aborted)
    return [*map(str, counts), _score(scores.score, scores.ci)]


def _rows(agent: str, scores: ScoreSummary) -> Iterator[str]:
    overall = [sum(getattr(arena, name) for arena in scores.arenas.values()) for name in COUNTS]
    averages = [
        _score(scores.played, scores.ci.played),
        _score(scores.quality, scores.ci.quality),
        _score(scores.clemscore, scores.ci.clemscore),
    ]
    yield _row(f"<b>{escape(agent)}</b>", [*map(str, overall), *averages])
    for name, arena in scores.arenas.items():
        yield _row(escape(name), _cells(arena))


def _cells(arena: ArenaSummary) -> list[str]:
    counts = [str(getattr(arena, name)) for name in COUNTS]
    return [*counts, _score(arena.played, arena.ci.played), _score(arena.quality, arena.ci.quality), ""]


def _row(first: str, cells: list[str]) -> str:
    return f"<tr><td>{first}</td>{''.join(f'<td>{cell}</td>' for cell in cells)}</tr>"


def _score(value: float | None, interval: Interval | None) -> str:
    if value is None:
        return "–"
    return f"{value:.2f}" + (f" [{interval[0]:.1f}, {interval[1]:.1f}]" if interval else "")
