"""From episodes to the table: %Played, Quality and clemscore of each arena and overall, with their intervals."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from pydantic import BaseModel, ConfigDict

from clemsim.game.outcomes import Outcome
from clemsim.results.clusters import Cluster, Point, clemscore, point
from clemsim.results.estimates import ModelEstimates, Score
from clemsim.results.intervals import Interval


@dataclass(frozen=True, slots=True)
class ScoredEpisode:
    """The facts of one episode that the averages need; without an outcome it is unfinished, because of `cause`."""

    arena: str
    instance: str
    cast: str
    outcome: Outcome | None
    cause: str = ""


class ScoreIntervals(BaseModel):
    """95 % intervals in points (0..100); None where there is no value, or too few instances bear on it."""

    model_config = ConfigDict(frozen=True)
    played: Interval | None = None
    quality: Interval | None = None
    worth: Interval | None = None


class OverallIntervals(ScoreIntervals):
    """The intervals of the scores over several arenas."""

    clemscore: Interval | None = None


class ArenaSummary(BaseModel):
    """Counts of one arena's episodes, and its averages in points (0..100); None where nothing was finished or scored."""

    model_config = ConfigDict(frozen=True)
    episodes: int
    success: int
    failure: int
    aborted: int
    unfinished: int
    played: float | None
    quality: float | None
    worth: float | None
    ci: ScoreIntervals


class ScoreSummary(BaseModel):
    """Overall averages in points (0..100), counts, and each arena's row. `causes` counts why episodes are unfinished."""

    model_config = ConfigDict(frozen=True)
    clemscore: float | None
    played: float | None
    quality: float | None
    worth: float | None  # of the mean episode, an aborted one as 0
    ci: OverallIntervals
    episodes: int
    unfinished: int
    causes: dict[str, int]
    arenas: dict[str, ArenaSummary]


class RunScores(ScoreSummary):
    """The scores of all casts together, and of each cast under `agents`."""

    agents: dict[str, ScoreSummary]


def summarize(episodes: Iterable[ScoredEpisode]) -> RunScores:
    """Return the scores of all episodes together and of each cast.

    Values are rounded to two decimals, and clemscore is made of averages of rounded values, as clembench does. Unfinished
    episodes are counted and enter no average.
    """
    everything = list(episodes)
    by_cast: dict[str, list[ScoredEpisode]] = defaultdict(list)
    for episode in everything:
        by_cast[episode.cast].append(episode)
    agents = {cast: summarize_scores(group) for cast, group in by_cast.items()}
    return RunScores(agents=agents, **dict(summarize_scores(everything)))


def summarize_scores(episodes: Sequence[ScoredEpisode]) -> ScoreSummary:
    """Return the overall scores and those of each arena."""
    by_arena: dict[str, list[ScoredEpisode]] = defaultdict(list)
    for episode in episodes:
        by_arena[episode.arena].append(episode)
    clusters = {arena: finished for arena, group in by_arena.items() if (finished := _clusters(group))}
    estimates = ModelEstimates.of(clusters)
    played, quality, score = _overall(clusters)
    return ScoreSummary(
        clemscore=score,
        played=played,
        quality=quality,
        worth=_round(estimates.value("worth")),
        ci=OverallIntervals(**_intervals(estimates, "played", "quality", "worth", "clemscore")),
        episodes=len(episodes),
        unfinished=sum(1 for episode in episodes if episode.outcome is None),
        causes=_causes(episodes),
        arenas={arena: _arena(group, estimates.of_game(arena)) for arena, group in by_arena.items()},
    )


def _clusters(episodes: Sequence[ScoredEpisode]) -> dict[str, Cluster]:
    """Return a cluster for each cast and instance that has a finished episode."""
    outcomes: dict[tuple[str, str], list[Outcome]] = defaultdict(list)
    for episode in episodes:
        if episode.outcome is not None:
            outcomes[episode.cast, episode.instance].append(episode.outcome)
    return {f"{cast}\0{instance}": Cluster.of(group) for (cast, instance), group in outcomes.items()}


def _arena(episodes: Sequence[ScoredEpisode], estimates: ModelEstimates) -> ArenaSummary:
    kinds = Counter(episode.outcome.kind for episode in episodes if episode.outcome is not None)
    return ArenaSummary(
        episodes=len(episodes),
        success=kinds["success"],
        failure=kinds["failure"],
        aborted=kinds["aborted"],
        unfinished=len(episodes) - kinds.total(),
        played=_round(estimates.value("played")),
        quality=_round(estimates.value("quality")),
        worth=_round(estimates.value("worth")),
        ci=ScoreIntervals(**_intervals(estimates, "played", "quality", "worth")),
    )


def _intervals(estimates: ModelEstimates, *scores: Score) -> dict[str, Interval | None]:
    return {score: _round_both(estimates.interval(score)) for score in scores}


def _overall(clusters: Mapping[str, Mapping[str, Cluster]]) -> tuple[float | None, float | None, float | None]:
    """Return %Played, Quality and clemscore over all arenas."""
    if not clusters:
        return None, None, None
    values = clemscore([_rounded(point(list(group.values()))) for group in clusters.values()])
    played, quality = _round(values[0]), _round(values[1])
    score = _round(played / 100 * quality) if played is not None and quality is not None else None
    return played, quality, score


def _causes(episodes: Sequence[ScoredEpisode]) -> dict[str, int]:
    return dict(Counter(episode.cause or "interrupted" for episode in episodes if episode.outcome is None))


def _rounded(estimate: Point) -> Point:
    return Point(round(estimate.played * 100) / 100, _round(estimate.quality))


def _round(value: float | None) -> float | None:
    """Round to two decimals as numpy does, which clembench uses: 66.665 becomes 66.66."""
    return None if value is None else round(value * 100) / 100


def _round_both(pair: Interval | None) -> Interval | None:
    return None if pair is None else (round(pair[0], 2), round(pair[1], 2))
