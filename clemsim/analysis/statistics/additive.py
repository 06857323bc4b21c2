"""An additive model of who sits where: each episode's value is a mean and an effect of the agent in each part."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats

from clemsim.analysis.statistics.averages import Numbers
from clemsim.results.intervals import Interval
from clemsim.results.scaled_means import scaled_mean

Seating = Mapping[str, str]  # the agent in each part
FEWEST = 5  # instances; of fewer no interval is given


@dataclass(frozen=True, slots=True)
class SeatAgentEffect:
    """By how much an agent in a part moves the value, over the average agent there, with its 95 % interval (None: fewer than
    five instances), and its number of episodes.
    """

    part: str
    agent: str
    effect: float
    interval: Interval | None
    episodes: int


def parts_with_a_choice(seatings: Sequence[Seating]) -> dict[str, list[str]]:
    """Return the agents of each part that all seatings have and in which several sat."""
    parts = [part for part in dict.fromkeys(part for each in seatings for part in each) if all(part in s for s in seatings)]
    agents = {part: sorted({each[part] for each in seatings}) for part in parts}
    return {part: own for part, own in agents.items() if len(own) > 1}


def design(seatings: Sequence[Seating], agents: Mapping[str, Sequence[str]]) -> Numbers:
    """Return a row for each seating: 1, and for each part a column for each agent but the last: 1 where it sits there, -1
    where the last does, so that the effects of a part sum to 0.
    """
    rows = [
        [1.0, *(float((s[part] == agent) - (s[part] == own[-1])) for part, own in agents.items() for agent in own[:-1])]
        for s in seatings
    ]
    return np.array(rows)


def contrasts(agents: Mapping[str, Sequence[str]]) -> dict[tuple[str, str], Numbers]:
    """Return what the columns of `design` have to be multiplied with for the effect of each agent in each part."""
    size = 1 + sum(len(own) - 1 for own in agents.values())
    found: dict[tuple[str, str], Numbers] = {}
    place = 1
    for part, own in agents.items():
        last = np.zeros(size)
        for agent in own[:-1]:
            row = np.zeros(size)
            row[place], last[place] = 1, -1
            found[part, agent] = row
            place += 1
        found[part, own[-1]] = last
    return found


def is_separable(seatings: Sequence[Seating]) -> bool:
    """Return whether the effects of all parts can be told apart: no agent's place follows from the others'."""
    agents = parts_with_a_choice(seatings)
    x = design(seatings, agents)
    return bool(agents) and bool(np.linalg.matrix_rank(x) == x.shape[1])


def fit_effects(
    values: Sequence[float], seatings: Sequence[Seating], instances: Sequence[str]
) -> tuple[SeatAgentEffect, ...]:
    """Fit the effects on values (0..100) by least squares, with errors clustered by instance (Liang and Zeger 1986; small
    samples as CR1 and t with instances - 1, Cameron and Miller 2015).

    Where all episodes of a seating went alike their spread says too little: an interval is then at least as wide as one that
    is built of the intervals of the seatings' means (Zou and Donner 2008). Raises ValueError unless `is_separable`.
    """
    if not is_separable(seatings):
        raise ValueError("the agents of one part cannot be told from those of another")
    agents, y = parts_with_a_choice(seatings), np.array(values, dtype=float)
    x = design(seatings, agents)
    bread = np.linalg.inv(x.T @ x)
    beta = bread @ x.T @ y
    names = list(dict.fromkeys(instances))
    place = {name: index for index, name in enumerate(names)}
    sums = np.zeros((len(names), x.shape[1]))
    np.add.at(sums, [place[name] for name in instances], x * (y - x @ beta)[:, None])
    count, rows = len(names), len(y)
    factor = count / max(1, count - 1) * (rows - 1) / max(1, rows - x.shape[1])
    covariance = factor * bread @ sums.T @ sums @ bread
    t = float(stats.t.ppf(0.975, max(1, count - 1)))
    cells = _cells(values, seatings, instances)
    effects = []
    for (part, agent), contrast in contrasts(agents).items():
        value, half = float(contrast @ beta), t * float(np.sqrt(max(0.0, contrast @ covariance @ contrast)))
        below, above = _least_widths(cells, dict(zip(_keys(seatings), x @ bread @ contrast, strict=True)))
        interval = (value - max(half, below), value + max(half, above)) if count >= FEWEST else None
        sat = sum(seating[part] == agent for seating in seatings)
        effects.append(SeatAgentEffect(part, agent, value, interval, sat))
    return tuple(effects)


def _keys(seatings: Sequence[Seating]) -> list[tuple[tuple[str, str], ...]]:
    return [tuple(sorted(seating.items())) for seating in seatings]


def _cells(
    values: Sequence[float], seatings: Sequence[Seating], instances: Sequence[str]
) -> dict[tuple[tuple[str, str], ...], dict[str, list[float]]]:
    """Return the values of each seating, by instance."""
    cells: dict[tuple[tuple[str, str], ...], dict[str, list[float]]] = {}
    for value, key, instance in zip(values, _keys(seatings), instances, strict=True):
        cells.setdefault(key, {}).setdefault(instance, []).append(value)
    return cells


def _least_widths(
    cells: Mapping[tuple[tuple[str, str], ...], Mapping[str, Sequence[float]]],
    weights: Mapping[tuple[tuple[str, str], ...], float],
) -> Interval:
    """Return how far an interval reaches below and above its effect at least; 0 where every seating has a spread. `weights`:
    of one value of a seating in the effect.
    """
    if all(len({value for own in each.values() for value in own}) > 1 for each in cells.values()):
        return 0.0, 0.0
    below = above = 0.0
    for key, own in cells.items():
        mean, interval = scaled_mean(own, 0.0, 100.0)
        if mean is None or interval is None:
            continue
        weight = weights[key] * sum(map(len, own.values()))
        ends = sorted((weight * (interval[0] - mean), weight * (interval[1] - mean)))
        below, above = below + ends[0] ** 2, above + ends[1] ** 2
    return float(np.sqrt(below)), float(np.sqrt(above))
