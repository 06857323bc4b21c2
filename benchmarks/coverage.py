"""Checks the coverage of the 95 % intervals and the error rate of the paired test.

Simulated runs whose truth is known by quadrature: each instance has a difficulty of its own, which all models and all
repetitions share, so that episodes of one instance belong together. Prints JSON and a table: the share of 95 % intervals
that hold the truth (one game; over games; of a paired difference), the share of runs in which two equally good models
differ at the 5 % level (alone, and in any game by Holm), and the ratio of the widths of paired and unpaired intervals.
usage: python benchmarks/coverage.py [--simulations 2000] [--instances 30] [--repetitions 3] [--games 7] [--draws 1000]
"""

import argparse
from collections import defaultdict
from dataclasses import dataclass
from time import perf_counter

import numpy as np
from report import show
from scipy.special import expit

from clemsim.analysis.statistics.averages import Averages, Numbers, averages
from clemsim.analysis.statistics.bootstrap import Sample, from_clusters, interval, mean_without_spread
from clemsim.analysis.statistics.differences import ALPHA, game_difference, overall_difference
from clemsim.results.paired_tests import holm

NODES, WEIGHTS = np.polynomial.hermite_e.hermegauss(60)
HARD = 1.0  # standard deviation of an instance's difficulty, on the logit scale


@dataclass(frozen=True)
class SimulatedModel:
    """A simulated model: how readily it keeps to the form and how well it plays, by game, on the logit scale."""

    form: Numbers
    skill: Numbers

    def chances(self, difficulty: Numbers, game: int) -> tuple[Numbers, Numbers]:
        """Return the probabilities of playing to the end, and of winning then."""
        return expit(self.form[game] - 0.7 * difficulty), expit(self.skill[game] - difficulty)

    def truth(self) -> tuple[Numbers, Numbers]:
        """Return %Played and Quality by game, over all possible instances."""
        played, quality = [], []
        for game in range(len(self.form)):
            plays, wins = self.chances(HARD * NODES, game)
            share = np.average(plays, weights=WEIGHTS)
            played.append(100 * share)
            quality.append(100 * np.average(plays * wins, weights=WEIGHTS) / share)
        return np.array(played), np.array(quality)


def clusters(
    players: list[SimulatedModel], games: int, instances: int, repetitions: int, rng: np.random.Generator
) -> list[Numbers]:
    """Return the clusters of each game (instances x players x counts), with all players on the same instances."""
    arrays = []
    for game in range(games):
        difficulty = HARD * rng.standard_normal(instances)
        columns = []
        for player in players:
            plays, wins = player.chances(difficulty, game)
            played = rng.binomial(repetitions, plays)
            won = rng.binomial(played, wins)
            columns.append(np.stack([np.full(instances, repetitions), played, played, 100.0 * won], axis=-1))
        arrays.append(np.stack(columns, axis=1))
    return arrays


def simulate(simulations: int, games: int, instances: int, repetitions: int, draws: int) -> dict[str, float]:
    """Return shares over all simulated runs. Players 0 and 1 are equally good, player 2 is better."""
    rng = np.random.default_rng(7)
    form, skill = np.linspace(0.5, 2.5, games), np.linspace(-1.0, 1.0, games)
    players = [SimulatedModel(form, skill), SimulatedModel(form, skill), SimulatedModel(form + 0.3, skill + 0.4)]
    truths = [player.truth() for player in players]
    true_averages = [averages(*truth) for truth in truths]
    names = tuple(f"game{number}" for number in range(games))
    hits: dict[str, list[float]] = defaultdict(list)
    for number in range(simulations):
        arrays = clusters(players, games, instances, repetitions, rng)
        sample = from_clusters(("one", "twin", "better"), names, arrays, seed=number, draws=draws)
        _covered(sample, truths[0], true_averages, hits)
        _tested(sample, names, hits)
    return {name: round(float(np.mean(values)), 4) for name, values in hits.items()}


def _covered(
    sample: Sample, truth: tuple[Numbers, Numbers], true_averages: list[Averages], hits: dict[str, list[float]]
) -> None:
    drawn = sample.drawn()
    for metric in ("played", "quality", "clemscore"):
        ends = interval(getattr(drawn, metric)[:, 0], sample.instances)
        hits[f"covered_{metric}"].append(_holds(ends, float(getattr(true_averages[0], metric))))
    middle = len(sample.games) // 2
    for metric, values, index in (("played", sample.drawn_played, 0), ("quality", sample.drawn_quality, 1)):
        ends = interval(values[:, 0, middle], [sample.instances[middle]])
        if ends and ends[0] == ends[1]:  # as in the tables, where all instances have the same score
            ends = mean_without_spread(np.array([ends[0]]), [sample.instances[middle]])
        hits[f"covered_{metric}_one_game"].append(_holds(ends, truth[index][middle]))
    difference = overall_difference(sample, "better", "one")
    true_difference = float(true_averages[2].clemscore - true_averages[0].clemscore)
    hits["covered_difference"].append(_holds(difference.interval, true_difference))
    hits["power"].append(difference.p is not None and difference.p < ALPHA)
    # shifted draws: as if the two models had not met the same instances
    unpaired = interval(drawn.clemscore[:, 2] - np.roll(drawn.clemscore[:, 0], 1), sample.instances)
    if difference.interval and unpaired:
        hits["width_paired_to_unpaired"].append(np.ptp(difference.interval) / np.ptp(unpaired))


def _tested(sample: Sample, names: tuple[str, ...], hits: dict[str, list[float]]) -> None:
    p = overall_difference(sample, "one", "twin").p
    hits["false_alarm"].append(p is not None and p < ALPHA)
    ps = [game_difference(sample, "one", "twin", game, metric).p for game in names for metric in ("played", "quality")]
    hits["false_alarm_one_game"].append(ps[1] is not None and ps[1] < ALPHA)
    hits["false_alarm_any_game_holm"].append(any(value is not None and value < ALPHA for value in holm(ps)))


def _holds(ends: tuple[float, float] | None, truth: float) -> bool:
    return ends is not None and ends[0] <= truth <= ends[1]


def main() -> None:
    """Run the simulations and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    for name, default in (("simulations", 2000), ("games", 7), ("instances", 30), ("repetitions", 3), ("draws", 1000)):
        parser.add_argument(f"--{name}", type=int, default=default)
    options = vars(parser.parse_args())
    started = perf_counter()
    shares = simulate(**options)
    show({"benchmark": "coverage", **options, "seconds": round(perf_counter() - started, 1), "found": shares})


if __name__ == "__main__":
    main()
