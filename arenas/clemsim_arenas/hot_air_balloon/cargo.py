"""The instances of hot_air_balloon: items with a weight and, for each negotiator, a value; and the worth of sets."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Literal

from pydantic import Field, model_validator

from clemsim_arenas.wordings.wordings import Worded

Mode = Literal["equal", "inverse", "independent"]


class Cargo(Worded):
    """What may be kept. `weights` and `values` (the first's and the second's) by item, `limit`: the most that may be kept by
    weight. `best`: the most that a set within the limit is worth to each. `best_harmonic`: the highest harmonic mean of what
    a set is worth to both in percent of that; it is not used where the mode is "equal". `reasoning`: whether each message
    begins with a hidden part. `arguing`: whether each needs an argument. `patience`: how many faults a seat may make.
    `silence`: how many messages in a row may hold no proposal.
    """

    weights: dict[str, int]
    values: tuple[dict[str, int], dict[str, int]]
    limit: int
    mode: Mode
    best: tuple[int, int]
    best_harmonic: float = 100.0
    reasoning: bool = True
    arguing: bool = True
    patience: int = Field(default=2, ge=0, le=20)
    silence: int = Field(default=8, ge=0)

    @model_validator(mode="after")
    def _consistent(self) -> Cargo:
        if any(own.keys() != self.weights.keys() for own in self.values):
            raise ValueError("weights and values are not of the same items")
        if min(*self.best, self.best_harmonic) <= 0:
            raise ValueError("the best sets are worth nothing")
        return self

    def worth(self, deal: Collection[str]) -> tuple[float, float, float | None]:
        """Return what a set is worth to each in percent of its best, and the score that both share (None: undefined); all
        0 above the limit.
        """
        if sum(self.weights[item] for item in deal) > self.limit:
            return 0.0, 0.0, 0.0
        one, two = (sum(own[item] for item in deal) / best * 100 for own, best in zip(self.values, self.best, strict=True))
        if self.mode == "equal":
            return one, two, one
        return one, two, None if one + two == 0 else harmonic(one, two) / self.best_harmonic * 100


def harmonic(one: float, two: float) -> float:
    """Return the harmonic mean of two numbers of which one is above 0."""
    return 2 * (one * two) / (one + two)


def best_set(values: Mapping[str, float], weights: Mapping[str, int], limit: int) -> frozenset[str]:
    """Return the set within the limit that is worth the most (0-1 knapsack; Nemhauser and Ullmann 1969): of the sets of the
    first items only those are kept that no lighter one equals in worth.
    """
    states = [(0, 0.0, 0)]  # weight, worth, and the items as bits
    for number, (item, value) in enumerate(values.items()):
        weight, bit = weights[item], 1 << number
        with_it = [(w + weight, v + value, chosen | bit) for w, v, chosen in states if w + weight <= limit]
        best, kept = -1.0, list[tuple[int, float, int]]()
        for state in sorted([*states, *with_it], key=lambda state: (state[0], -state[1])):
            if state[1] > best:
                best = state[1]
                kept.append(state)
        states = kept
    return frozenset(item for number, item in enumerate(values) if states[-1][2] >> number & 1)
