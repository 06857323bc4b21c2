"""What a run could show before it is played: the interval to expect, and the difference that would be seen.

Both follow from the number of instances and from how unlike they are. That is taken from an earlier run, or, where there is
none, from the worst case: every instance is worth 0 or 100, and half of them 100, which is the largest variance that there
can be (of a mean main score; nothing is said of clemscore then, which has none of its own).

More repetitions shrink only what is run-to-run noise (Brennan 2001). How much that is has to be known from an earlier run
with repetitions; without one, repetitions are taken to gain nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import median

from clemsim.results.detectable import independent
from clemsim.results.estimates import GameRatios, ModelEstimates, Score
from clemsim.results.noise import GameNoise, noise_of
from clemsim.results.ratios import Ratio
from clemsim.results.repetitions import Repetitions, clusters_of

PLANNED: tuple[Score, ...] = ("worth", "clemscore")


@dataclass(frozen=True, slots=True)
class PlannedScore:
    """What is to be expected of a score of one game, or over games (`game` is then "overall"), in points.

    `width`: of its 95 % interval. `detectable`: the true difference between two agents, whose results on an instance are
    independent of each other, that is seen four times in five. None where too few instances are planned, or where nothing
    is known.
    """

    game: str
    score: Score
    instances: int
    width: float | None
    detectable: float | None


def planned_scores(
    sizes: Mapping[str, int], repetitions: int, like: Mapping[str, Repetitions] | None = None
) -> tuple[PlannedScore, ...]:
    """Return the scores to expect of each game with so many instances (`sizes`), and over games.

    `like`: the episodes of the agents of an earlier run; of several agents the median holds. A game that none of them has
    finished is taken at its worst, and clemscore is then left out.
    """
    agents = [_planned(sizes, repetitions, earlier) for earlier in (like or {}).values()] or [_worst_case(sizes)]
    every = sum(sizes.values())
    rows = [_row(game, "worth", count, [agent.of_game(game) for agent in agents]) for game, count in sizes.items()]
    scores = PLANNED if like and not unknown_games(sizes, like) else PLANNED[:1]
    return (*rows, *(_row("overall", score, every, agents) for score in scores))


def unknown_games(sizes: Mapping[str, int], like: Mapping[str, Repetitions]) -> list[str]:
    """Return the planned games that no agent of the earlier run has finished an episode of."""
    known = {game for earlier in like.values() for game in clusters_of(earlier)}
    return [game for game in sizes if game not in known]


def _row(game: str, score: Score, instances: int, agents: Sequence[ModelEstimates]) -> PlannedScore:
    intervals = [interval for agent in agents if (interval := agent.interval(score))]
    differences = [value for agent in agents if (value := independent(agent, score)) is not None]
    return PlannedScore(
        game,
        score,
        instances,
        width=round(median(high - low for low, high in intervals), 1) if intervals else None,
        detectable=round(median(differences), 1) if differences else None,
    )


def _worst_case(sizes: Mapping[str, int]) -> ModelEstimates:
    return ModelEstimates({game: _half(count) for game, count in sizes.items()})


def _half(count: int) -> GameRatios:
    ratio = Ratio(0.5, count, 0.25 * count / (count - 1) if count > 1 else None, yes_no=True)
    return GameRatios(ratio, ratio, ratio)


def _planned(sizes: Mapping[str, int], repetitions: int, earlier: Repetitions) -> ModelEstimates:
    """Return what an agent's estimates would be with other numbers of instances and repetitions."""
    before = ModelEstimates.of(clusters_of(earlier))
    noise = noise_of({"": earlier})
    noises = noise.agents[""].arenas if noise else {}
    games = {}
    for game, count in sizes.items():
        ratios = before.games.get(game)
        games[game] = _half(count) if ratios is None else _resized(ratios, count, _shrunk(noises.get(game), repetitions))
    return ModelEstimates(games)


def _resized(ratios: GameRatios, count: int, factor: float) -> GameRatios:
    """Return the ratios of a game with `count` instances, whose variance is `factor` times what it was."""
    times = count / len(ratios.instances)

    def resized(ratio: Ratio | None) -> Ratio | None:
        if ratio is None:
            return None
        variance = None if ratio.variance is None else ratio.variance * factor
        return replace(
            ratio, units=max(1.0, ratio.units * times), variance=variance, yes_no=ratio.yes_no and factor >= 1, deviations=()
        )

    return GameRatios(resized(ratios.played), resized(ratios.quality), resized(ratios.worth))


def _shrunk(noise: GameNoise | None, repetitions: int) -> float:
    """Return the variance of an instance's mean over so many repetitions, as a share of what it was.

    It is known of worth; %Played and Quality are taken to behave alike.
    """
    if noise is None or noise.run is None or noise.instance is None:
        return 1.0
    before = noise.instance + noise.run / noise.repetitions
    return (noise.instance + noise.run / repetitions) / before if before else 1.0
