"""The second reading of a score: that of these instances only, had they been played again and again.

The usual interval takes the instances as a sample of their kind. Whoever asks about a closed suite asks less: what would the
mean be over endless repetitions of these very instances? Only run-to-run noise bears on that, so only the variance within an
instance counts, and there is no interval without repetitions (Brennan 2001, on fixed facets; Miller 2024, section 3).

The variance within instances is pooled over a game, with one more degree of freedom that half a reversal would give: a game
whose repetitions all agree has little noise, not none. The interval is again Jeffreys' at the effective number of outcomes
(`clemsim.results.means`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from clemsim.game.outcomes import Outcome
from clemsim.results.differences import EQUIVALENCE, Difference, PairedMeans, seen_difference
from clemsim.results.estimates import Score
from clemsim.results.intervals import Interval
from clemsim.results.means import LEVEL, GameMean, Mean, mean_of_parts, product
from clemsim.results.ratios import PHANTOM
from clemsim.results.repetitions import Repetitions, finished, worth

REVERSAL = 0.5  # the sum of squares of two opposite outcomes around their mean
MORE = 1.0  # degree of freedom that half a reversal comes with

Groups = Sequence[Sequence[Outcome]]  # the finished episodes of each instance of a game
Parts = tuple[float, float]  # of one episode: what it adds to the numerator and the denominator of a score


@dataclass(frozen=True, slots=True)
class _Within:
    """A ratio of a game (0..1), its variance from run to run, and the degrees of freedom of that variance."""

    value: float
    smoothed: float
    variance: float
    df: float
    residuals: tuple[tuple[float, ...], ...]  # of each episode of each instance, around the instance's mean
    total: float  # the denominator


@dataclass(frozen=True)
class TheseInstances:
    """The scores of one agent on these instances alone."""

    games: Mapping[str, Groups]

    @classmethod
    def of(cls, repetitions: Repetitions) -> TheseInstances:
        """Return the scores of the finished episodes."""
        games = {game: [finished(runs) for runs in instances.values()] for game, instances in repetitions.items()}
        known = {game: [own for own in groups if own] for game, groups in games.items()}
        return cls({game: groups for game, groups in known.items() if groups})

    def of_game(self, game: str) -> TheseInstances:
        """Return the scores of one game alone."""
        return TheseInstances({game: self.games[game]} if game in self.games else {})

    def interval(self, score: Score, level: float = LEVEL) -> Interval | None:
        """Return the interval of a score in points; None where a game has no instance that was played twice, or where five
        repetitions are not to be had.
        """
        mean = self.mean(score)
        ends = mean.interval(level) if mean else None
        return None if ends is None else (100 * ends[0], 100 * ends[1])

    def mean(self, score: Score) -> Mean | None:
        """Return a score as a mean over games with its variance from run to run; None where that is not known."""
        return self._means[score]

    @cached_property
    def _means(self) -> Mapping[Score, Mean | None]:
        parts = {
            score: [_within(groups, score) for groups in self.games.values()] for score in ("played", "quality", "worth")
        }
        means: dict[Score, Mean | None] = {
            "played": _mean(parts["played"]),
            "quality": _mean([own for own in parts["quality"] if own is None or own.total]),
            "worth": _mean(parts["worth"]),
        }
        played, quality = means["played"], means["quality"]
        clemscore = None
        if played and quality:
            pairs = zip(parts["played"], parts["quality"], strict=True)
            scored = sum(1 for own in parts["quality"] if own and own.total)
            together = sum(_covariance(one, other) for one, other in pairs if one and other and other.total)
            clemscore = (
                means["worth"] if len(self.games) == 1 else product(played, quality, together / len(self.games) / scored)
            )
        return {**means, "clemscore": clemscore}


def difference_on_these(
    first: Repetitions, second: Repetitions, score: Score, game: str | None = None, level: float = LEVEL
) -> Difference:
    """Return the difference between two agents on the instances that both have finished, as these instances alone would
    show it if they were played for ever; interval (of that level) and p are None without repetitions.

    Given the instances, the runs of two agents are independent of each other (for those of one server, as far as is known).
    """
    ours, theirs = (TheseInstances.of(own) for own in shared_repetitions(first, second))
    if game is not None:
        ours, theirs = ours.of_game(game), theirs.of_game(game)
    one, other = ours.mean(score), theirs.mean(score)
    if one is None or other is None or one.interval() is None or other.interval() is None:
        return Difference()
    pair = PairedMeans(one, other, 0.0)
    low, high = _points(pair.ends(level))
    seen = seen_difference(low, high, level)
    return Difference(100 * pair.value, (low, high), pair.p(), seen, _points(pair.ends(EQUIVALENCE)))


def _points(ends: Interval) -> Interval:
    return 100 * ends[0], 100 * ends[1]


def shared_repetitions(first: Repetitions, second: Repetitions) -> tuple[Repetitions, Repetitions]:
    """Return the episodes of both on the instances of which both have finished one."""
    names = {
        game: [name for name in first[game] if finished(first[game][name]) and finished(second[game].get(name, {}))]
        for game in sorted(first.keys() & second.keys())
    }
    return (
        {game: {name: first[game][name] for name in own} for game, own in names.items() if own},
        {game: {name: second[game][name] for name in own} for game, own in names.items() if own},
    )


def _parts(outcome: Outcome, score: str) -> Parts:
    if score == "played":
        return float(outcome.kind != "aborted"), 1.0
    if score == "worth":
        return worth(outcome) / 100, 1.0
    return worth(outcome) / 100, float(outcome.quality is not None)


def _within(groups: Groups, score: str) -> _Within | None:
    """Return a score of one game; None where no instance was played twice, or for worth where it is scored by seat alone."""
    if score == "worth" and not all(outcome.shared for group in groups for outcome in group):
        return None
    parts = [[_parts(outcome, score) for outcome in group] for group in groups]
    total = sum(x for group in parts for _, x in group)
    value = sum(y for group in parts for y, _ in group) / total if total else 0.0
    value = min(1.0, max(0.0, value))
    episodes = sum(map(len, groups))
    df = episodes - len(groups)
    if df < 1:
        return None
    residuals = tuple(_centred([y - value * x for y, x in group]) for group in parts)
    squares = sum(residual * residual for group in residuals for residual in group)
    smoothed = (value * total + PHANTOM) / (total + 2 * PHANTOM)
    of_one = (squares + REVERSAL / 2) / (df + MORE)
    if not 0 < value < 1:  # nothing differs: neither within instances nor between them, and all may be noise
        of_one = max(of_one, smoothed * (1 - smoothed) * total / episodes)
    return _Within(value, smoothed, of_one * episodes / total**2 if total else 0.0, df + MORE, residuals, total)


def _centred(values: Sequence[float]) -> tuple[float, ...]:
    mean = sum(values) / len(values)
    return tuple(value - mean for value in values)


def _mean(games: Sequence[_Within | None]) -> Mean | None:
    known = [game for game in games if game is not None]
    if not known or len(known) < len(games):
        return None
    return mean_of_parts([GameMean(own.value, own.smoothed, own.variance, own.df, own.df - MORE) for own in known])


def _covariance(one: _Within, other: _Within) -> float:
    """Return the covariance of two ratios of one game from run to run."""
    products = sum(
        a * b
        for first, second in zip(one.residuals, other.residuals, strict=True)
        for a, b in zip(first, second, strict=True)
    )
    return products / (one.df - MORE) * one.total / one.total / other.total
