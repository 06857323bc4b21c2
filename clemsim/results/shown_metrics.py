"""The metrics that games want shown in the table of a run, by cast and game."""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Mapping, Sequence

from pydantic import BaseModel, ConfigDict

from clemsim.results.intervals import Interval
from clemsim.results.scaled_means import scaled_mean

QUERY = """
SELECT "cast", arena, instance, metric, value FROM scores JOIN episodes ON episodes.id = scores.episode
WHERE round = 0 AND value IS NOT NULL AND status = 'done' AND arena = ? AND metric = ? ORDER BY episodes.id
"""


class MetricMean(BaseModel):
    """The mean of a metric over the episodes in which it is defined, with its 95 % interval over instances."""

    model_config = ConfigDict(frozen=True)
    episodes: int
    mean: float
    ci: Interval | None


MetricTable = dict[str, dict[str, dict[str, MetricMean]]]  # by cast, game and metric


def shown_metrics(base: sqlite3.Connection, wanted: Mapping[str, Sequence[str]]) -> MetricTable:
    """Return the means of the metrics that are wanted of each game, from the scores in a store."""
    table: MetricTable = {}
    for arena, names in wanted.items():
        for metric in names:
            for cast, mean in _means(base, arena, metric).items():
                table.setdefault(cast, {}).setdefault(arena, {})[metric] = mean
    return table


def _means(base: sqlite3.Connection, arena: str, metric: str) -> dict[str, MetricMean]:
    casts: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    everything = []
    for cast, _, instance, _, value in base.execute(QUERY, (arena, metric)):
        casts[cast][instance].append(value)
        everything.append(value)
    means = {}
    for cast, values in casts.items():
        mean, interval = scaled_mean(values, min(everything), max(everything))
        if mean is not None:
            means[cast] = MetricMean(episodes=sum(map(len, values.values())), mean=mean, ci=interval)
    return means
