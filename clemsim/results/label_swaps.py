"""The exact test of two models that played the same instances: were the labels exchanged, would it look different?

If two models play alike, each instance's two results might as well have come the other way round. So the labels are swapped
in every combination of instances, or in a random selection of combinations where there are too many, and p is the share of
them in which the difference is at least as large as the one that was seen (Fisher 1935; with random swaps Phipson and Smyth
2010). For yes-or-no outcomes of one game it is the sign test. It assumes nothing of the distribution, and errs in one of
twenty comparisons of equal models at most, however few the instances.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from clemsim._util.extras import library
from clemsim.results.clusters import Cluster
from clemsim.results.estimates import Score

EXACT = 14  # instances that differ: up to so many, every combination is tried
MANY = 2_000  # instances that differ: of more, those that differ alike are swapped by their number
DRAWS = 9_999  # combinations that are tried of more
BLOCK = 500  # kinds of difference that are drawn at once
SEED = 7

Clusters = Mapping[str, Mapping[str, Cluster]]  # by game and instance


def swap_ps(first: Clusters, second: Clusters) -> dict[Score, float | None]:
    """Return, by score, the two-sided p value of no difference between two models on the same instances of the same games.

    None where one of them has no such score. Raises UsageError where numpy is missing.
    """
    numpy = library("numpy", "analysis", "the exact test of a difference")
    games = [game for game in first if first[game]]
    pairs = {game: [(first[game][name], second[game][name]) for name in first[game]] for game in games}
    differing = {game: [(one, other) for one, other in own if one != other] for game, own in pairs.items()}
    swapped = _swapped_games(numpy, differing)
    shares = []
    for game, own in swapped.items():
        alike = [(one, other) for one, other in pairs[game] if one == other]
        shares.append(_shares(numpy, own + _sums(numpy, alike)))
    played, quality, worth = (numpy.stack(values, axis=-1) for values in zip(*shares, strict=True))
    return {score: _share_beyond(numpy, of) for score, of in _over_games(numpy, played, quality, worth).items()}


def swap_p(first: Clusters, second: Clusters, score: Score) -> float | None:
    """Return that p value of one score."""
    return swap_ps(first, second)[score]


def _swapped_games(numpy: Any, differing: Mapping[str, list[tuple[Cluster, Cluster]]]) -> dict[str, Any]:
    """Return the counts (combinations x 2 models x 4) of the pairs of each game after each combination of swaps."""
    count = sum(map(len, differing.values()))
    if count > MANY:
        draws = numpy.random.default_rng(SEED)
        return {game: _swapped_alike(numpy, own, draws) for game, own in differing.items()}
    swaps = _combinations(numpy, count)
    swapped, begin = {}, 0
    for game, own in differing.items():
        swapped[game] = _swapped(numpy, own, swaps[:, begin : begin + len(own)])
        begin += len(own)
    return swapped


def _combinations(numpy: Any, count: int) -> Any:
    """Return combinations (combinations x instances) of swaps, 0 or 1 for each instance; the first one swaps nothing."""
    if count <= EXACT:
        return ((numpy.arange(2**count)[:, None] >> numpy.arange(count)) & 1).astype(float)
    return _drawn(count)


@lru_cache(maxsize=2)  # the pairs of a table mostly differ in other instances, those of a simulation often in as many
def _drawn(count: int) -> Any:
    numpy = library("numpy", "analysis", "the exact test of a difference")
    drawn = numpy.random.default_rng(SEED).integers(0, 2, size=(DRAWS + 1, count), dtype=numpy.int8)
    drawn[0] = 0
    return drawn.astype(float)


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
    moved = swaps @ (theirs - ours)
    return numpy.stack([ours.sum(axis=0) + moved, theirs.sum(axis=0) - moved], axis=1)


def _swapped_alike(numpy: Any, pairs: list[tuple[Cluster, Cluster]], draws: Any) -> Any:
    """Return the same of very many pairs. Pairs that differ alike are exchangeable: of so many, the number that is swapped
    is binomial, and is drawn instead of the pairs.
    """
    if not pairs:
        return numpy.zeros((DRAWS + 1, 2, 4))
    ours = numpy.array([_counts(one) for one, _ in pairs])
    theirs = numpy.array([_counts(other) for _, other in pairs])
    kinds, numbers = numpy.unique(theirs - ours, axis=0, return_counts=True)
    moved = numpy.zeros((DRAWS + 1, 4))
    for begin in range(0, len(kinds), BLOCK):
        part = slice(begin, begin + BLOCK)
        moved[1:] += draws.binomial(numbers[part], 0.5, size=(DRAWS, len(numbers[part]))) @ kinds[part]
    return numpy.stack([ours.sum(axis=0) + moved, theirs.sum(axis=0) - moved], axis=1)


def _counts(cluster: Cluster) -> tuple[int, int, int, float]:
    return cluster.episodes, cluster.played, cluster.scored, cluster.total


def _shares(numpy: Any, sums: Any) -> tuple[Any, Any, Any]:
    """Return %Played, Quality (nan where nothing is scored) and worth of a game, combinations x 2 models each, 0..1."""
    episodes, kept, scored, total = (sums[..., index] for index in range(4))
    points = total / 100
    return kept / episodes, _ratio(numpy, points, scored), points / episodes


def _ratio(numpy: Any, above: Any, below: Any) -> Any:
    return numpy.divide(above, below, out=numpy.full(below.shape, numpy.nan), where=below > 0)


def _over_games(numpy: Any, played: Any, quality: Any, worth: Any) -> dict[Score, Any]:
    """Return each score over games (combinations x 2 models)."""
    known = ~numpy.isnan(quality)
    mean = _ratio(numpy, numpy.where(known, quality, 0.0).sum(axis=-1), known.sum(axis=-1))
    kept = played.mean(axis=-1)
    return {"played": kept, "quality": mean, "clemscore": kept * mean, "worth": worth.mean(axis=-1)}


def _share_beyond(numpy: Any, scores: Any) -> float | None:
    """Return the share of combinations whose difference is at least as large as that of the first, which swaps nothing."""
    differences = scores[:, 0] - scores[:, 1]
    if numpy.isnan(differences[0]):
        return None
    beyond = numpy.abs(differences) >= abs(differences[0]) - 1e-12
    return float(beyond[~numpy.isnan(differences)].mean())
