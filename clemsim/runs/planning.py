"""The plan of a run that is not played yet: what it could show, and what it costs in turns and tokens."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from clemsim.engines.dialects.dialect import room
from clemsim.errors import UsageError
from clemsim.results.planning import PlannedScore, planned_scores, unknown_games
from clemsim.results.repetitions import Repetitions, by_cast
from clemsim.runs.forecast import EarlierTokens, forecast, read_tokens
from clemsim.runs.prepare import PreparedRun
from clemsim.runtime.model_agent import ModelAgent
from clemsim.store import reader
from clemsim.store.folder import STORE

RATES = """
SELECT arena, count(*),
    avg((SELECT count(*) FROM events WHERE events.episode = episodes.id AND events.type = 'replied')),
    avg((SELECT sum(tokens_in) FROM requests WHERE requests.episode = episodes.id)),
    avg((SELECT sum(tokens_out) FROM requests WHERE requests.episode = episodes.id))
FROM episodes WHERE status = 'done' GROUP BY 1
"""
WORST = "the worst case: every instance is worth 0 or 100, and half of them 100 (an earlier run says more: --like RUN)"


@dataclass(frozen=True, slots=True)
class Rate:
    """What an episode of a game cost on average; tokens are None where no server was asked."""

    turns: float
    tokens_in: float | None
    tokens_out: float | None


@dataclass(frozen=True)
class EarlierRun:
    """The episodes of an earlier run by cast, and what they cost by game; `tokens`: by what played, where models did."""

    folder: Path
    casts: Mapping[str, Repetitions]
    rates: Mapping[str, Rate]
    tokens: EarlierTokens | None = None


@dataclass(frozen=True, slots=True)
class PlannedCost:
    """The cost of one game, or of all (`game` is then "overall").

    `turns`: of all episodes; `most`: whether that is a bound, as the game allows no more, and not a mean of earlier
    episodes. Tokens are None where nothing is known of them; with `most`, `tokens_out` is the bound that --max-tokens sets.
    """

    game: str
    episodes: int
    turns: int
    most: bool
    tokens_in: int | None
    tokens_out: int | None


@dataclass(frozen=True)
class RunPlan:
    """A run that is not played yet. `variance_from`, `costs_from`: the source of its numbers. `notes`: their limits."""

    suite: str
    seed: int | None
    agents: tuple[str, ...]
    repetitions: int
    episodes: int
    instances: int
    variance_from: str
    costs_from: str
    scores: tuple[PlannedScore, ...]
    costs: tuple[PlannedCost, ...]
    price: float | None = None  # of all tokens, by the agents' prices and the tokens of the earlier run; None: not known
    notes: tuple[str, ...] = field(default=())

    def score(self, name: str) -> PlannedScore | None:
        """Return what is to be expected of a score over games; None where nothing can be said of it."""
        return next((row for row in self.scores if row.game == "overall" and row.score == name), None)

    @property
    def cost(self) -> PlannedCost:
        """The cost of all games."""
        return self.costs[-1]


def read_earlier(folder: Path) -> EarlierRun:
    """Read the run that a plan is to be like. Raises StoreError, and UsageError where it has no finished episode."""
    with reader.reading(folder / STORE) as base:
        casts = by_cast((row.key, row.outcome) for row in reader.episodes(base) if row.outcome)
        rates = {arena: Rate(*means) for arena, _, *means in base.execute(RATES)}
    if not casts:
        raise UsageError(f"{folder} has no finished episode: name another run with --like")
    return EarlierRun(folder, casts, rates, read_tokens(folder))


def plan_run(prepared: PreparedRun, like: EarlierRun | None = None) -> RunPlan:
    """Return the plan of a run: nothing is opened, played or written."""
    names: dict[str, set[str]] = {}
    for episode in prepared.episodes:
        names.setdefault(episode.key.arena, set()).add(episode.key.instance)
    sizes = {game: len(own) for game, own in names.items()}
    config = prepared.config
    costs = tuple(_cost(prepared, game, like) for game in sizes)
    return RunPlan(
        suite=prepared.suite.name,
        seed=prepared.suite.seed,
        agents=tuple(cast.name for cast in prepared.casts),
        repetitions=config.repetitions,
        episodes=len(prepared.episodes),
        instances=sum(sizes.values()),
        variance_from=str(like.folder) if like else WORST,
        costs_from=f"means of {like.folder}" if like else "the limits of the games and --max-tokens: at most",
        scores=planned_scores(sizes, config.repetitions, like.casts if like else None),
        costs=(*costs, _total(costs)),
        price=_price(prepared, like),
        notes=tuple(_notes(sizes, config.repetitions, like)),
    )


def _cost(prepared: PreparedRun, game: str, like: EarlierRun | None) -> PlannedCost:
    count = sum(episode.key.arena == game for episode in prepared.episodes)
    rate = like.rates.get(game) if like else None
    if rate is None:
        turns = count * prepared.arenas[game].max_turns
        return PlannedCost(game, count, turns, True, None, turns * _most_tokens(prepared))
    tokens = (None if value is None else round(count * value) for value in (rate.tokens_in, rate.tokens_out))
    return PlannedCost(game, count, round(count * rate.turns), False, *tokens)


def _most_tokens(prepared: PreparedRun) -> int:
    """Return the most tokens that a turn of any agent may make, those of thinking included."""
    own = [room(agent.sampling) for agent in prepared.agents if isinstance(agent, ModelAgent)]
    return max(own, default=prepared.config.max_tokens)


def _price(prepared: PreparedRun, like: EarlierRun | None) -> float | None:
    """Return what the tokens of a run cost if its episodes are like those of the earlier one."""
    found = forecast(prepared.episodes, [like.tokens]) if like and like.tokens else None
    return found.price if found and not found.unknown else None


def _total(costs: tuple[PlannedCost, ...]) -> PlannedCost:
    return PlannedCost(
        "overall",
        sum(cost.episodes for cost in costs),
        sum(cost.turns for cost in costs),
        any(cost.most for cost in costs),
        total([cost.tokens_in for cost in costs]),
        total([cost.tokens_out for cost in costs]),
    )


def total(values: Sequence[int | None]) -> int | None:
    """Return the sum; None where one of the values is not known."""
    known = [value for value in values if value is not None]
    return sum(known) if len(known) == len(values) else None


def _notes(sizes: Mapping[str, int], repetitions: int, like: EarlierRun | None) -> list[str]:
    notes = []
    if like and (unknown := unknown_games(sizes, like.casts)):
        notes.append(
            f"{like.folder} has no finished episode of {', '.join(unknown)}: the worst case and the limits are taken"
        )
    repeated = like and any(
        len(runs) > 1 for games in like.casts.values() for own in games.values() for runs in own.values()
    )
    if repetitions > 1 and not repeated:
        notes.append("what repetitions gain is known from a run with repetitions alone; here they are taken to gain nothing")
    return notes
