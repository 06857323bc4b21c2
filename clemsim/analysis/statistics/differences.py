"""Differences between two models, how sure they are, and what they hang on."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy import stats

from clemsim.analysis.statistics.averages import Averages, Numbers, averages
from clemsim.analysis.statistics.bootstrap import Sample, interval, p_value
from clemsim.results.intervals import Interval, Z

Metric = Literal["played", "quality", "clemscore"]
Verdict = Literal["higher", "lower", "undecided", "no data"]
ALPHA = 0.05


@dataclass(frozen=True, slots=True)
class Difference:
    """first - second, with its 95 % interval and p; None where there is nothing to compare. `error`: standard error."""

    value: float | None
    interval: Interval | None
    p: float | None
    error: float | None


@dataclass(frozen=True, slots=True)
class Sensitivity:
    """A difference in clemscore when a game is left out, and under other rules; `fragile`: its sign changes in one of
    them.
    """

    without: Mapping[str, float | None]
    rules: Mapping[str, float | None]
    fragile: bool

    @property
    def range(self) -> Interval | None:
        """The smallest and the largest difference when one game is left out."""
        known = [value for value in self.without.values() if value is not None]
        return (min(known), max(known)) if known else None

    @property
    def turned_by(self) -> tuple[str, ...]:
        """The games and rules that change the sign."""
        return tuple(name for name in (*self.without, *self.rules) if name in self._turning)

    @property
    def _turning(self) -> set[str]:
        reference = self.rules["paper"] or 0.0
        return {
            name for name, value in {**self.without, **self.rules}.items() if value is not None and value * reference < 0
        }


def overall(sample: Sample, first: str, second: str, metric: Metric = "clemscore") -> Difference:
    """The difference over all games, by the rule of the paper."""
    one, two = (sample.models.index(name) for name in (first, second))
    seen, drawn = getattr(sample.averages(), metric), getattr(sample.drawn(), metric)
    return _difference(seen[one] - seen[two], drawn[:, one] - drawn[:, two], sample.instances)


def in_game(sample: Sample, first: str, second: str, game: str, metric: Literal["played", "quality"]) -> Difference:
    """The difference in one game."""
    one, two = (sample.models.index(name) for name in (first, second))
    at = sample.games.index(game)
    seen = sample.played if metric == "played" else sample.quality
    drawn = sample.drawn_played if metric == "played" else sample.drawn_quality
    return _difference(seen[one, at] - seen[two, at], drawn[:, one, at] - drawn[:, two, at], [sample.instances[at]])


def sensitivity(sample: Sample, first: str, second: str) -> Sensitivity:
    """What the difference in clemscore hangs on: each game left out in turn (jackknife over games; Tukey 1958), and
    other rules of averaging: `zero` counts the Quality of a game that was run and never played as 0, `common games`
    uses only games that both played, `common Quality` does so for the Quality alone.
    """
    at = [sample.models.index(name) for name in (first, second)]
    played, quality = sample.played[at], sample.quality[at]
    whole = _gap(averages(played, quality))
    without = {
        game: _gap(averages(np.delete(played, index, axis=1), np.delete(quality, index, axis=1)))
        for index, game in enumerate(sample.games)
        if not np.isnan(played[:, index]).all()
    }
    both = ~np.isnan(quality).any(axis=0)
    common = np.where(both, quality, np.nan)
    rules = {
        "paper": whole,
        "zero": _gap(averages(played, quality, "zero")),
        "common games": _gap(averages(np.where(both, played, np.nan), common)),
        "common Quality": _gap(averages(played, common)),
    }
    others = [value for value in (*without.values(), *rules.values()) if value is not None]
    fragile = whole is not None and any(value * whole < 0 for value in others)
    return Sensitivity(without, rules, fragile)


def verdict(value: float | None, adjusted: float | None) -> Verdict:
    """What a difference says at the 5 % level."""
    if value is None or adjusted is None:
        return "no data"
    if adjusted >= ALPHA:
        return "undecided"
    return "higher" if value > 0 else "lower"


def _difference(value: float, drawn: Numbers, instances: Sequence[int]) -> Difference:
    if np.isnan(value):
        return Difference(None, None, None, None)
    values = drawn[~np.isnan(drawn)]
    if values.size and np.ptp(values) < 1e-12:  # no instance differed from another
        typical = float(np.mean([count for count in instances if count] or [1]))
        return Difference(float(value), *without_spread(float(value), typical), None)
    error = float(np.std(values, ddof=1)) if values.size > 1 else None
    return Difference(float(value), interval(drawn, instances, (-100, 100)), p_value(drawn, instances), error)


def without_spread(value: float, count: float) -> tuple[Interval, float]:
    """Interval and p for a mean difference in -100..100 when all `count` instances differed alike: at most a share w could
    have been otherwise (Wilson's upper limit for 0 of `count`; Wilson 1927), and by anything. Compare
    `scores.intervals.without_spread`.
    """
    share = Z * Z / (count + Z * Z)
    p = 2 * float(stats.norm.sf(math.sqrt(count * abs(value) / 100)))
    return (value * (1 - share) - 100 * share, value * (1 - share) + 100 * share), p


def _gap(both: Averages) -> float | None:
    value = both.clemscore[0] - both.clemscore[1]
    return None if np.isnan(value) else float(value)
