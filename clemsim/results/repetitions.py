"""The episodes of a run by game, instance and repetition."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from clemsim.game.instances import EpisodeKey
from clemsim.game.outcomes import Outcome
from clemsim.results.clusters import Cluster

Repetitions = Mapping[str, Mapping[str, Mapping[int, Outcome | None]]]  # by game, instance and repetition; None: unfinished
Clusters = dict[str, dict[str, Cluster]]  # by game and instance


def by_cast(episodes: Iterable[tuple[EpisodeKey, Outcome | None]]) -> dict[str, Repetitions]:
    """Return the episodes of each cast, in the order in which they come."""
    casts: dict[str, dict[str, dict[str, dict[int, Outcome | None]]]] = {}
    for key, outcome in episodes:
        instances = casts.setdefault(key.cast, {}).setdefault(key.arena, {})
        instances.setdefault(key.instance, {})[key.repetition] = outcome
    return dict(casts)


def joined(runs: Sequence[Repetitions]) -> Repetitions:
    """Return the episodes of several runs of one agent, numbered anew as repetitions of the same instances."""
    together: dict[str, dict[str, dict[int, Outcome | None]]] = {}
    for run in runs:
        for game, instances in run.items():
            for name, repetitions in instances.items():
                own = together.setdefault(game, {}).setdefault(name, {})
                own.update(enumerate(repetitions.values(), len(own)))
    return together


def finished(runs: Mapping[int, Outcome | None]) -> list[Outcome]:
    """Return the outcomes of the finished episodes of one instance."""
    return [outcome for outcome in runs.values() if outcome is not None]


def clusters_of(repetitions: Repetitions) -> Clusters:
    """Return the clusters of the instances that have a finished episode."""
    clusters = {
        game: {name: Cluster.of(done) for name, runs in instances.items() if (done := finished(runs))}
        for game, instances in repetitions.items()
    }
    return {game: instances for game, instances in clusters.items() if instances}


def games_apart(episodes: Iterable[tuple[EpisodeKey, Outcome | None]]) -> set[str]:
    """Return the games that are scored by seat alone, so that they have neither Quality nor worth."""
    return {key.arena for key, outcome in episodes if outcome is not None and not outcome.shared}


def worth(outcome: Outcome) -> float:
    """Return what an episode is worth in points: its main score; 0 where it was aborted or has none."""
    return outcome.quality or 0.0
