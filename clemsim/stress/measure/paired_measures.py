"""How well the same episodes were played alone and under load: %Played, wins, Quality and broken formats.

Their differences, intervals and p values are those of every other comparison (`clemsim.results.differences`): instances are
the units, pairs bear on a difference together, and games weigh the same.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Literal

from clemsim.analysis.kinds import MARGIN
from clemsim.game.events import Rejected, Replied
from clemsim.game.instances import EpisodeKey
from clemsim.game.outcomes import Outcome
from clemsim.results.clusters import Cluster
from clemsim.results.differences import Clusters, Difference, difference
from clemsim.results.estimates import ModelEstimates, Score
from clemsim.results.holm import holm_levels
from clemsim.results.intervals import Interval
from clemsim.stress.stress_result import StressResult

MeasureName = Literal["played", "won", "quality", "broken", "violations"]
MEASURES: Mapping[MeasureName, str] = {
    "played": "%Played",
    "won": "% won",
    "quality": "Quality",
    "broken": "% of replies with a broken format",
    "violations": "broken formats an episode",  # only in reports of earlier versions
}


class PairedMeasure(StressResult):
    """A measure (0..100) of `n` pairs: alone, under load, their difference with a 95 % interval, and a p value.

    `joint` is the interval at the level of its test among all measures, so that it leaves 0 out exactly where the measure is
    guilty; `detectable`: the true change that so many pairs show at that level four times in five; `equivalent`: the change
    is shown to be smaller than the margin. None where too few instances bear on the measure. A share of episodes has also
    the number of those that it `gained` and `lost` under load.
    """

    n: int
    alone: float
    loaded: float
    difference: float
    interval: Interval | None
    gained: int | None = None
    lost: int | None = None
    p: float | None
    joint: Interval | None = None
    detectable: float | None = None
    equivalent: bool | None = None


@dataclass(frozen=True, slots=True)
class PlayedEpisode:
    """The outcome of an episode, its replies in order, and how many of them broke the format."""

    outcome: Outcome
    replies: tuple[Replied, ...]
    violations: int

    @classmethod
    def of(cls, events: Sequence[object], outcome: Outcome) -> PlayedEpisode:
        """Return the played episode of a transcript's events."""
        violations = sum(isinstance(event, Rejected) and event.violation for event in events)
        return cls(outcome, tuple(event for event in events if isinstance(event, Replied)), violations)


Pair = tuple[PlayedEpisode, PlayedEpisode]  # alone, under load
Pairs = Mapping[EpisodeKey, Pair]


@dataclass(frozen=True, slots=True)
class _Way:
    """How a measure comes about: what is counted of the episodes of one instance, and which score of the counts it is."""

    count: Callable[[Sequence[PlayedEpisode]], Cluster]
    score: Score = "played"
    holds: Callable[[Outcome], bool] | None = None  # of a share of episodes

    def clusters(self, pairs: Pairs, side: int) -> Clusters:
        """Return the counts by game and instance: of side 0 alone, of side 1 under load."""
        episodes: dict[str, dict[str, list[PlayedEpisode]]] = defaultdict(lambda: defaultdict(list))
        for key, pair in pairs.items():
            episodes[key.arena][key.instance].append(pair[side])
        counted = {game: {name: self.count(own) for name, own in group.items()} for game, group in episodes.items()}
        return {game: {name: own for name, own in group.items() if own.episodes} for game, group in counted.items()}


def measures_of(pairs: Pairs, level: float) -> dict[MeasureName, PairedMeasure]:
    """Return the measures that have a value; all of them are tested together at `level` (Holm). Raises UsageError where
    numpy is missing.
    """
    sides = {name: (way.clusters(pairs, 0), way.clusters(pairs, 1)) for name, way in WAYS.items()}
    found = {name: difference(loaded, alone, WAYS[name].score) for name, (alone, loaded) in sides.items()}
    known = [name for name in WAYS if found[name].value is not None]
    levels = dict(zip(known, holm_levels([found[name].p for name in known], level), strict=True))
    return {name: _measure(pairs, WAYS[name], *sides[name], found[name], levels[name]) for name in known}


def agreeing_share(pairs: Pairs, agree: Callable[[Pair], bool]) -> tuple[float, Interval | None]:
    """Return the share (0..1) of pairs that agree, and its 95 % interval, where there are instances enough for one."""
    clusters: dict[str, dict[str, Cluster]] = defaultdict(dict)
    for key, pair in pairs.items():
        before = clusters[key.arena].get(key.instance, Cluster(0, 0, 0, 0.0))
        clusters[key.arena][key.instance] = Cluster(before.episodes + 1, before.played + agree(pair), 0, 0.0)
    mean = ModelEstimates.of(clusters).mean("played")
    return (mean.value, mean.interval()) if mean else (0.0, None)


def _measure(pairs: Pairs, way: _Way, alone: Clusters, loaded: Clusters, own: Difference, level: float) -> PairedMeasure:
    joint = difference(loaded, alone, way.score, level)
    before, after = (ModelEstimates.of(clusters).value(way.score) or 0.0 for clusters in (alone, loaded))
    moves = [(way.holds(first.outcome), way.holds(second.outcome)) for first, second in pairs.values()] if way.holds else []
    return PairedMeasure(
        n=_pairs_of(pairs, way.score),
        alone=before,
        loaded=after,
        difference=own.value or 0.0,
        interval=own.interval,
        gained=moves.count((False, True)) if way.holds else None,
        lost=moves.count((True, False)) if way.holds else None,
        p=own.p,
        joint=joint.interval,
        detectable=joint.detectable,
        equivalent=None if own.within is None else own.equivalent(MARGIN),
    )


def _pairs_of(pairs: Pairs, score: Score) -> int:
    """Return the number of pairs that bear on a score."""
    if score != "quality":
        return len(pairs)
    return sum(any(episode.outcome.quality is not None for episode in pair) for pair in pairs.values())


def _is_played(outcome: Outcome) -> bool:
    return outcome.kind != "aborted"


def _is_won(outcome: Outcome) -> bool:
    return outcome.kind == "success"


def _outcomes(episodes: Sequence[PlayedEpisode]) -> Cluster:
    return Cluster.of([episode.outcome for episode in episodes])


def _share(episodes: Sequence[PlayedEpisode], holds: Callable[[Outcome], bool]) -> Cluster:
    return Cluster(len(episodes), sum(holds(episode.outcome) for episode in episodes), 0, 0.0)


def _formats(episodes: Sequence[PlayedEpisode]) -> Cluster:
    """Count replies in place of episodes, and those with a broken format in place of those that were played."""
    replies = sum(len(episode.replies) for episode in episodes)
    return Cluster(replies, min(replies, sum(episode.violations for episode in episodes)), 0, 0.0)


WAYS: Mapping[MeasureName, _Way] = {
    "played": _Way(partial(_share, holds=_is_played), holds=_is_played),
    "won": _Way(partial(_share, holds=_is_won), holds=_is_won),
    "quality": _Way(_outcomes, "quality"),
    "broken": _Way(_formats),
}
