"""Run-to-run noise: how much of what an episode is worth changes when the same instance is played again.

Variance components of an episode's worth (points squared) by the method of moments: mean squares are set equal to what they
are expected to be, and negative estimates become 0 (analysis of variance estimators; Searle, Casella and McCulloch 1992,
chapters 4 and 5). Where instances have unequal numbers of finished episodes, it is done on the means of instances
("unweighted means"; Yates 1934), with the mean of 1 / n.

- run: within an instance, pooled: SS_within / (N - k).
- instance: the variance of the k instance means, less run x mean(1 / n).
- with several agents, on the instances that all have: from the two-way table of means of each game, model x instance =
  MS_interaction - run x mean(1 / n), and instance = (MS_instance - MS_interaction) / agents; models are fixed.

What they say of an interval is a decision study of generalisability theory (Cronbach, Gleser, Nanda and Rajaratnam 1972;
Brennan 2001): the variance of a game's mean over k instances with n repetitions each is (instance + run / n) / k.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Mapping, Sequence
from math import sqrt
from statistics import fmean

from pydantic import BaseModel, ConfigDict

from clemsim.game.outcomes import Outcome
from clemsim.results.estimates import SCORES, Score
from clemsim.results.intervals import Interval
from clemsim.results.repetitions import Repetitions, finished, worth
from clemsim.results.these_instances import TheseInstances

Groups = Sequence[Sequence[Outcome]]  # the finished episodes of each instance


class GameNoise(BaseModel):
    """The noise of one agent in one game.

    `instance`, `run`: variance components of an episode's worth, in points squared; None where too little was played to
    tell. `icc`: the share of the variance of single episodes that belongs to their instances (intraclass correlation ICC(1);
    Shrout and Fleiss 1979). `flips`: how often, in percent, two episodes of one instance differ in being won, averaged over
    instances; `agreement`: how often they end alike (won, lost or aborted). `repetitions`: 1 / mean(1 / n).
    """

    model_config = ConfigDict(frozen=True)
    instances: int
    repetitions: float
    instance: float | None
    run: float | None
    icc: float | None
    flips: float | None
    agreement: float | None


class AgentNoise(BaseModel):
    """The noise of one agent: of each game, and what it means for the worth over games.

    `flips`, `agreement`: means over games, in percent. `run_share`: the share of the variance of worth that is run-to-run
    noise; the rest is that the instances are a sample. `width_*`: what the width of its interval would be times, with twice
    as many repetitions, endless ones, or twice as many instances. `these_instances`: 95 % intervals in points if the
    question is of these instances alone.
    """

    model_config = ConfigDict(frozen=True)
    flips: float | None
    agreement: float | None
    run_share: float | None
    width_twice_repetitions: float | None
    width_endless_repetitions: float | None
    width_twice_instances: float | None
    these_instances: dict[Score, Interval | None]
    arenas: dict[str, GameNoise]


class SharedComponents(BaseModel):
    """Variance components over several agents on the same instances, pooled over games, in points squared."""

    model_config = ConfigDict(frozen=True)
    instance: float
    model_instance: float
    run: float


class Noise(BaseModel):
    """The run-to-run noise of a run: of each agent that repeated instances, and of all together where there are several."""

    model_config = ConfigDict(frozen=True)
    agents: dict[str, AgentNoise]
    together: SharedComponents | None


def noise_of(casts: Mapping[str, Repetitions]) -> Noise | None:
    """Return the noise of a run's agents; None where no instance was finished twice."""
    groups = {cast: _groups(repetitions) for cast, repetitions in casts.items()}
    repeated = {
        cast: games for cast, games in groups.items() if any(len(own) > 1 for game in games.values() for own in game)
    }
    if not repeated:
        return None
    agents = {cast: _agent(games, casts[cast]) for cast, games in repeated.items()}
    return Noise(agents=agents, together=shared_components(list(casts.values())))


def shared_components(agents: Sequence[Repetitions]) -> SharedComponents | None:
    """Return the components over several agents; None for one agent, without repetitions, or with no two instances that all
    have finished.
    """
    if len(agents) < 2:
        return None
    tables = [_table(agents, game) for game in sorted(set.intersection(*(set(agent) for agent in agents)))]
    tables = [table for table in tables if len(table) > 1]
    cells = [cell for table in tables for row in table for cell in row]
    df = sum(len(cell) - 1 for cell in cells)
    if not df:
        return None
    run = sum(_squares(cell) for cell in cells) / df
    between = sum(_between(table) for table in tables) / sum(len(table) - 1 for table in tables)
    crossed = sum(map(_interaction, tables)) / sum((len(table) - 1) * (len(agents) - 1) for table in tables)
    share = fmean(1 / len(cell) for cell in cells)
    return SharedComponents(
        instance=_round(max(0.0, (between - crossed) / len(agents))),
        model_instance=_round(max(0.0, crossed - run * share)),
        run=_round(run),
    )


def _groups(repetitions: Repetitions) -> dict[str, Groups]:
    games = {game: [finished(runs) for runs in instances.values()] for game, instances in repetitions.items()}
    return {game: known for game, groups in games.items() if (known := [own for own in groups if own])}


def _agent(games: Mapping[str, Groups], repetitions: Repetitions) -> AgentNoise:
    arenas = {game: _game(groups) for game, groups in games.items()}
    share = _run_share(list(arenas.values()))
    these = TheseInstances.of(repetitions)
    return AgentNoise(
        flips=_mean([own.flips for own in arenas.values()]),
        agreement=_mean([own.agreement for own in arenas.values()]),
        run_share=None if share is None else round(share, 4),
        width_twice_repetitions=None if share is None else round(sqrt(1 - share / 2), 4),
        width_endless_repetitions=None if share is None else round(sqrt(1 - share), 4),
        width_twice_instances=None if share is None else round(sqrt(0.5), 4),
        these_instances={score: _round_both(these.interval(score)) for score in SCORES},
        arenas=arenas,
    )


def _game(groups: Groups) -> GameNoise:
    points = [[worth(outcome) for outcome in group] for group in groups]
    df = sum(len(group) - 1 for group in points)
    share = fmean(1 / len(group) for group in points)
    run = sum(_squares(group) for group in points) / df if df else None
    instance = None
    if run is not None and len(points) > 1:
        instance = max(0.0, _squares([fmean(group) for group in points]) / (len(points) - 1) - run * share)
    known = run is not None and instance is not None and run + instance > 0
    repeated = [group for group in groups if len(group) > 1]
    return GameNoise(
        instances=len(points),
        repetitions=round(1 / share, 2),
        instance=_maybe(instance),
        run=_maybe(run),
        icc=round(instance / (instance + run), 4) if known and instance is not None and run is not None else None,
        flips=_mean([100 * (1 - _alike([outcome.kind == "success" for outcome in group])) for group in repeated]),
        agreement=_mean([100 * _alike([outcome.kind for outcome in group]) for group in repeated]),
    )


def _run_share(games: Sequence[GameNoise]) -> float | None:
    """Return the share of run-to-run noise in the variance of the mean over games; None where a game has no components."""
    noise = total = 0.0
    for game in games:
        if game.run is None or game.instance is None:
            return None
        own = game.run / game.repetitions / game.instances
        noise += own
        total += own + game.instance / game.instances
    return noise / total if total else None


def _alike(values: Sequence[Hashable]) -> float:
    """Return the share of pairs of values that are equal."""
    pairs = sum(count * (count - 1) for count in Counter(values).values())
    return pairs / len(values) / (len(values) - 1)


def _table(agents: Sequence[Repetitions], game: str) -> list[list[list[float]]]:
    """Return the worth of the episodes (instances x agents) of one game, on the instances that all agents have finished."""
    rows = ([finished(agent[game].get(name, {})) for agent in agents] for name in agents[0][game])
    return [[[worth(outcome) for outcome in cell] for cell in row] for row in rows if all(row)]


def _squares(values: Sequence[float]) -> float:
    """Return the sum of squares around the mean."""
    mean = fmean(values)
    return sum((value - mean) ** 2 for value in values)


def _between(table: Sequence[Sequence[Sequence[float]]]) -> float:
    """Return the sum of squares of the instances, of a table of means (instances x agents)."""
    return len(table[0]) * _squares([fmean(map(fmean, row)) for row in table])


def _interaction(table: Sequence[Sequence[Sequence[float]]]) -> float:
    """Return the sum of squares of model x instance, of a table of means (instances x agents)."""
    means = [[fmean(cell) for cell in row] for row in table]
    columns = [fmean(column) for column in zip(*means, strict=True)]
    every = fmean(columns)
    return sum((value - fmean(row) - columns[j] + every) ** 2 for row in means for j, value in enumerate(row))


def _mean(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return _round(fmean(known)) if known else None


def _maybe(value: float | None) -> float | None:
    return None if value is None else _round(value)


def _round(value: float) -> float:
    return round(value, 2)


def _round_both(pair: Interval | None) -> Interval | None:
    return None if pair is None else (round(pair[0], 2), round(pair[1], 2))
