"""Verdicts on differences between two models, and their sensitivity to single games and to rules of averaging."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np

from clemsim.analysis.statistics.averages import Averages, averages
from clemsim.analysis.statistics.sample import Sample
from clemsim.results.intervals import Interval

Verdict = Literal["higher", "lower", "undecided", "no data"]
ALPHA = 0.05


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


def _gap(models: Averages) -> float | None:
    value = models.clemscore[0] - models.clemscore[1]
    return None if np.isnan(value) else float(value)
