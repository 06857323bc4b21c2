"""Do runs that stop when their question is answered keep their error rate, and are they answered in time?

Simulated runs go through `StoppingRule` itself, on one game, on two, and on seven of the sizes that the paper has. An
episode lasts the longer the better it goes, so the order in which episodes end tells much about their scores. Parts:

- equal: two agents of the same worth, who play alike, or one better in some games and the other in the others. Each answer
  to `a > b` is an error; so is that of a plain 95 % interval of the pairs that have ended, looked at from the tenth on.
- better: `a > b` where a has 20 or 32 points more, by how much differing from game to game; `no` is an error.
- equivalent: `|a - b| < 15`, where the true difference is 15 (`yes` is an error) or 0.
- missed: an interval for a score that left the truth out at any look is an error; in a quarter of the runs.

Prints shares of runs, and after which share of the instances an answer came (median of those answered). Prints JSON and a
table; exit code 1 where an error rate is above the level beyond chance (one-sided binomial test at 0.1 %), or where fewer
than half of the runs with seven games and a difference of 20 points are answered before two thirds of the instances.
usage: python benchmarks/sequential.py [--runs 400] [--part equal|better|equivalent|missed]
"""

import argparse
import math
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from random import Random
from statistics import fmean, median
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
    """How an agent plays a game: chances of not aborting, and of winning then, and what a won episode is worth."""

    played: float
    won: float
    qualities: tuple[float, ...] = QUALITIES

    def draw(self, rng: Random) -> Outcome:
        """One episode."""
        if rng.random() >= self.played:
            return Outcome.aborted("", blame="one")
        return Outcome.success(rng.choice(self.qualities)) if rng.random() < self.won else Outcome.failure("")

    @property
    def quality(self) -> float:
        """The true Quality."""
        return self.won * fmean(self.qualities)

    @property
    def worth(self) -> float:
        """The true worth."""
        return self.played * self.quality

    def raised(self, points: float) -> "Skill":
        """A skill of higher worth, by so many points."""
        chance = self.played * self.won + points / fmean(self.qualities)
        played = max(self.played, math.sqrt(chance))
        return Skill(played, chance / played, self.qualities)


Skills = Mapping[str, Skill]

SIZES = {"one": 60, "other": 30} | {f"game {number}": size for number, size in enumerate((60, 30, 30, 30, 40, 180, 50))}
SKILLS = {"one": Skill(0.8, 0.4), "other": Skill(0.4, 0.6)} | {
    f"game {number}": Skill(played, won, (100.0,))  # all or nothing: the largest variance
    for number, (played, won) in enumerate(
        ((0.9, 0.4), (0.3, 0.5), (0.6, 0.2), (0.8, 0.6), (0.5, 0.5), (1.0, 0.5), (0.7, 0.3))
    )
}
DESIGNS = {"one game": ["one"], "two games": ["one", "other"], "seven games": [name for name in SIZES if "game" in name]}
MARGIN = 15
UNEVEN = (1.2, 0.8)  # by what a difference is multiplied in every other game
CHANCE = 0.001  # of an error rate that is taken to be above the level though it is not
IN_TIME = 2 / 3  # of the instances
SOON = "better: seven games, +20"  # what must come in time


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
        for number in range(SIZES[game])
    ]


def play(
    rule: str, casts: Mapping[str, Skills], games: Sequence[str], seed: int, width: int = 8
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
    count, total, squares = 0, 0.0, 0.0
    for key, outcome in ended:
        pair = halves.setdefault((key.arena, key.instance), {})
        pair[key.cast] = outcome.quality or 0.0
        if len(pair) < 2:
            continue
        difference = pair["a"] - pair["b"]
        count, total, squares = count + 1, total + difference, squares + difference * difference
        if count < 10:
            continue
        error = math.sqrt(max(0.0, squares - total * total / count) / (count - 1) / count)
        if abs(total / count) > 1.96 * error > 0:
            return True
    return False


def uneven(skills: Skills, points: float) -> dict[str, Skill]:
    """Skills of higher worth, by so many points in the mean over games."""
    weights = [UNEVEN[number % 2] for number in range(len(skills))]
    scale = points / fmean(weights)
    return {game: skill.raised(scale * weight) for (game, skill), weight in zip(skills.items(), weights, strict=True)}


def crossed(skills: Skills) -> dict[str, Skill]:
    """Skills of the same worth, higher in the first games and lower in the others."""
    half, names = len(skills) // 2, list(skills)
    least = min(skills[name].worth for name in names[-half:]) * 0.9
    changes = dict.fromkeys(names[:half], least) | dict.fromkeys(names[-half:], -least)
    return {name: skill.raised(changes.get(name, 0.0)) for name, skill in skills.items()}


def asked(runs: int, rule: str, a: Skills, b: Skills, games: Sequence[str]) -> dict[str, Any]:
    """How a rule is answered: shares of runs, and of the instances that it took."""
    played = [play(rule, {"a": a, "b": b}, games, seed) for seed in range(runs)]
    found = [question.describe() for question, _ in played]
    shares = [each.looked_at / each.instances for each in found if each.answer]
    return {
        "yes": sum(each.answer == "yes" for each in found) / runs,
        "no": sum(each.answer == "no" for each in found) / runs,
        "in time": sum(share <= IN_TIME for share in shares) / runs,
        "median share": round(median(shares), 3) if shares else None,
        "instances": found[0].instances,
        "hasty": sum(hasty(ended) for _, ended in played) / runs,
    }


def skills_of(games: Sequence[str]) -> dict[str, Skill]:
    """The usual skills."""
    return {game: SKILLS[game] for game in games}


def equal(runs: int) -> dict[str, Any]:
    """Agents of the same worth."""
    rows = {}
    for name, games in DESIGNS.items():
        skills = skills_of(games)
        rows[name] = asked(runs, "a > b", skills, skills, games)
        if len(games) > 1:
            rows[f"{name}, crossed"] = asked(runs, "a > b", crossed(skills), skills, games)
    return {name: row | {"error": round(row["yes"] + row["no"], 4)} for name, row in rows.items()}


def better(runs: int) -> dict[str, Any]:
    """One of higher worth."""
    cells = [(name, games, points) for name, games in DESIGNS.items() for points in (20, 32)]
    rows = {
        f"{name}, +{points}": asked(runs, "a > b", uneven(skills_of(games), points), skills_of(games), games)
        for name, games, points in cells
    }
    return {name: without_hasty(row) | {"error": row["no"]} for name, row in rows.items()}


def equivalent(runs: int) -> dict[str, Any]:
    """Agents whose difference is at the margin, and equal ones."""
    games, rule = DESIGNS["seven games"], f"|a - b| < {MARGIN}"
    skills = skills_of(games)
    apart, same = (asked(runs, rule, uneven(skills, points), skills, games) for points in (MARGIN, 0))
    return {
        f"seven games, +{MARGIN}": without_hasty(apart) | {"error": round(apart["yes"] + apart["no"], 4)},
        "seven games, equal": without_hasty(same) | {"error": same["no"]},
    }


def without_hasty(row: dict[str, Any]) -> dict[str, Any]:
    """Without what is of interest between equals alone."""
    return {name: value for name, value in row.items() if name != "hasty"}


def intervals(runs: int) -> dict[str, Any]:
    """How often intervals leave out the truth, in a quarter of the runs, and how wide they are in the end."""
    return {
        f"ci({metric}), {name}": missed(runs // 4, metric, games, truth)
        for metric, truth in TRUTHS.items()
        for name, games in DESIGNS.items()
    }


def missed(runs: int, metric: str, games: Sequence[str], truth: Callable[[Sequence[Skill]], float]) -> dict[str, Any]:
    """The share of runs in which the interval left out the truth at any look: what is left out once stays out."""
    skills = skills_of(games)
    true = truth(list(skills.values()))
    ends = [play(f"ci({metric}) < 0.01", {"a": skills}, games, seed)[0].describe().intervals["a"] for seed in range(runs)]
    count = sum(not low <= true <= high for low, high in ends)
    return {"median width": round(median(high - low for low, high in ends), 1), "error": count / runs, "runs": runs}


def above(error: float, runs: int) -> bool:
    """Whether an error rate is above the level beyond chance."""
    count = round(error * runs)
    below = sum(math.comb(runs, k) * LEVEL**k * (1 - LEVEL) ** (runs - k) for k in range(count))
    return 1 - below < CHANCE


def played_of(skills: Sequence[Skill]) -> float:
    """True %Played."""
    return 100 * fmean(each.played for each in skills)


def quality_of(skills: Sequence[Skill]) -> float:
    """True Quality."""
    return fmean(each.quality for each in skills)


TRUTHS: dict[str, Callable[[Sequence[Skill]], float]] = {
    "worth": lambda some: fmean(each.worth for each in some),
    "played": played_of,
    "quality": quality_of,
    "clemscore": lambda some: played_of(some) * quality_of(some) / 100,
}
PARTS: dict[str, Callable[[int], dict[str, Any]]] = {
    "equal": equal,
    "better": better,
    "equivalent": equivalent,
    "missed": intervals,
}


def main() -> int:
    """Measure."""
    parser = argparse.ArgumentParser(description="Error rates of stopped runs")
    parser.add_argument("--runs", type=int, default=400)
    parser.add_argument("--part", choices=PARTS, action="append", help="only this; repeat")
    options = parser.parse_args()
    found = {name: PARTS[name](options.runs) for name in options.part or PARTS}
    cells = {f"{part}: {name}": row for part, rows in found.items() for name, row in rows.items()}
    failed = [name for name, row in cells.items() if above(row["error"], row.get("runs", options.runs))]
    failed += [f"{name} comes late" for name, row in cells.items() if name == SOON and row["in time"] < 0.5]
    show({"benchmark": "sequential", "runs": options.runs, "level": LEVEL, **found, "failed": failed})
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
