"""Differences between two models: intervals, p values, and their sensitivity to single games and to rules of averaging."""

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
    """The difference first - second in points, its 95 % interval, p value and standard error (`error`).

    All are None where there is nothing to compare.
    """

    value: float | None
    interval: Interval | None
    p: float | None
    error: float | None


@dataclass(frozen=True, slots=True)
class Sensitivity:
    """A difference in clemscore (points) without each game (`without`), and under each rule of averaging (`rules`).

    `fragile`: its sign changes in one of them.
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


def overall_difference(sample: Sample, first: str, second: str, metric: Metric = "clemscore") -> Difference:
    """Return the difference first - second over all games, by the rule of the paper."""
    row, other = (sample.models.index(name) for name in (first, second))
    observed, drawn = getattr(sample.averages(), metric), getattr(sample.drawn(), metric)
    return _difference(observed[row] - observed[other], drawn[:, row] - drawn[:, other], sample.instances)


def game_difference(sample: Sample, first: str, second: str, game: str, metric: Literal["played", "quality"]) -> Difference:
    """Return the difference first - second in one game."""
    row, other = (sample.models.index(name) for name in (first, second))
    column = sample.games.index(game)
    values = sample.played if metric == "played" else sample.quality
    drawn = sample.drawn_played if metric == "played" else sample.drawn_quality
    value, draws = values[row, column] - values[other, column], drawn[:, row, column] - drawn[:, other, column]
    return _difference(value, draws, [sample.instances[column]])


def sensitivity_of(sample: Sample, first: str, second: str) -> Sensitivity:
    """Return the difference in clemscore without each game in turn (jackknife over games; Tukey 1958), and by other rules
    of averaging.

    `zero` counts the Quality of a game that was run and never played as 0, `common games` uses only games that both
    played, `common Quality` does so for the Quality alone.
    """
    rows = [sample.models.index(name) for name in (first, second)]
    played, quality = sample.played[rows], sample.quality[rows]
    difference = _gap(averages(played, quality))
    without = {
        game: _gap(averages(np.delete(played, index, axis=1), np.delete(quality, index, axis=1)))
        for index, game in enumerate(sample.games)
        if not np.isnan(played[:, index]).all()
    }
    scored_by_both = ~np.isnan(quality).any(axis=0)
    common = np.where(scored_by_both, quality, np.nan)
    rules = {
        "paper": difference,
        "zero": _gap(averages(played, quality, "zero")),
        "common games": _gap(averages(np.where(scored_by_both, played, np.nan), common)),
        "common Quality": _gap(averages(played, common)),
    }
    others = [value for value in (*without.values(), *rules.values()) if value is not None]
    fragile = difference is not None and any(value * difference < 0 for value in others)
    return Sensitivity(without, rules, fragile)


def verdict(value: float | None, adjusted: float | None) -> Verdict:
    """Return the verdict on a difference at the 5 % level; `adjusted` is its adjusted p value."""
    if value is None or adjusted is None:
        return "no data"
    if adjusted >= ALPHA:
        return "undecided"
    return "higher" if value > 0 else "lower"


def _difference(value: float, drawn: Numbers, instances: Sequence[int]) -> Difference:
    if np.isnan(value):
        return Difference(None, None, None, None)
    values = drawn[~np.isnan(drawn)]
    if values.size and np.ptp(values) < 1e-12:  # all instances have the same difference
        typical = float(np.mean([count for count in instances if count] or [1]))
        return Difference(float(value), *constant_difference(float(value), typical), None)
    error = float(np.std(values, ddof=1)) if values.size > 1 else None
    return Difference(float(value), interval(drawn, instances, (-100, 100)), p_value(drawn, instances), error)


def constant_difference(value: float, count: float) -> tuple[Interval, float]:
    """Return interval and p value of a mean difference (-100..100) when all `count` instances have the same difference.

    At most a share w of all instances could differ otherwise (Wilson's upper limit for 0 of `count`; Wilson 1927), and by
    any amount. Compare `clemsim.results.intervals.without_spread`.
    """
    share = Z * Z / (count + Z * Z)
    p = 2 * float(stats.norm.sf(math.sqrt(count * abs(value) / 100)))
    return (value * (1 - share) - 100 * share, value * (1 - share) + 100 * share), p


def _gap(models: Averages) -> float | None:
    value = models.clemscore[0] - models.clemscore[1]
    return None if np.isnan(value) else float(value)
