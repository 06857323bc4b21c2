"""Bounds of the scores of one agent that hold at all looks."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import fmean
from typing import Protocol

from clemsim.errors import ArenaError, UsageError
from clemsim.game.outcomes import Outcome
from clemsim.results.confidence_sequence import ConfidenceSequence, Pair
from clemsim.results.intervals import Interval
from clemsim.results.ratio_sequence import RatioSequence

Ended = Sequence[Outcome]  # the repetitions of an instance


class Bound(Protocol):
    """Bounds a score."""

    @property
    def interval(self) -> Interval:
        """The interval so far, within [0, 1]."""

    def add(self, block: Sequence[Sequence[Ended]]) -> None:
        """Take in a block: the instances of each game."""


def bound(metric: str, games: int, blocks: int, repetitions: int, level: float) -> Bound:
    """Return the bound of the mean of a metric over so many games, of each of which every block has one instance at least.
    It is wrong at any time with probability `level` at most.
    """
    if metric != "quality" or games == 1:
        return _MeanBound(metric, blocks, level)
    return _ScoredBound(games, blocks, level) if repetitions == 1 else _RatioBound(games, level)


class _MeanBound:
    """Bounds the mean over games of a mean, or a ratio of one game."""

    def __init__(self, metric: str, blocks: int, level: float) -> None:
        self._metric = metric
        self._sequence = ConfidenceSequence(blocks, level)

    @property
    def interval(self) -> Interval:
        return self._sequence.interval

    def add(self, block: Sequence[Sequence[Ended]]) -> None:
        self._sequence.add([[_pair(self._metric, ended) for ended in instances] for instances in block])


class _ScoredBound:
    """Bounds the Quality of several games, each instance of which is played once.

    How many instances are scored, and when, says nothing of the scores of those that are. So the scored ones are a sample
    of their game, and make up rounds of their own: one ends as soon as each game has had a scored instance in it. Of
    repetitions this is not true: an instance that is scored more often may be an easier one.
    """

    def __init__(self, games: int, blocks: int, level: float) -> None:
        self._sequence = ConfidenceSequence(blocks, level)
        self._waiting: list[list[Pair]] = [[] for _ in range(games)]

    @property
    def interval(self) -> Interval:
        return self._sequence.interval

    def add(self, block: Sequence[Sequence[Ended]]) -> None:
        for waiting, instances in zip(self._waiting, block, strict=True):
            waiting += [(worth(ended), 1.0) for ended in instances if ended[0].quality is not None]
        if all(self._waiting):
            self._sequence.add(self._waiting)
            self._waiting = [[] for _ in self._waiting]


class _RatioBound:
    """Bounds the Quality of several games, with any number of repetitions."""

    def __init__(self, games: int, level: float) -> None:
        self._sequence = RatioSequence(games, level)

    @property
    def interval(self) -> Interval:
        return self._sequence.interval

    def add(self, block: Sequence[Sequence[Ended]]) -> None:
        for game, instances in enumerate(block):
            for ended in instances:
                self._sequence.add(_pair("quality", ended), game)


def worth(ended: Ended) -> float:
    """Return the mean Main Score of the repetitions of an instance, as a share of 100; an aborted one counts 0."""
    return fmean(_share(outcome) for outcome in ended)


def _pair(metric: str, ended: Ended) -> Pair:
    """Return what an instance adds to the two parts of a metric's ratio."""
    if metric == "played":
        return fmean(outcome.kind != "aborted" for outcome in ended), 1.0
    if metric == "quality":
        scored = fmean(outcome.quality is not None for outcome in ended)
        return min(worth(ended), scored), scored
    return worth(ended), 1.0


def _share(outcome: Outcome) -> float:
    """Return the Main Score as a share of 100; 0 for an aborted episode."""
    if not outcome.shared:
        raise UsageError("--stop-when: a game of this run is scored by seat alone, so it has no worth: ask for played")
    quality = outcome.quality or 0.0
    if not 0 <= quality <= 100:
        raise ArenaError(f"a quality of {quality} is not between 0 and 100")
    return quality / 100
