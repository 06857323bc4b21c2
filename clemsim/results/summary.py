"""From episodes to the table: %Played, Quality and clemscore for each arena and overall, with their intervals."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from clemsim.game.outcomes import Outcome
from clemsim.results.intervals import Cluster, Interval, Point, clemscore, interval, point, resample, without_spread


@dataclass(frozen=True, slots=True)
class Scored:
    """What the averages need of one episode; without an outcome it is unfinished, for this cause."""

    arena: str
    instance: str
    cast: str
    outcome: Outcome | None
    cause: str = ""


def summarize(episodes: Iterable[Scored]) -> dict[str, Any]:
    """Scores by cast under `agents`, and of all casts together at the top.

    Rounded to two decimals, except that clemscore is made of averages that were rounded to two decimals as clembench
    does. Unfinished episodes are counted and enter no average.
    """
    everything = list(episodes)
    by_cast: dict[str, list[Scored]] = defaultdict(list)
    for episode in everything:
        by_cast[episode.cast].append(episode)
    return {
        "agents": {cast: scores_of(some) for cast, some in by_cast.items()},
        **scores_of(everything),
    }


def scores_of(episodes: Sequence[Scored]) -> dict[str, Any]:
    """Overall scores and those of each arena."""
    by_arena: dict[str, list[Scored]] = defaultdict(list)
    for episode in episodes:
        by_arena[episode.arena].append(episode)
    clusters = {arena: found for arena, some in by_arena.items() if (found := _clusters(some))}
    samples = resample(clusters)
    arenas = {
        arena: _arena(some, clusters.get(arena), [sample[arena] for sample in samples if arena in sample])
        for arena, some in by_arena.items()
    }
    return {
        **_overall(clusters, samples),
        "episodes": len(episodes),
        "unfinished": sum(1 for episode in episodes if episode.outcome is None),
        "causes": _causes(episodes),
        "arenas": arenas,
    }


def _clusters(episodes: Sequence[Scored]) -> list[Cluster]:
    found: dict[tuple[str, str], list[Outcome]] = defaultdict(list)
    for episode in episodes:
        if episode.outcome is not None:
            found[episode.cast, episode.instance].append(episode.outcome)
    return [_cluster(outcomes) for outcomes in found.values()]


def _cluster(outcomes: Sequence[Outcome]) -> Cluster:
    qualities = [outcome.quality for outcome in outcomes if outcome.quality is not None]
    played = sum(1 for outcome in outcomes if outcome.kind != "aborted")
    return Cluster(len(outcomes), played, len(qualities), sum(qualities))


def _arena(episodes: Sequence[Scored], clusters: Sequence[Cluster] | None, samples: Sequence[Point]) -> dict[str, Any]:
    kinds = Counter(episode.outcome.kind for episode in episodes if episode.outcome is not None)
    found = point(clusters) if clusters else None
    return {
        "episodes": len(episodes),
        "success": kinds["success"],
        "failure": kinds["failure"],
        "aborted": kinds["aborted"],
        "unfinished": len(episodes) - kinds.total(),
        "played": _round(found.played if found else None),
        "quality": _round(found.quality if found else None),
        "ci": _arena_intervals(clusters, found, samples),
    }


def _arena_intervals(
    clusters: Sequence[Cluster] | None, found: Point | None, samples: Sequence[Point]
) -> dict[str, Interval | None]:
    if not clusters or found is None:
        return {"played": None, "quality": None}
    played, quality = found.played, found.quality
    scored = sum(1 for cluster in clusters if cluster.scored)
    return {
        "played": _round_both(
            interval([sample.played for sample in samples], lambda: without_spread(played, len(clusters)))
        ),
        "quality": None
        if quality is None
        else _round_both(interval([sample.quality for sample in samples], lambda: without_spread(quality, scored))),
    }


def _overall(clusters: Mapping[str, Sequence[Cluster]], samples: Sequence[Mapping[str, Point]]) -> dict[str, Any]:
    names = ("played", "quality", "clemscore")
    if not clusters:
        return {"clemscore": None, "played": None, "quality": None, "ci": dict.fromkeys(names)}
    values = clemscore([_rounded(point(some)) for some in clusters.values()])
    played, quality = _round(values[0]), _round(values[1])
    score = _round(played / 100 * quality) if played is not None and quality is not None else None
    drawn = [clemscore(list(sample.values())) for sample in samples]
    bounds = _without_spread_overall(clusters)
    ci = {
        name: _round_both(interval([each[index] for each in drawn], lambda index=index: bounds[index]))  # type: ignore[misc]
        for index, name in enumerate(names)
    }
    return {"clemscore": score, "played": played, "quality": quality, "ci": ci}


def _without_spread_overall(clusters: Mapping[str, Sequence[Cluster]]) -> list[Interval]:
    """Intervals of the three when no spread was seen in any arena: the ends of the arenas' own intervals, averaged."""
    played = [without_spread(point(some).played, len(some)) for some in clusters.values()]
    quality = [
        without_spread(found, sum(1 for cluster in some if cluster.scored))
        for some in clusters.values()
        if (found := point(some).quality) is not None
    ]
    first, second = _mean(played), _mean(quality)
    return [first, second, (first[0] * second[0] / 100, first[1] * second[1] / 100)]


def _mean(intervals: Sequence[Interval]) -> Interval:
    count = max(1, len(intervals))
    return sum(low for low, _ in intervals) / count, sum(high for _, high in intervals) / count


def _causes(episodes: Sequence[Scored]) -> dict[str, int]:
    return dict(Counter(episode.cause or "interrupted" for episode in episodes if episode.outcome is None))


def _rounded(found: Point) -> Point:
    return Point(round(found.played * 100) / 100, _round(found.quality))


def _round(value: float | None) -> float | None:
    """To two decimals as numpy rounds, which clembench uses: 66.665 becomes 66.66."""
    return None if value is None else round(value * 100) / 100


def _round_both(pair: Interval | None) -> Interval | None:
    return None if pair is None else (round(pair[0], 2), round(pair[1], 2))
