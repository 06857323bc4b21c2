"""Checks the 95 % intervals of scores and differences, and the error rate of the paired test, on a grid of designs.

Each cell of the grid simulates runs whose truth is known: each instance has a form and a skill of its own, correlated, that
both models and all repetitions meet (probit), or none (plain). Two models are equal (twins), a third is weaker. By score and
over all games it prints the share of runs in which there is an interval at all (`said`; the others say "too few"), how often
it contains the truth (`covered`), its median width, how often twins differ at the 5 % level (`false_alarms`), and the same
of the difference to the weaker model (`gap`), with the share of runs in which it is seen.

A cell fails where coverage is below 92 % or above 98.5 %, or twins differ in more than 6 % of the runs, each beyond what the
number of simulations leaves to chance (three standard errors). The ends of intervals of few yes-or-no outcomes are steps:
coverage above 98.5 % is excused (`stepped`) where no lower level between 90 and 95 % brings it between 92 and 98.5 %. Of one
game clemscore is worth where anything was scored, so it is not looked at. The exit code is 1 if any cell fails.
usage: python benchmarks/coverage.py [--simulations 1000] [--cells NAME ...] [--seed 7]
"""

import argparse
import math
import sys
from collections import defaultdict
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from statistics import median
from time import perf_counter

import numpy as np
from report import show
from scipy.special import ndtr, ndtri

from clemsim.results.clusters import Cluster
from clemsim.results.differences import Clusters, paired_means
from clemsim.results.estimates import SCORES, ModelEstimates, Score
from clemsim.results.label_swaps import swap_ps
from clemsim.results.means import FEWEST, LEVEL

SPREAD, TOGETHER = 0.8, 0.5  # standard deviation of an instance's form and skill, and their correlation
WEAKER = 0.4  # on the probit scale
NODES, WEIGHTS = np.polynomial.hermite_e.hermegauss(40)
LOWEST, HIGHEST, MOST_ALARMS = 0.92, 0.985, 0.06
LOWER_LEVELS = 0.94, 0.93, 0.92, 0.91, 0.9


@dataclass(frozen=True, slots=True)
class Cell:
    """A design: instances, %Played and Quality (shares) of each game; episodes of each instance; how scores are drawn."""

    name: str
    instances: Sequence[int]
    played: Sequence[float]
    quality: Sequence[float]
    repetitions: int = 1
    scores: str = "0 or 100"  # or "0, 50, 100", or "any"
    mixed: bool = True  # instances differ


PAPER = (60, 30, 30, 30, 40, 180, 50)
QUICK = (6, 4, 4, 2, 3, 6, 2)
STRONG = (0.97, 0.95, 0.9, 0.98, 0.9, 0.99, 0.8), (0.9, 0.5, 0.4, 0.35, 0.8, 0.75, 0.85)
WEAK = (0.3, 0.2, 0.1, 0.15, 0.05, 0.6, 0.1), (0.1, 0.02, 0.03, 0.05, 0.05, 0.35, 0.1)
EVEN = tuple(np.linspace(0.55, 0.9, 7)), tuple(np.linspace(0.25, 0.75, 7))


def grid() -> list[Cell]:
    """Return the cells."""
    cells = [
        *(Cell(f"7 games x {n}, {r} rep", (n,) * 7, *EVEN, repetitions=r) for n in (4, 30) for r in (1, 3)),
        Cell("7 games x 30, plain", (30,) * 7, *EVEN, mixed=False),
        Cell("7 games x 30, half points", (30,) * 7, *EVEN, scores="0, 50, 100"),
        Cell("7 games x 4, any score", (4,) * 7, *EVEN, scores="any"),
        Cell("paper, strong", PAPER, *STRONG),
        Cell("paper, weak", PAPER, *WEAK),
        *(Cell(f"quick, strong, {r} rep", QUICK, *STRONG, repetitions=r) for r in (1, 3)),
        *(Cell(f"quick, weak, {r} rep", QUICK, *WEAK, repetitions=r) for r in (1, 3)),
        Cell("2, 2, 100", (2, 2, 100), (0.8, 0.6, 0.9), (0.7, 0.5, 0.6)),
        Cell("2, 2, 100, nearly perfect", (2, 2, 100), (0.95, 0.97, 0.5), (0.9, 0.9, 0.3)),
        Cell("3, 3, 180", (3, 3, 180), (0.8, 0.6, 0.9), (0.7, 0.5, 0.6)),
        Cell("6, 4, 12", (6, 4, 12), (0.9, 0.95, 0.6), (0.4, 0.2, 0.6)),
    ]
    for count in (4, 5, 10, 30):
        for played in (0.05, 0.1, 0.5, 0.97):
            for r in (1, 3, 5):
                cells.append(Cell(f"1 game x {count}, played {played:.0%}, {r} rep", (count,), (played,), (0.5,), r))
    return cells


class Player:
    """A simulated model in a cell; `less`: how much weaker it is on the probit scale."""

    def __init__(self, cell: Cell, less: float = 0.0) -> None:
        self._spread = SPREAD if cell.mixed else 0.0
        scale = math.sqrt(1 + self._spread**2)
        self._form = (ndtri(np.array(cell.played)) - less) * scale
        self._skill = (ndtri(np.array(cell.quality)) - less) * scale
        self._cell = cell

    def truth(self) -> dict[Score, float]:
        """Return the scores over all possible instances, 0..100."""
        played, worth = [], []
        first, second = np.meshgrid(NODES, NODES)
        weights = np.outer(WEIGHTS, WEIGHTS).ravel()
        form, skill = first.ravel(), (TOGETHER * first + math.sqrt(1 - TOGETHER**2) * second).ravel()
        for game in range(len(self._form)):
            plays, wins = ndtr(self._form[game] + self._spread * form), ndtr(self._skill[game] + self._spread * skill)
            played.append(np.average(plays, weights=weights))
            worth.append(np.average(plays * wins, weights=weights))
        quality = np.mean(np.array(worth) / np.array(played))
        return {
            "played": 100 * float(np.mean(played)),
            "quality": 100 * float(quality),
            "clemscore": 100 * float(np.mean(played) * quality),
            "worth": 100 * float(np.mean(worth)),
        }

    def clusters(self, game: int, form: np.ndarray, skill: np.ndarray, rng: np.random.Generator) -> dict[str, Cluster]:
        """Play the instances of a game with these forms and skills."""
        cell = self._cell
        wins = ndtr(self._skill[game] + self._spread * skill)
        played = rng.binomial(cell.repetitions, ndtr(self._form[game] + self._spread * form))
        totals = self._totals(played, wins, rng)
        pairs = enumerate(zip(played.tolist(), totals.tolist(), strict=True))
        return {str(n): Cluster(cell.repetitions, kept, kept, total) for n, (kept, total) in pairs}

    def _totals(self, played: np.ndarray, wins: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        if self._cell.scores == "any":
            drawn = rng.beta(8 * wins, 8 * (1 - wins), size=(self._cell.repetitions, len(wins)))
            counted = np.arange(self._cell.repetitions)[:, None] < played
            return np.asarray(100 * (drawn * counted).sum(axis=0))
        if self._cell.scores == "0, 50, 100":
            return 50.0 * rng.binomial(2 * played, wins)
        return 100.0 * rng.binomial(played, wins)


def simulate(cell: Cell, simulations: int, seed: int) -> dict[str, dict[str, float | bool | None]]:
    """Return what was found of each score: `said`, `covered`, `width`, of the difference to a weaker model too;
    `false_alarms`; and `stepped`.
    """
    scores = [score for score in SCORES if score != "clemscore" or len(cell.instances) > 1]
    found: dict[Score, dict[str, list[float]]] = {score: defaultdict(list) for score in scores}
    players = [Player(cell), Player(cell), Player(cell, WEAKER)]
    truths = [player.truth() for player in players]
    for games in _runs(cell, players, simulations, seed):
        _look(games, truths, found)
    rates = {score: _rates(found[score], simulations) for score in scores}
    for score, own in rates.items():
        covered = own["covered"]
        own["stepped"] = covered is not None and covered > HIGHEST and _stepped(cell, score, simulations, seed)
    return {str(score): own for score, own in rates.items()}


def _runs(
    cell: Cell, players: Sequence[Player], simulations: int, seed: int
) -> Iterator[list[dict[str, dict[str, Cluster]]]]:
    """Yield the clusters of each player, of one simulated run after the other."""
    rng = np.random.default_rng([seed, *cell.name.encode()])
    for _ in range(simulations):
        games: list[dict[str, dict[str, Cluster]]] = [{} for _ in players]
        for index, count in enumerate(cell.instances):
            form, other = rng.standard_normal((2, count))
            skill = TOGETHER * form + math.sqrt(1 - TOGETHER**2) * other
            for player, own in zip(players, games, strict=True):
                own[f"game{index}"] = player.clusters(index, form, skill, rng)
        yield games


def _stepped(cell: Cell, score: Score, simulations: int, seed: int) -> bool:
    """Return whether no lower level brings coverage between the bounds."""
    player = Player(cell)
    truth = player.truth()[score]
    counts = dict.fromkeys(LOWER_LEVELS, 0)
    said = 0
    for games in _runs(cell, [player], simulations, seed):
        estimates = ModelEstimates.of(games[0])
        if score in ("quality", "clemscore") and _unscored(estimates):
            continue
        for level in LOWER_LEVELS:
            if (ends := estimates.interval(score, level)) is not None:
                counts[level] += _holds(ends, truth)
                said += level == LOWER_LEVELS[0]
    return said > 0 and not any(LOWEST <= count / said <= HIGHEST for count in counts.values())


def _look(
    games: Sequence[Clusters], truths: Sequence[dict[Score, float]], found: dict[Score, dict[str, list[float]]]
) -> None:
    estimates = [ModelEstimates.of(own) for own in games]
    tests: dict[int, dict[Score, float | None]] = {}

    def difference(other: int, score: Score) -> tuple[float, float] | None:
        """Return the interval of a difference; the exact test, which takes long, is made only where it can matter."""
        pair = paired_means(estimates[0], estimates[other], score)
        if pair is None or pair.first.interval() is None or pair.second.interval() is None:
            return None
        low, high = pair.ends()
        if not low <= 0 <= high:
            tests[other] = tests.get(other) or swap_ps(games[0], games[other])
            if (tests[other][score] or 0.0) >= 1 - LEVEL:
                low, high = min(low, 0.0), max(high, 0.0)
        return 100 * low, 100 * high

    for score, own in found.items():
        if score in ("quality", "clemscore") and any(_unscored(model) for model in estimates):
            continue  # another quantity: the mean over fewer games
        ends = estimates[0].interval(score)
        if ends is None:
            continue
        own["covered"].append(_holds(ends, truths[0][score]))
        own["widths"].append(ends[1] - ends[0])
        if weaker := difference(2, score):
            own["gaps_covered"].append(_holds(weaker, truths[0][score] - truths[2][score]))
            own["gap_widths"].append(weaker[1] - weaker[0])
            own["seen"].append(weaker[0] > 0)
        if twins := difference(1, score):
            own["alarms"].append(twins[0] > 0 or twins[1] < 0)


def _unscored(estimates: ModelEstimates) -> bool:
    return any(game.quality is None for game in estimates.games.values())


def _holds(ends: tuple[float, float], truth: float) -> bool:
    return ends[0] - 1e-9 <= truth <= ends[1] + 1e-9


def _rates(values: dict[str, list[float]], simulations: int) -> dict[str, float | bool | None]:
    """Return the rates of one score in one cell; None where it was said in less than a twentieth of the runs."""
    said = len(values["covered"])
    known = said >= simulations / 20

    def rate(name: str) -> float | None:
        return round(float(np.mean(values[name])), 4) if known and values[name] else None

    def middle(name: str) -> float | None:
        return round(median(values[name]), 1) if known and values[name] else None

    return {
        "said": round(said / simulations, 3),
        "covered": rate("covered"),
        "width": middle("widths"),
        "false_alarms": rate("alarms"),
        "gap_covered": rate("gaps_covered"),
        "gap_width": middle("gap_widths"),
        "gap_seen": rate("seen"),
    }


def faults(found: dict[str, dict[str, float | bool | None]], simulations: int) -> list[str]:
    """Return the scores of a cell that fail."""
    wrong = []
    for score, rates in found.items():
        count = max(1.0, simulations * (rates["said"] or 0.0))
        chance = {bound: 3 * math.sqrt(bound * (1 - bound) / count) for bound in (LOWEST, HIGHEST, MOST_ALARMS)}
        covered, alarms = rates["covered"], rates["false_alarms"]
        if covered is not None and covered < LOWEST - chance[LOWEST]:
            wrong.append(f"{score} covered in {covered:.1%}")
        if covered is not None and covered > HIGHEST + chance[HIGHEST] and not rates["stepped"]:
            wrong.append(f"{score} covered in {covered:.1%}, more than any steps explain")
        if alarms is not None and alarms > MOST_ALARMS + chance[MOST_ALARMS]:
            wrong.append(f"twins differ in {score} in {alarms:.1%}")
    return wrong


def main() -> int:
    """Run the simulations, print the figures, and return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--simulations", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--cells", nargs="*", default=[])
    options = parser.parse_args()
    started = perf_counter()
    cells = [cell for cell in grid() if not options.cells or any(part in cell.name for part in options.cells)]
    with ProcessPoolExecutor() as pool:
        results = pool.map(simulate, cells, [options.simulations] * len(cells), [options.seed] * len(cells))
        found = {cell.name: result for cell, result in zip(cells, results, strict=True)}
    failed = {name: wrong for name, result in found.items() if (wrong := faults(result, options.simulations))}
    show(
        {
            "benchmark": "coverage",
            "simulations": options.simulations,
            "too_few_below": FEWEST,
            "seconds": round(perf_counter() - started, 1),
            "failed": [f"{name}: {', '.join(wrong)}" for name, wrong in failed.items()],
            **found,
        }
    )
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
