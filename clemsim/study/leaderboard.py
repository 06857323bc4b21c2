"""The leaderboard of a study: which ranks its models may have, and which of them can't be told apart."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from clemsim.results.detectable import detectable_difference
from clemsim.results.repetitions import Clusters, by_cast, clusters_of
from clemsim.store import reader
from clemsim.store.folder import STORE
from clemsim.study.plan import Member

Setting = tuple[str, int | None, bool]  # suite, seed, constrained: the runs of one setting have the same instances
Played = Mapping[Setting, Mapping[str, Clusters]]  # by setting and run


@dataclass(frozen=True, slots=True)
class Place:
    """The ranks in worth that a run's model may have among those of its setting, with its tier (see `rank_intervals`)."""

    low: int
    high: int
    tier: int


def played_by_setting(folder: Path, members: Iterable[Member]) -> Played:
    """Return what was played in each setting, by run; pairings are left out. Raises StoreError."""
    alone = (member for member in members if member.player)
    return played_in(folder, ((member.run, (member.suite, member.config.seed, member.config.constrain)) for member in alone))


def played_in(folder: Path, runs: Iterable[tuple[str, Setting]]) -> Played:
    """Return what was played in each setting, of runs of one cast that are given with their settings. Raises StoreError."""
    found: dict[Setting, dict[str, Clusters]] = defaultdict(dict)
    for run, setting in runs:
        if clusters := _clusters(folder / run):
            found[setting][run] = clusters
    return found


def places(played: Played) -> dict[str, Place]:
    """Return the place of each run that one model played, by run; runs are ranked by worth against those of the same suite,
    seed and decoding. A run without others has none, and none has one where the extra `analysis` is missing.
    """
    try:
        from clemsim.analysis.statistics.rank_intervals import rank_intervals  # noqa: PLC0415 (an extra)
        from clemsim.analysis.statistics.sample import sample_of  # noqa: PLC0415
    except ImportError:
        return {}
    found: dict[str, Place] = {}
    for own in played.values():
        if len(own) > 1:
            ranks = rank_intervals(sample_of(own, {}, list(own)), "worth")
            found |= {run: Place(rank.low, rank.high, rank.tier) for run, rank in ranks.items()}
    return found


def detectable(played: Played) -> dict[Setting, float]:
    """Return, for each setting, the true difference in worth that its runs show four times in five: of the median pair, or
    of two like the only one.
    """
    found = {setting: detectable_difference(list(own.values()), "worth") for setting, own in played.items()}
    return {setting: value for setting, value in found.items() if value is not None}


def _clusters(folder: Path) -> Clusters:
    """Return the clusters of a run of one cast; none where it was not begun."""
    store = folder / STORE
    if not store.is_file():
        return {}
    with reader.reading(store) as base, reader.decoding(store):
        casts = by_cast((row.key, row.outcome) for row in reader.episodes(base))
    return clusters_of(next(iter(casts.values()), {}))
