"""The exact test of two models that played the same instances: were the labels exchanged, would it look different?

If two models play alike, each instance's two results might as well have come the other way round. So the labels are swapped
in every combination of instances, or in a random selection of combinations where there are too many, and p is the share of
them in which the difference is at least as large as the one that was seen (Fisher 1935; with random swaps Phipson and Smyth
2010). For yes-or-no outcomes of one game it is the sign test. It assumes nothing of the distribution, and errs in one of
twenty comparisons of equal models at most, however few the instances.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from clemsim._util.extras import library
from clemsim.results.clusters import Cluster
from clemsim.results.estimates import Score

EXACT = 14  # instances that differ: up to so many, every combination is tried
DRAWS = 9_999  # combinations that are tried of more
SEED = 7

Clusters = Mapping[str, Mapping[str, Cluster]]  # by game and instance


def swap_p(first: Clusters, second: Clusters, score: Score) -> float | None:
    """Return the two-sided p value of no difference between two models on the same instances of the same games.

    None where one of them has no such score. Raises UsageError where numpy is missing.
    """
    numpy = library("numpy", "analysis", "the exact test of a difference")
    games = [game for game in first if first[game]]
    pairs = [(game, first[game][name], second[game][name]) for game in games for name in first[game]]
    differing = [(game, one, other) for game, one, other in pairs if one != other]
    base = {game: _sums(numpy, [(one, other) for of, one, other in pairs if of == game and one == other]) for game in games}
    swaps = _combinations(numpy, len(differing))
    played, quality, worth = [], [], []
    for game in games:
        columns = [index for index, (of, _, _) in enumerate(differing) if of == game]
        sums = _swapped(numpy, [differing[index][1:] for index in columns], swaps[:, columns]) + base[game]
        episodes, kept, scored, total = (sums[..., index] for index in range(4))
        played.append(kept / episodes)
        worth.append(total / 100 / episodes)
        quality.append(numpy.divide(total / 100, scored, out=numpy.full(scored.shape, numpy.nan), where=scored > 0))
    differences = _differences(numpy, score, played, quality, worth)
    if differences is None or numpy.isnan(differences[0]):
        return None
    beyond = numpy.abs(differences) >= abs(differences[0]) - 1e-12  # the first combination swaps nothing
    return float(beyond[~numpy.isnan(differences)].mean())


def _combinations(numpy: Any, count: int) -> Any:
    """Return combinations (combinations x instances) of swaps, 0 or 1 for each instance; the first one swaps nothing."""
    if count <= EXACT:
        return (numpy.arange(2**count)[:, None] >> numpy.arange(count)) & 1
    drawn = numpy.random.default_rng(SEED).integers(0, 2, size=(DRAWS, count))
    return numpy.concatenate([numpy.zeros((1, count), dtype=drawn.dtype), drawn])


def _sums(numpy: Any, pairs: list[tuple[Cluster, Cluster]]) -> Any:
    """Return the counts (2 models x 4) of pairs that are the same for both models."""
    if not pairs:
        return numpy.zeros((2, 4))
    return numpy.array([[_counts(one), _counts(other)] for one, other in pairs]).sum(axis=0)


def _swapped(numpy: Any, pairs: list[tuple[Cluster, Cluster]], swaps: Any) -> Any:
    """Return the counts (combinations x 2 models x 4) of pairs after each combination of swaps."""
    if not pairs:
        return numpy.zeros((len(swaps), 2, 4))
    ours = numpy.array([_counts(one) for one, _ in pairs])
    theirs = numpy.array([_counts(other) for _, other in pairs])
    moved = swaps.astype(float) @ (theirs - ours)
    return numpy.stack([ours.sum(axis=0) + moved, theirs.sum(axis=0) - moved], axis=1)


def _counts(cluster: Cluster) -> tuple[int, int, int, float]:
    return cluster.episodes, cluster.played, cluster.scored, cluster.total


def _differences(numpy: Any, score: Score, played: Any, quality: Any, worth: Any) -> Any:
    """Return the difference of the two models (combinations) over games, from their scores by game."""
    if score == "worth":
        over_games = numpy.stack(worth, axis=-1).mean(axis=-1)
    elif score == "played":
        over_games = numpy.stack(played, axis=-1).mean(axis=-1)
    else:
        values = numpy.stack(quality, axis=-1)
        known = ~numpy.isnan(values)
        count = known.sum(axis=-1)
        mean = numpy.divide(
            numpy.where(known, values, 0.0).sum(axis=-1), count, out=numpy.full(count.shape, numpy.nan), where=count > 0
        )
        over_games = mean if score == "quality" else mean * numpy.stack(played, axis=-1).mean(axis=-1)
    return over_games[:, 0] - over_games[:, 1]
