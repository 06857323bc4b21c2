"""From episodes to the table: %Played, Quality and clemscore of each arena and overall, with their intervals."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from pydantic import BaseModel, ConfigDict

from clemsim.game.outcomes import Outcome
from clemsim.results.intervals import Cluster, Interval, Point, clemscore, interval, point, resample, without_spread


@dataclass(frozen=True, slots=True)
class ScoredEpisode:
    """What the averages need of one episode; without an outcome it is unfinished, because of `cause`."""

    arena: str
    instance: str
    cast: str
    outcome: Outcome | None
    cause: str = ""


class ScoreIntervals(BaseModel):
    """95 % intervals in points (0..100); None where the value is None."""

    model_config = ConfigDict(frozen=True)
    played: Interval | None = None
    quality: Interval | None = None


class OverallIntervals(ScoreIntervals):
    """The intervals of %Played, Quality and clemscore over several arenas."""

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
    ci: ScoreIntervals


class ScoreSummary(BaseModel):
    """Overall averages in points (0..100), counts, and each arena's row. `causes` counts why episodes are unfinished."""

    model_config = ConfigDict(frozen=True)
    clemscore: float | None
    played: float | None
    quality: float | None
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
    clusters = {arena: made for arena, group in by_arena.items() if (made := _clusters(group))}
    samples = resample(clusters)
    arenas = {
        arena: _arena(group, clusters.get(arena), [sample[arena] for sample in samples if arena in sample])
        for arena, group in by_arena.items()
    }
    played, quality, score = _overall(clusters)
    return ScoreSummary(
        clemscore=score,
        played=played,
        quality=quality,
        ci=_overall_intervals(clusters, samples),
        episodes=len(episodes),
        unfinished=sum(1 for episode in episodes if episode.outcome is None),
        causes=_causes(episodes),
        arenas=arenas,
    )


def _clusters(episodes: Sequence[ScoredEpisode]) -> list[Cluster]:
    """One cluster for each cast and instance that has a finished episode."""
    outcomes: dict[tuple[str, str], list[Outcome]] = defaultdict(list)
    for episode in episodes:
        if episode.outcome is not None:
            outcomes[episode.cast, episode.instance].append(episode.outcome)
    return [Cluster.of(group) for group in outcomes.values()]


def _arena(episodes: Sequence[ScoredEpisode], clusters: Sequence[Cluster] | None, samples: Sequence[Point]) -> ArenaSummary:
    kinds = Counter(episode.outcome.kind for episode in episodes if episode.outcome is not None)
    estimate = point(clusters) if clusters else None
    return ArenaSummary(
        episodes=len(episodes),
        success=kinds["success"],
        failure=kinds["failure"],
        aborted=kinds["aborted"],
        unfinished=len(episodes) - kinds.total(),
        played=_round(estimate.played if estimate else None),
        quality=_round(estimate.quality if estimate else None),
        ci=_arena_intervals(clusters, estimate, samples),
    )


def _arena_intervals(clusters: Sequence[Cluster] | None, estimate: Point | None, samples: Sequence[Point]) -> ScoreIntervals:
    if not clusters or estimate is None:
        return ScoreIntervals()
    played, quality = estimate.played, estimate.quality
    scored = sum(1 for cluster in clusters if cluster.scored)
    return ScoreIntervals(
        played=_round_both(interval([sample.played for sample in samples], lambda: without_spread(played, len(clusters)))),
        quality=None
        if quality is None
        else _round_both(interval([sample.quality for sample in samples], lambda: without_spread(quality, scored))),
    )


def _overall(clusters: Mapping[str, Sequence[Cluster]]) -> tuple[float | None, float | None, float | None]:
    """%Played, Quality and clemscore over all arenas."""
    if not clusters:
        return None, None, None
    values = clemscore([_rounded(point(group)) for group in clusters.values()])
    played, quality = _round(values[0]), _round(values[1])
    score = _round(played / 100 * quality) if played is not None and quality is not None else None
    return played, quality, score


def _overall_intervals(
    clusters: Mapping[str, Sequence[Cluster]], samples: Sequence[Mapping[str, Point]]
) -> OverallIntervals:
    if not clusters:
        return OverallIntervals()
    drawn = zip(*(clemscore(list(sample.values())) for sample in samples), strict=True)
    played, quality, score = [
        _round_both(interval(values, lambda bounds=bounds: bounds))  # type: ignore[misc]
        for values, bounds in zip(drawn, _without_spread_overall(clusters), strict=True)
    ]
    return OverallIntervals(played=played, quality=quality, clemscore=score)


def _without_spread_overall(clusters: Mapping[str, Sequence[Cluster]]) -> list[Interval]:
    """Intervals of the three when no spread was seen in any arena: the ends of the arenas' own intervals, averaged."""
    played = [without_spread(point(group).played, len(group)) for group in clusters.values()]
    quality = [
        without_spread(value, sum(1 for cluster in group if cluster.scored))
        for group in clusters.values()
        if (value := point(group).quality) is not None
    ]
    first, second = _mean(played), _mean(quality)
    return [first, second, (first[0] * second[0] / 100, first[1] * second[1] / 100)]


def _mean(intervals: Sequence[Interval]) -> Interval:
    count = max(1, len(intervals))
    return sum(low for low, _ in intervals) / count, sum(high for _, high in intervals) / count


def _causes(episodes: Sequence[ScoredEpisode]) -> dict[str, int]:
    return dict(Counter(episode.cause or "interrupted" for episode in episodes if episode.outcome is None))


def _rounded(estimate: Point) -> Point:
    return Point(round(estimate.played * 100) / 100, _round(estimate.quality))


def _round(value: float | None) -> float | None:
    """Round to two decimals as numpy does, which clembench uses: 66.665 becomes 66.66."""
    return None if value is None else round(value * 100) / 100


def _round_both(pair: Interval | None) -> Interval | None:
    return None if pair is None else (round(pair[0], 2), round(pair[1], 2))
