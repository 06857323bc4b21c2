"""What a run will cost, by the tokens that earlier runs have spent on episodes of the same games."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import reduce
from pathlib import Path
from typing import Any

from clemsim.errors import StoreError
from clemsim.game.messages import Usage
from clemsim.results.costs import spent_tokens
from clemsim.runs.prepare import PreparedRun
from clemsim.runtime.agent import Agent
from clemsim.runtime.agent_contract import described
from clemsim.runtime.episode import Episode
from clemsim.store import reader
from clemsim.store.folder import CONFIG, STORE, read_description

MOST_LOOKED_AT = 20  # runs, the newest first
RUNS = "*"
FINISHED = 0.9  # share of a run's episodes that must have ended: short ones end first
KINDS, JUDGED = ("tokens_in", "tokens_cached", "tokens_out"), "judged "
ENDED = "SELECT avg(status = 'done' OR coalesce(cause, '') = 'question answered') FROM episodes"

Ident = tuple[object, ...]  # what decides how many tokens an agent spends: its model, and how it is told to think
Preflight = Callable[[PreparedRun, Sequence[Episode], Path], None]


@dataclass(frozen=True, slots=True)
class Tokens:
    """Tokens of some episodes, by kind; with JUDGED before it, those of the judge of a best of several."""

    episodes: float = 0.0
    counts: Mapping[str, float] = field(default_factory=dict)

    def plus(self, other: Tokens) -> Tokens:
        """Return both together."""
        names = dict.fromkeys([*self.counts, *other.counts])
        counts = {name: self.counts.get(name, 0.0) + other.counts.get(name, 0.0) for name in names}
        return Tokens(self.episodes + other.episodes, counts)

    def of(self, episodes: int) -> Tokens:
        """Return the tokens of so many episodes like these."""
        share = episodes / self.episodes
        return Tokens(episodes, {name: count * share for name, count in self.counts.items()})

    def usage(self) -> Usage:
        """Return the tokens as those of one request."""
        counts = {name: round(count) for name, count in self.counts.items()}
        judged = {name: counts.get(JUDGED + name, 0) for name in KINDS}
        tokens_in, cached, out = (counts.get(name, 0) for name in KINDS)
        details = {"candidates": {"judge": judged}} if any(judged.values()) else None
        return Usage("", 0, 0.0, 0.0, tokens_in, out, cached, details=details)


@dataclass(frozen=True)
class EarlierTokens:
    """The tokens that the finished episodes of a run have taken, by game, seat and what played there."""

    folder: Path
    spent: Mapping[tuple[str, str, Ident], Tokens]

    def of(self, game: str, seat: str, ident: Ident) -> tuple[Tokens, bool] | None:
        """Return the tokens of episodes of a game in one seat, and whether they are of the same model; None: unknown."""
        own = self.spent.get((game, seat, ident))
        if own and own.episodes:
            return own, True
        others = _sum(each for (name, place, _), each in self.spent.items() if (name, place) == (game, seat))
        return (others, False) if others.episodes else None


@dataclass(frozen=True, slots=True)
class Forecast:
    """What the episodes of a run will cost: the tokens of all agents that have a price, and their price. `sources`: the runs
    that it is known from. `others`: some of the tokens are those of other models, or of other ways of thinking. `unknown`:
    games of which no earlier episode is known, which are in no number.
    """

    price: float
    tokens_in: int
    tokens_out: int
    episodes: int
    sources: tuple[Path, ...]
    others: bool = False
    unknown: tuple[str, ...] = ()

    def plus(self, other: Forecast) -> Forecast:
        """Return both together."""
        return Forecast(
            self.price + other.price,
            self.tokens_in + other.tokens_in,
            self.tokens_out + other.tokens_out,
            self.episodes + other.episodes,
            tuple(dict.fromkeys((*self.sources, *other.sources))),
            self.others or other.others,
            tuple(dict.fromkeys((*self.unknown, *other.unknown))),
        )


def forecast(episodes: Sequence[Episode], earlier: Iterable[EarlierTokens]) -> Forecast | None:
    """Return what episodes will cost, by the first of the earlier runs that knows each game, rather one that knows its
    model; None where no agent has a price, or nothing is known. What time costs is in no number.
    """
    needs = _needs(episodes)
    found = _found(needs, earlier) if needs else {}
    if not found:
        return None
    total, price = Tokens(), 0.0
    for (agent, game, seat), count in needs.items():
        if known := found.get((agent, game, seat)):
            tokens = known.tokens.of(count)
            total, price = total.plus(tokens), price + agent.cost_of(tokens.usage())
    games = dict.fromkeys(game for _, game, _ in needs)
    unknown = tuple(game for game in games if not any(known[1] == game for known in found))
    usage = total.usage()
    return Forecast(
        price,
        usage.tokens_in,
        usage.tokens_out,
        sum(episode.key.arena not in unknown for episode in episodes),
        tuple(dict.fromkeys(known.folder for known in found.values())),
        any(not known.same for known in found.values()),
        unknown,
    )


def together(forecasts: Iterable[Forecast | None]) -> Forecast | None:
    """Return those forecasts that there are together; None where there is none."""
    known = [each for each in forecasts if each]
    return reduce(Forecast.plus, known) if known else None


def unplayed(episodes: Sequence[Episode], folder: Path) -> list[Episode]:
    """Return those episodes that have not ended in the run in a folder, if there is one. Raises StoreError."""
    if not (folder / STORE).is_file():
        return list(episodes)
    with reader.reading(folder / STORE) as base:
        ended = {row.key for row in reader.episodes(base) if row.outcome}
    return [episode for episode in episodes if episode.key not in ended]


def earlier_runs(folder: Path, *patterns: str) -> Iterator[EarlierTokens]:
    """Yield what the finished runs beside a folder have spent, the newest first, of so many as are looked at. `patterns`:
    where they lie within the folder that holds it.
    """
    beside = folder.parent if folder.name else folder.resolve().parent
    stores = {path for pattern in patterns or (RUNS,) for path in beside.glob(f"{pattern}/{STORE}")}
    whole = [path for path in stores if (path.parent / CONFIG).is_file()]
    for path in sorted(whole, key=_changed, reverse=True)[:MOST_LOOKED_AT]:
        with suppress(StoreError):  # a damaged run is no reason not to play another
            if found := read_tokens(path.parent, least=FINISHED):
                yield found


def read_tokens(folder: Path, *, least: float = 0.0) -> EarlierTokens | None:
    """Return the tokens of the finished episodes of a run; None where too few of them have ended, or no model was asked.

    Raises StoreError.
    """
    agents = read_description(folder).agents
    spent: dict[tuple[str, str, Ident], Tokens] = {}
    with reader.reading(folder / STORE) as base:
        (ended,) = base.execute(ENDED).fetchone()
        if (ended or 0.0) < least:
            return None
        for row in spent_tokens(base):
            if row.done:
                prefix = JUDGED if row.judge else ""
                counts = {prefix + name: float(getattr(row, name)) for name in KINDS}
                key = row.game, row.seat, ident(agents.get(row.agent, {}))
                spent[key] = spent.get(key, Tokens()).plus(Tokens(0 if row.judge else row.episodes, counts))
    return EarlierTokens(folder, spent) if spent else None


def ident(about: Mapping[str, Any]) -> Ident:
    """Return what decides how many tokens an agent spends, out of what it says of itself."""
    sampling = about.get("sampling")
    values = sampling if isinstance(sampling, dict) else {}
    return about.get("model"), about.get("best_of"), str(values.get("thinking") or ""), bool(about.get("judge"))


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of the tokens of an agent in a seat of a game: the run that they are from, and whether of its model."""

    tokens: Tokens
    folder: Path
    same: bool


Need = tuple[Agent, str, str]  # an agent with a price, a game, and a seat that it has there


def _needs(episodes: Sequence[Episode]) -> dict[Need, int]:
    """Return the number of episodes of each agent with a price, by game and seat."""
    needs: dict[Need, int] = {}
    for episode in episodes:
        for seat in episode.roles:
            agent = episode.cast.agent(seat)
            if agent is not None and agent.requests and agent.priced:
                key = agent, episode.key.arena, seat
                needs[key] = needs.get(key, 0) + 1
    return needs


def _found(needs: Mapping[Need, int], earlier: Iterable[EarlierTokens]) -> dict[Need, Known]:
    idents = {agent: ident(described(agent)) for agent, _, _ in needs}
    found: dict[Need, Known] = {}
    for run in earlier:
        for need in needs:
            agent, game, seat = need
            known = found.get(need)
            if known and known.same:
                continue
            if (tokens := run.of(game, seat, idents[agent])) and (known is None or tokens[1]):
                found[need] = Known(tokens[0], run.folder, tokens[1])
        if len(found) == len(needs) and all(known.same for known in found.values()):
            break
    return found


def _sum(tokens: Iterable[Tokens]) -> Tokens:
    total = Tokens()
    for each in tokens:
        total = total.plus(each)
    return total


def _changed(path: Path) -> float:
    with suppress(OSError):
        return path.stat().st_mtime
    return 0.0
