"""How a run was played: width and load over time, throughput, caches and costs."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from itertools import pairwise
from statistics import median
from typing import Any

from clemsim.html import numbers
from clemsim.html.curves import Curve, Curves, curves
from clemsim.html.tables import Sheet
from clemsim.results.diagnostics import by_server, loads
from clemsim.results.run_summary import RunSummary

COUNTS = {
    "width": "width",
    "in_flight": "turns in flight",
    "started": "started episodes",
    "running": "running at the server",
    "waiting": "waiting at the server",
}
PAUSE = 60.0  # seconds without a row, at least, where nobody played
MOST_SERVERS = 4  # with a panel of their own
CUT = {"length": "cut at the token limit", "thinking": "cut while thinking", "overflow": "not begun: context overflow"}


def load_figure(base: sqlite3.Connection) -> Curves | None:
    """Return the figure of width and load over the time of the run in a store; None where there was no server to steer."""
    rows = by_server(loads(base))
    servers: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        servers.setdefault(row["server"], []).append(row)
    if not servers:
        return None
    shown = dict(sorted(servers.items(), key=lambda pair: -len(pair[1]))[:MOST_SERVERS])
    apart = len(shown) > 1
    panels = [
        (f"Counts at {server}" if apart else "Turns and episodes at once", False, _counts(own))
        for server, own in shown.items()
    ]
    panels += [
        (title, share, [Curve(server if apart else title, _points(own, name)) for server, own in shown.items()])
        for name, title, share in (
            ("tokens_per_second", "Tokens per second", False),
            ("kv_usage", "KV cache in use", True),
            ("prefix_hits", "Prompt tokens found in the prefix cache", True),
        )
    ]
    return curves(panels, _longest([row["at"] for row in rows]))


def _counts(rows: Sequence[Mapping[str, Any]]) -> list[Curve]:
    return [Curve(title, _points(rows, name)) for name, title in COUNTS.items()]


def _points(rows: Sequence[Mapping[str, Any]], name: str) -> list[tuple[float, float]]:
    return [(row["at"], row[name]) for row in rows if isinstance(row[name], int | float)]


def _longest(moments: Sequence[float]) -> float:
    """Return how far apart two rows may be without a pause between them."""
    steps = [after - before for before, after in pairwise(moments) if after > before]
    return max(PAUSE, 10 * median(steps)) if steps else PAUSE


def throughput_facts(summary: RunSummary) -> list[tuple[str, str]]:
    """Return what the run did, by name."""
    rates = summary.throughput
    facts = {
        "turns": numbers.count(rates.turns),
        "turns per second": f"{rates.turns_per_second:.3g}" if rates.seconds else "",
        "time": numbers.seconds(rates.seconds) if rates.seconds else "",
        "most turns in flight": numbers.count(rates.peak_in_flight) if rates.peak_in_flight else "",
        "tokens in": numbers.count(rates.tokens_in) if rates.tokens_in else "",
        "of them cached": numbers.percent(rates.tokens_cached / rates.tokens_in) if rates.tokens_cached else "",
        "tokens out": numbers.count(rates.tokens_out) if rates.tokens_out else "",
        "retries": numbers.count(rates.retries) if rates.retries else "",
        "clemsim's CPU per turn": f"{rates.cpu_ms_per_turn:.2g} ms" if rates.cpu_ms_per_turn is not None else "",
    }
    return [(name, text) for name, text in facts.items() if text]


def run_remarks(summary: RunSummary) -> list[str]:
    """Return what a reader of the scores should know, a sentence each."""
    made = [*(own.line(game) + "." for game, own in (summary.restarts or {}).items()), *(summary.notices or ())]
    if summary.stopped_when:
        made.append(f"Ended early: {summary.stopped_when}")
    if summary.parser_error:
        made.append(f"Parser error: {summary.parser_error.splitlines()[0]}")
    if summary.unfinished:
        causes = ", ".join(f"{count} {cause}" for cause, count in summary.causes.items())
        made.append(f"{summary.unfinished} episodes are unfinished and in no average ({causes}).")
    for agent, cut in summary.cut_replies.items():
        counts = ", ".join(f"{count} {CUT.get(stop, stop)}" for stop, count in cut.items())
        made.append(f"Replies of {agent} that broke off: {counts}.")
    made += [f"Prefix cache of {agent}: {report.warning}." for agent, report in summary.caches.items() if report.warning]
    return made


def run_tables(summary: RunSummary) -> list[Sheet]:
    """Return the tables below the scores: by seat, metrics that games name, costs, caches and servers."""
    made = [_seats(game, summary) for game in summary.seat_scores or {}]
    if summary.metrics:
        rows = [
            [cast, game, name, f"{own.mean:.4g}", numbers.interval(own.ci), str(own.episodes)]
            for cast, games in summary.metrics.items()
            for game, metrics in games.items()
            for name, own in metrics.items()
        ]
        made.append(
            Sheet("Metrics", ("agent", "game", "metric", "mean", "95 % interval", "episodes"), rows, texts=(0, 1, 2))
        )
    if summary.costs:
        rows = [
            [agent, f"{own.total:.4g}", f"{own.episode:.3g}", "" if own.point is None else f"{own.point:.3g}"]
            for agent, own in summary.costs.items()
        ]
        note = "In the currency of the prices that the run recorded."
        made.append(Sheet("Costs", ("agent", "total", "an episode", "a point of worth"), rows, note))
    if summary.caches:
        rows = [[agent, str(own.turns), numbers.percent(own.share), own.warning] for agent, own in summary.caches.items()]
        columns = ("agent", "turns with a long beginning", "found in the cache", "why so little")
        made.append(Sheet("Prefix caches", columns, rows, texts=(0, 3)))
    if summary.servers:
        rows = [[name, ", ".join(own.agents), str(own.width), str(own.in_flight)] for name, own in summary.servers.items()]
        made.append(Sheet("Shared servers", ("server", "agents", "width", "most in flight"), rows, texts=(0, 1)))
    return made


def _seats(game: str, summary: RunSummary) -> Sheet:
    rows = []
    for agent, own in (summary.seat_scores or {})[game].items():
        for name, seat in {agent: own, **own.seats}.items():
            counts = (seat.episodes, seat.won, seat.drawn, seat.lost, seat.aborted)
            score = numbers.NONE if seat.score is None else f"{seat.score:.4g}"
            label = agent if name == agent else f"  as {name}"
            rows.append([label, *map(str, counts), score, "" if seat.ci is None else "[{:.4g}, {:.4g}]".format(*seat.ci)])
    columns = ("agent", "n", "won", "drawn", "lost", "aborted", "score", "95 % interval")
    return Sheet(f"Scores by seat in {game}", columns, rows, "On the game's own scale.")
