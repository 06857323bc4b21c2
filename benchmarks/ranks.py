"""Do rank intervals hold the true ranks, and how wide are they?

Models of known worth play the same simulated instances (those of `coverage.py`), all equal or in steps. An interval holds
where no model is said to be better or worse that is not. Beside each rate: the median width in places, and that by
Bonferroni's level, which knows nothing of correlations. Ends with exit code 1 where an interval holds in less than 92 %.
usage: python benchmarks/ranks.py [--simulations 100] [--seed 1]
"""

import argparse
import math
import sys
from itertools import combinations
from statistics import median
from typing import Any

import numpy as np
from coverage import PAPER, QUICK, STRONG, TOGETHER, WEAK, Cell, Player
from report import show

from clemsim.analysis.statistics.rank_intervals import RankedScore, rank_intervals
from clemsim.analysis.statistics.sample import Sample, sample_of
from clemsim.results.clusters import Cluster

SCORES: tuple[RankedScore, ...] = ("clemscore", "worth")
DESIGNS = [
    ("12 equal", [0.0] * 12),
    ("12 in steps", [0.12 * step for step in range(12)]),
    ("12, half of them equal", [0.0] * 6 + [0.3 * step for step in range(1, 7)]),
]
CELLS = [Cell("paper, strong", PAPER, *STRONG), Cell("paper, weak", PAPER, *WEAK), Cell("quick, strong", QUICK, *STRONG)]


def drawn(cell: Cell, players: list[Player], rng: np.random.Generator) -> Sample:
    """Play the cell once with all players."""
    games: dict[str, dict[str, dict[str, Cluster]]] = {f"model{number}": {} for number in range(len(players))}
    for index, count in enumerate(cell.instances):
        form, other = rng.standard_normal((2, count))
        skill = TOGETHER * form + math.sqrt(1 - TOGETHER**2) * other
        for player, own in zip(players, games.values(), strict=True):
            own[f"game{index}"] = player.clusters(index, form, skill, rng)
    return sample_of(games, {}, list(games))


def bonferroni(sample: Sample, score: RankedScore) -> list[int]:
    """Return the widths of rank intervals that take every difference at the same level."""
    count = len(sample.models)
    wide = dict.fromkeys(sample.models, count)
    for one, other in combinations(sample.models, 2):
        found = sample.difference(one, other, score, level=1 - 0.05 / (count - 1))
        if found.interval and (found.interval[0] > 0 or found.interval[1] < 0):
            wide[one] -= 1
            wide[other] -= 1
    return list(wide.values())


def measured(cell: Cell, less: list[float], simulations: int, rng: np.random.Generator) -> dict[str, Any]:
    """Return the rates and widths of one cell and design."""
    players = [Player(cell, own) for own in less]
    truths = [player.truth() for player in players]
    row: dict[str, Any] = {}
    held: dict[str, list[bool]] = {score: [] for score in SCORES}
    widths: dict[str, list[int]] = {score: [] for score in SCORES}
    plain: list[int] = []
    for number in range(simulations):
        sample = drawn(cell, players, rng)
        for score in SCORES:
            found = rank_intervals(sample, score)
            values = {name: truth[score] for name, truth in zip(sample.models, truths, strict=True)}
            for name, own in found.items():
                better = sum(value > values[name] + 1e-9 for value in values.values())
                worse = sum(value < values[name] - 1e-9 for value in values.values())
                held[score].append(own.better <= better and own.worse <= worse)
                widths[score].append(own.high - own.low + 1)
        if number < simulations / 5:
            plain += bonferroni(sample, "worth")
    for score in SCORES:
        row |= {f"{score} holds": round(float(np.mean(held[score])), 3), f"{score} width": median(widths[score])}
    return row | {"worth, Bonferroni": median(plain)}


def main(simulations: int, seed: int) -> None:
    """Measure all cells and designs."""
    rows = {}
    for cell in CELLS:
        for name, less in DESIGNS:
            rng = np.random.default_rng([seed, *f"{cell.name} {name}".encode()])
            rows[f"{cell.name}; {name}"] = measured(cell, less, simulations, rng)
    wrong = [name for name, row in rows.items() if min(row[f"{score} holds"] for score in SCORES) < 0.92]
    show({"benchmark": "ranks", "simulations": simulations, "failed": wrong, **rows})
    sys.exit(bool(wrong))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--simulations", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    main(options.simulations, options.seed)
