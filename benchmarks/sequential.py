"""Do runs that stop when their question is answered keep their error rate?

Simulated runs go through `Question` itself. Two agents play equally well, so each decision is a false one; an episode lasts
the longer the better it goes, so the order in which episodes end tells much about their scores. Shares of runs: with a false
decision (`A > B` or the opposite); the same for a plain 95 % interval of the pairs that have ended, looked at from the
tenth on; in which an interval for %Played, Quality or clemscore ever left out the truth; and what is decided, and how
soon, when one agent is better. Prints JSON and a table; exit code 1 where an error rate is above the level.
The intervals are checked in a quarter of the runs.
usage: python benchmarks/sequential.py [--runs 2000] [--part equal|better|missed]
"""

import argparse
import math
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from random import Random
from statistics import fmean, median, stdev
from typing import Any, NoReturn

from clemsim_agents.scripted import make_random
from report import show

from clemsim.catalog.kinds import AgentOptions
from clemsim.game.instances import EpisodeKey, Instance
from clemsim.game.outcomes import Outcome
from clemsim.results.confidence_sequence import LEVEL
from clemsim.runs.stopping.rule import StoppingRule
from clemsim.runtime.agent import Cast
from clemsim.runtime.episode import Episode

QUALITIES = (100.0, 50.0, 33.0)  # of a won episode


@dataclass(frozen=True)
class Skill:
    """How an agent plays a game: chances of not aborting, and of winning then."""

    played: float
    won: float

    def draw(self, rng: Random) -> Outcome:
        """One episode."""
        if rng.random() >= self.played:
            return Outcome.aborted("", blame="one")
        return Outcome.success(rng.choice(QUALITIES)) if rng.random() < self.won else Outcome.failure("")

    @property
    def quality(self) -> float:
        """The true Quality."""
        return self.won * fmean(QUALITIES)


GAMES: dict[str, tuple[int, Skill]] = {"one": (60, Skill(0.8, 0.4)), "other": (30, Skill(0.4, 0.7))}
BETTER = Skill(0.95, 0.8)


def nothing() -> NoReturn:
    """Nobody drives these episodes."""
    raise NotImplementedError


def episodes(casts: Sequence[str], games: Sequence[str]) -> list[Episode]:
    """All instances of the games for each cast."""
    agent = make_random("", AgentOptions())
    return [
        Episode(EpisodeKey(game, f"default/{number}", 0, name), Instance(id=number), Cast(name, agent, {}), nothing)
        for name in casts
        for game in games
        for number in range(GAMES[game][0])
    ]


def play(
    rule: str, casts: Mapping[str, Mapping[str, Skill]], games: Sequence[str], seed: int, width: int = 8
) -> tuple[StoppingRule, list[tuple[EpisodeKey, Outcome]]]:
    """One run, `width` episodes of each agent at once: the question, and all outcomes in the order in which they ended."""
    rng = Random(seed)
    all_of_them = episodes(list(casts), games)
    question = StoppingRule(rule, all_of_them, seed)
    ends = []
    for cast, skills in casts.items():
        places = [0.0] * width
        for episode in question.sorted(each for each in all_of_them if each.key.cast == cast):
            outcome = skills[episode.key.arena].draw(rng)
            place = places.index(min(places))
            places[place] += 1 + (outcome.quality or 0) / 10
            ends.append((places[place], rng.random(), episode.key, outcome))
    ended = [(key, outcome) for _, _, key, outcome in sorted(ends)]
    for key, outcome in ended:
        question.take(key, outcome)
    return question, ended


def hasty(ended: Sequence[tuple[EpisodeKey, Outcome]]) -> bool:
    """Whether the plain interval decides at some look."""
    halves: dict[tuple[str, str], dict[str, float]] = {}
    differences: list[float] = []
    for key, outcome in ended:
        pair = halves.setdefault((key.arena, key.instance), {})
        pair[key.cast] = outcome.quality or 0.0
        if len(pair) < 2:
            continue
        differences.append(pair["a"] - pair["b"])
        if len(differences) >= 10 and abs(fmean(differences)) > 1.96 * stdev(differences) / math.sqrt(len(differences)) > 0:
            return True
    return False


def compared(runs: int, games: Sequence[str], better: bool) -> dict[str, Any]:
    """Shares of decisions between two agents, and after how many instances they fell (median)."""
    equal = {game: GAMES[game][1] for game in games}
    casts = {"a": dict.fromkeys(games, BETTER) if better else equal, "b": equal}
    played = [play("a > b", casts, games, seed) for seed in range(runs)]
    looked = [question.describe().looked_at for question, _ in played if question.answer]
    found = {"decided": len(looked) / runs, "median_instances": median(looked) if looked else None}
    wrong = sum(question.answer == "no" for question, _ in played) / runs
    return {**found, "wrong": wrong} if better else {**found, "hasty": sum(hasty(ended) for _, ended in played) / runs}


def missed(runs: int, metric: str, games: Sequence[str], truth: Callable[[Sequence[Skill]], float]) -> float:
    """The share of runs in which the interval left out the truth at any look: what is left out once stays out."""
    skills = {game: GAMES[game][1] for game in games}
    true, count = truth(list(skills.values())), 0
    for seed in range(runs):
        question, _ = play(f"ci({metric}) < 0.01", {"a": skills}, games, seed)
        low, high = question.describe().intervals["a"]
        count += not low <= true <= high
    return count / runs


def played_of(skills: Sequence[Skill]) -> float:
    """True %Played."""
    return 100 * fmean(each.played for each in skills)


def quality_of(skills: Sequence[Skill]) -> float:
    """True Quality."""
    return fmean(each.quality for each in skills)


def equal(runs: int) -> dict[str, Any]:
    """Agents that play equally well."""
    return {"one game": compared(runs, ALONE, False), "two games": compared(runs, BOTH, False)}


def better(runs: int) -> dict[str, Any]:
    """One that plays better."""
    return {"one game": compared(runs, ALONE, True), "two games": compared(runs, BOTH, True)}


def intervals(runs: int) -> dict[str, Any]:
    """How often intervals leave out the truth, in a quarter of the runs."""
    cases = [(metric, truth, games) for metric, truth in TRUTHS.items() for games in (ALONE, BOTH)]
    return {
        f"ci({metric}), {len(games)} of 2 games": missed(runs // 4, metric, games, truth) for metric, truth, games in cases
    }


ALONE, BOTH = ["one"], list(GAMES)
TRUTHS: dict[str, Callable[[Sequence[Skill]], float]] = {
    "played": played_of,
    "quality": quality_of,
    "clemscore": lambda some: played_of(some) * quality_of(some) / 100,
}
PARTS: dict[str, Callable[[int], dict[str, Any]]] = {"equal": equal, "better": better, "missed": intervals}


def main() -> int:
    """Measure."""
    parser = argparse.ArgumentParser(description="Error rates of stopped runs")
    parser.add_argument("--runs", type=int, default=2000)
    parser.add_argument("--part", choices=PARTS, action="append", help="only this; repeat")
    options = parser.parse_args()
    found = {name: PARTS[name](options.runs) for name in options.part or PARTS}
    rates = [each["decided"] for each in found.get("equal", {}).values()]
    rates += [each["wrong"] for each in found.get("better", {}).values()] + list(found.get("missed", {}).values())
    kept = max(rates) <= LEVEL
    show({"benchmark": "sequential", "runs": options.runs, "level": LEVEL, **found, "kept": kept})
    return 0 if kept else 1


if __name__ == "__main__":
    sys.exit(main())
