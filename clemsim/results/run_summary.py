"""The summary of a run, made from its store."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import Any

from pydantic import Field

from clemsim._util.files import PRIVATE, dump_json, write_bytes
from clemsim.errors import ParserError
from clemsim.results.bounds import ScoreBounds, score_bounds
from clemsim.results.costs import AgentCost, agent_costs
from clemsim.results.detectable import detectable_difference
from clemsim.results.diagnostics import CacheReport, ServerReport, Throughput, caches, shared_servers, throughput
from clemsim.results.estimates import Score
from clemsim.results.noise import Noise, noise_of
from clemsim.results.repetitions import Repetitions, by_cast, clusters_of, games_apart
from clemsim.results.restarts import Restarts, restarts_of
from clemsim.results.seat_scores import SeatTable, seat_scores
from clemsim.results.shown_metrics import MetricTable, shown_metrics
from clemsim.results.stopping_result import StoppingResult, recorded_result
from clemsim.results.summary import RunScores, ScoredEpisode, summarize
from clemsim.store import checksums, reader
from clemsim.store.folder import STORE, SUMMARY, read_description
from clemsim.store.schema import ANSWERED

HEAD = ("run", "suite", "suite_seed", "constrained", "agents")  # what `summary.json` begins with

OPTIONAL = (
    "costs", "notices", "question", "unfinished_bounds", "noise", "parser_error", "seat_scores", "servers", "metrics",
    "restarts",
)  # fmt: skip
DETECTABLE: tuple[Score, ...] = ("played", "worth", "clemscore")


class RunSummary(RunScores):
    """The content of `summary.json`. All casts together are scored at the top, each cast under `agents`."""

    run: str  # the folder
    suite: str
    suite_seed: int | None
    constrained: bool
    cut_replies: dict[str, dict[str, int]]  # by cast and reason (`length`, `thinking`, `overflow`): replies that broke off
    throughput: Throughput
    caches: dict[str, CacheReport]  # by agent
    stopped_when: str | None  # the line of the stopping rule that ended the run
    costs: dict[str, AgentCost] | None = None  # by agent; None: no agent has a price
    notices: list[str] | None = None  # what servers have refused; None: nothing
    question: StoppingResult | None = None  # None: the run has no stopping rule
    detectable: dict[Score, float] = Field(default_factory=dict)  # points: true differences that are seen 4 times in 5
    unfinished_bounds: dict[str, ScoreBounds] | None = None  # by agent with unfinished episodes; None: there is none
    noise: Noise | None = None  # from run to run; None: no instance was finished twice
    parser_error: str | None = None  # the first, with its author's frames; None: there was none
    seat_scores: SeatTable | None = None  # by game and agent; None: no game was scored by seat
    servers: dict[str, ServerReport] | None = None  # that several agents shared, by name; None: there was none
    metrics: MetricTable | None = None  # by cast, game and metric; None: no game names metrics to show
    restarts: dict[str, Restarts] | None = None  # by game; None: no episode began anew

    def as_json(self) -> dict[str, Any]:
        """Return the content of `summary.json`, in its order. What a run has none of is left out: `costs`, `notices`,
        `question` (a stopping rule), `unfinished_bounds`, `noise` (repetitions), `parser_error`, `seat_scores`, `servers`,
        `metrics`, `restarts`.
        """
        missing = {name for name in OPTIONAL if getattr(self, name) is None}
        data = self.model_dump(mode="json", exclude=missing)
        return {name: data[name] for name in HEAD} | {name: value for name, value in data.items() if name not in HEAD}


def write_summary(folder: Path) -> RunSummary:
    """Write `summary.json` and return the summary. Raises StoreError."""
    summary = _summary(folder)
    write_bytes(folder / SUMMARY, dump_json(summary.as_json()) + b"\n", mode=PRIVATE)
    return summary


def summarize_run(folder: Path) -> RunSummary:
    """Return the summary of the run in `folder`, made from its store. Raises StoreError, also for a damaged episode."""
    with reader.reading(folder / STORE) as base:
        checksums.check(base)
    return _summary(folder)


def _without(repetitions: Repetitions, games: Collection[str]) -> Repetitions:
    return {game: instances for game, instances in repetitions.items() if game not in games}


def _summary(folder: Path) -> RunSummary:
    description = read_description(folder)
    with reader.reading(folder / STORE) as base, reader.decoding(folder / STORE):
        rows = list(reader.episodes(base))
        rates, reports, shared = throughput(base), caches(base), shared_servers(base)
        cut_replies = reader.cut_replies(base)
        question, notices = recorded_result(base), reader.notices(base)
        restarts = restarts_of(base, {name: arena.foreign for name, arena in description.arenas.items()})
        by_seat = seat_scores(rows, reader.seats(base))
        metrics = shown_metrics(base, {name: arena.shown for name, arena in description.arenas.items()})
    scores = summarize(ScoredEpisode(row.key.arena, row.key.instance, row.key.cast, row.outcome, row.cause) for row in rows)
    with reader.reading(folder / STORE) as base:
        costs = agent_costs(base, description.agents, {cast: own.worth for cast, own in scores.agents.items()})
    # what an answered stopping rule left unplayed is no loss: the rule chose it by its place in the order
    casts = by_cast((row.key, row.outcome) for row in rows if row.outcome or row.cause != ANSWERED)
    apart = games_apart((row.key, row.outcome) for row in rows)
    bounds = {cast: limits for cast, repetitions in casts.items() if (limits := score_bounds(repetitions))}
    clusters = [own for repetitions in casts.values() if (own := clusters_of(repetitions))]
    found = {score: detectable_difference(clusters, score) for score in DETECTABLE} if clusters else {}
    return RunSummary(
        run=str(folder),
        suite=description.suite.name,
        suite_seed=description.suite.seed,
        constrained=description.config.constrain,
        cut_replies=cut_replies,
        throughput=rates,
        caches=reports,
        servers=shared or None,
        stopped_when=question.text if question and ANSWERED in scores.causes else None,
        costs=costs or None,
        notices=notices or None,
        question=question,
        detectable={score: round(value, 2) for score, value in found.items() if value is not None},
        unfinished_bounds=bounds or None,
        noise=noise_of({cast: _without(repetitions, apart) for cast, repetitions in casts.items()}),
        parser_error=next((row.detail for row in rows if row.cause == ParserError.cause), None),
        seat_scores=by_seat or None,
        metrics=metrics or None,
        restarts=restarts or None,
        **dict(scores),
    )
