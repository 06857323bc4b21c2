"""Generate the instances: `python -m clemsim_arenas.codenames.generate --seed 1 --out FILE`.

Each experiment varies one thing: how many assassins there are, how fast the opponent is, which words there are, or whether
words of one category belong to one side or to several.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from clemsim.catalog.generators import GeneratorOptions, main
from clemsim.game.seeds import Dice
from clemsim_arenas.codenames.board import ASSASSIN, INNOCENT, KINDS, OPPONENT, TEAM, Deal
from clemsim_arenas.codenames.game import Codenames

EACH, MOST = 10, 1000  # tables of each experiment: as in clembench, and at most
SIZES = {TEAM: 9, OPPONENT: 8, INNOCENT: 7, ASSASSIN: 1}
TOGETHER = (2, 3, 4)  # words of one category


@dataclass(frozen=True, slots=True)
class CodenamesExperiment:
    """Which words there are, how many of each kind, and the opponent's pace. `shared`: whether the words of a category are
    spread over the kinds; None where there are no categories.
    """

    words: str = "everyday"
    sizes: Mapping[str, int] | None = None
    pace: int = 1
    shared: bool | None = None


EXPERIMENTS = {
    "risk_low": CodenamesExperiment(sizes={**SIZES, INNOCENT: 8, ASSASSIN: 0}),
    "risk_high": CodenamesExperiment(sizes={**SIZES, INNOCENT: 3, ASSASSIN: 5}),
    "association_easy": CodenamesExperiment("categories", shared=False),
    "association_difficult": CodenamesExperiment("categories", shared=True),
    "opponent_none": CodenamesExperiment(pace=0),
    "opponent_easy": CodenamesExperiment(pace=1),
    "opponent_difficult": CodenamesExperiment(pace=2),
    "frequency_low": CodenamesExperiment("rare"),
    "frequency_high": CodenamesExperiment("frequent"),
    "unambiguous": CodenamesExperiment("one_meaning"),
    "ambiguous": CodenamesExperiment("many_meanings"),
    "concrete": CodenamesExperiment("concrete"),
    "abstract": CodenamesExperiment("abstract"),
}


@cache
def lists() -> dict[str, Any]:
    """Return the words of each list, and those of each category under `categories`."""
    texts = tomllib.loads(Codenames().resources.text("resources/words.toml"))
    groups = {name: words.split() for name, words in texts.pop("categories").items()}
    return {**{name: words.split() for name, words in texts.items()}, "categories": groups}


def generate(options: GeneratorOptions) -> list[Deal]:
    """Return 10 tables of each experiment, or `options.count`. Raises UsageError."""
    options.check_language("en")
    return [deal for name in EXPERIMENTS for deal in _experiment(name, options)]


def _experiment(name: str, options: GeneratorOptions) -> list[Deal]:
    rng, experiment = options.dice(Codenames.name, name), EXPERIMENTS[name]
    return [_deal(name, number, experiment, rng) for number in range(options.draw_count(EACH, MOST))]


def _deal(name: str, number: int, experiment: CodenamesExperiment, rng: Dice) -> Deal:
    sizes = experiment.sizes or SIZES
    if experiment.shared is None:
        kinds = _assigned(rng.sample(lists()[experiment.words], sum(sizes.values())), sizes)
    else:
        kinds = _grouped(sizes, experiment.shared, rng)
    own = {kind: tuple(rng.sample(words, len(words))) for kind, words in kinds.items()}
    words = [word for kind in KINDS for word in own[kind]]
    rng.shuffle(words)
    return Deal(experiment=name, id=number, seed=rng.getrandbits(31), words=tuple(words), **own, pace=experiment.pace)


def _assigned(words: Sequence[str], sizes: Mapping[str, int]) -> dict[str, list[str]]:
    rest = iter(words)
    return {kind: [next(rest) for _ in range(size)] for kind, size in sizes.items()}


def _grouped(sizes: Mapping[str, int], shared: bool, rng: Dice) -> dict[str, list[str]]:
    """Return words in groups of a category: each group in one kind, or spread over the kinds that are not full."""
    left, taken = dict(lists()["categories"]), set[str]()
    kinds: dict[str, list[str]] = {kind: [] for kind in sizes}

    def group(most: int) -> list[str]:
        names = [name for name, words in left.items() for word in words if word not in taken]
        words = [word for word in left.pop(rng.choice(names)) if word not in taken]
        size = min(rng.choice([size for size in TOGETHER if most - size != 1]), most, len(words))
        chosen = rng.sample(words, size)
        taken.update(chosen)
        return chosen

    if not shared:
        for kind, size in sizes.items():
            while len(kinds[kind]) < size:
                kinds[kind] += group(size - len(kinds[kind]))
        return kinds
    while (open_ := sum(sizes.values()) - len(taken)) > 0:
        words = group(open_)
        while words:
            free = [kind for kind, size in sizes.items() if len(kinds[kind]) < size]
            for kind in rng.sample(free, min(len(free), len(words))):
                kinds[kind].append(words.pop())
    return kinds


if __name__ == "__main__":
    main(generate)
