"""The tables below that of a run: scores by agent over its seats, and the metrics that games want shown."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import RenderableType
from rich.table import Table as RichTable
from rich.text import Text

from clemsim._util.text import plain
from clemsim.cli.view.tables import ruled_table, with_interval
from clemsim.results.intervals import Interval
from clemsim.results.run_summary import RunSummary
from clemsim.results.seat_scores import AgentSeats, SeatScores

COUNTS = {"episodes": "n", "won": "won", "drawn": "drawn", "lost": "lost", "aborted": "abort"}


def seat_tables(summary: RunSummary) -> Iterator[RenderableType]:
    """Yield a table of each kind that the run has something for."""
    if summary.seat_scores:
        yield _by_agent(summary)
        yield Text("each seat counts for its agent; abort: the agent was to blame, and no seat has a score", "dim")
        if any(len(agents) > 1 for agents in summary.seat_scores.values()):
            yield plain(f"who is better, with intervals: clemsim ratings {summary.run}", "dim")
    if summary.metrics:
        yield _metrics(summary)


def _by_agent(summary: RunSummary) -> RichTable:
    table = ruled_table("by agent, over its seats", edges=False)
    table.add_column("game, agent, seat", overflow="fold", min_width=15)
    for name in (*COUNTS.values(), "score"):
        table.add_column(name, justify="right", no_wrap=True)
    for game, agents in (summary.seat_scores or {}).items():
        table.add_row(plain(game, "bold"))
        for agent, scores in sorted(agents.items(), key=_best_first):
            table.add_row(plain(f" {agent}", "bold"), *_cells(scores))
            for seat, own in sorted(scores.seats.items()):
                table.add_row(plain(f"  {seat}"), *_cells(own))
        table.add_section()
    return table


def _best_first(row: tuple[str, AgentSeats]) -> tuple[float, str]:
    agent, scores = row
    return (float("inf") if scores.score is None else -scores.score), agent


def _cells(scores: SeatScores) -> list[Text]:
    counts = [getattr(scores, name) for name in COUNTS]
    return [*(Text(str(count), "" if count else "dim") for count in counts), _mean(scores.score, scores.ci)]


def _mean(value: float | None, interval: Interval | None) -> Text:
    return with_interval(value, interval, "{:.4g}".format, lambda ends: f"{ends[0]:.3g}…{ends[1]:.3g}")


def _metrics(summary: RunSummary) -> RichTable:
    table = ruled_table("metrics that the games name", edges=False)
    for name in ("agent, game", "metric"):
        table.add_column(name, overflow="fold")
    for name in ("n", "mean"):
        table.add_column(name, justify="right", no_wrap=True)
    for agent, games in (summary.metrics or {}).items():
        table.add_row(plain(agent, "bold"))
        for game, metrics in games.items():
            for metric, own in metrics.items():
                table.add_row(plain(f" {game}"), plain(metric), Text(str(own.episodes)), _mean(own.mean, own.ci))
        table.add_section()
    return table
