"""Do the intervals cover as often as they say, and does the paired test err as seldom as it says?

Simulated runs whose truth is known by quadrature: each instance has a difficulty of its own, which all models and all
repetitions share, so that episodes of one instance belong together. Prints JSON and a table: how often 95 % intervals
hold the truth (one game; over games; of a paired difference), how often two models that are equally good are told apart
at the 5 % level (alone, and any of all games by Holm), and how much narrower pairing makes the interval of a difference.
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
from clemsim.analysis.statistics.bootstrap import Sample, from_clusters, interval, without_spread
from clemsim.analysis.statistics.differences import ALPHA, in_game, overall
from clemsim.results.paired_tests import holm

NODES, WEIGHTS = np.polynomial.hermite_e.hermegauss(60)
HARD = 1.0  # standard deviation of an instance's difficulty, on the logit scale


@dataclass(frozen=True)
class Player:
    """How readily it keeps to the form and how well it plays, by game, on the logit scale."""

    form: Numbers
    skill: Numbers

    def chances(self, difficulty: Numbers, game: int) -> tuple[Numbers, Numbers]:
        """Of playing to the end, and of winning then."""
        return expit(self.form[game] - 0.7 * difficulty), expit(self.skill[game] - difficulty)

    def truth(self) -> tuple[Numbers, Numbers]:
        """%Played and Quality by game, over all instances there could be."""
        played, quality = [], []
        for game in range(len(self.form)):
            plays, wins = self.chances(HARD * NODES, game)
            share = np.average(plays, weights=WEIGHTS)
            played.append(100 * share)
            quality.append(100 * np.average(plays * wins, weights=WEIGHTS) / share)
        return np.array(played), np.array(quality)


def clusters(players: list[Player], games: int, instances: int, repetitions: int, rng: np.random.Generator) -> list[Numbers]:
    """Episodes of all players on the same instances, summed up."""
    found = []
    for game in range(games):
        difficulty = HARD * rng.standard_normal(instances)
        columns = []
        for player in players:
            plays, wins = player.chances(difficulty, game)
            played = rng.binomial(repetitions, plays)
            won = rng.binomial(played, wins)
            columns.append(np.stack([np.full(instances, repetitions), played, played, 100.0 * won], axis=-1))
        found.append(np.stack(columns, axis=1))
    return found


def simulate(simulations: int, games: int, instances: int, repetitions: int, draws: int) -> dict[str, float]:
    """Shares over all simulated runs. Player 0 and 1 are equally good, player 2 is better."""
    rng = np.random.default_rng(7)
    form, skill = np.linspace(0.5, 2.5, games), np.linspace(-1.0, 1.0, games)
    players = [Player(form, skill), Player(form, skill), Player(form + 0.3, skill + 0.4)]
    truths = [player.truth() for player in players]
    whole = [averages(*truth) for truth in truths]
    names = tuple(f"game{number}" for number in range(games))
    hits: dict[str, list[float]] = defaultdict(list)
    for number in range(simulations):
        some = clusters(players, games, instances, repetitions, rng)
        sample = from_clusters(("one", "twin", "better"), names, some, seed=number, draws=draws)
        _covered(sample, truths[0], whole, hits)
        _tested(sample, names, hits)
    return {name: round(float(np.mean(found)), 4) for name, found in hits.items()}


def _covered(sample: Sample, truth: tuple[Numbers, Numbers], whole: list[Averages], hits: dict[str, list[float]]) -> None:
    drawn = sample.drawn()
    for metric in ("played", "quality", "clemscore"):
        ends = interval(getattr(drawn, metric)[:, 0], sample.instances)
        hits[f"covered_{metric}"].append(_holds(ends, float(getattr(whole[0], metric))))
    middle = len(sample.games) // 2
    for metric, values, at in (("played", sample.drawn_played, 0), ("quality", sample.drawn_quality, 1)):
        ends = interval(values[:, 0, middle], [sample.instances[middle]])
        if ends and ends[0] == ends[1]:  # as for the tables: no instance differed from another
            ends = without_spread(np.array([ends[0]]), [sample.instances[middle]])
        hits[f"covered_{metric}_one_game"].append(_holds(ends, truth[at][middle]))
    found = overall(sample, "better", "one")
    hits["covered_difference"].append(_holds(found.interval, float(whole[2].clemscore - whole[0].clemscore)))
    hits["power"].append(found.p is not None and found.p < ALPHA)
    apart = drawn.clemscore[:, 2] - np.roll(drawn.clemscore[:, 0], 1)  # as if the two had not met the same instances
    unpaired = interval(apart, sample.instances)
    if found.interval and unpaired:
        hits["width_paired_to_unpaired"].append(np.ptp(found.interval) / np.ptp(unpaired))


def _tested(sample: Sample, names: tuple[str, ...], hits: dict[str, list[float]]) -> None:
    p = overall(sample, "one", "twin").p
    hits["false_alarm"].append(p is not None and p < ALPHA)
    ps = [in_game(sample, "one", "twin", game, metric).p for game in names for metric in ("played", "quality")]
    hits["false_alarm_one_game"].append(ps[1] is not None and ps[1] < ALPHA)
    hits["false_alarm_any_game_holm"].append(any(each is not None and each < ALPHA for each in holm(ps)))


def _holds(ends: tuple[float, float] | None, truth: float) -> bool:
    return ends is not None and ends[0] <= truth <= ends[1]


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    for name, default in (("simulations", 2000), ("games", 7), ("instances", 30), ("repetitions", 3), ("draws", 1000)):
        parser.add_argument(f"--{name}", type=int, default=default)
    options = vars(parser.parse_args())
    begun = perf_counter()
    found = simulate(**options)
    show({"benchmark": "coverage", **options, "seconds": round(perf_counter() - begun, 1), "found": found})


if __name__ == "__main__":
    main()
