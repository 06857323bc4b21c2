"""Generate the instances: `python -m clemsim_arenas.dond.generate --seed 1 --out FILE`.

There are three to five types and five to eight pieces, and all of them together are worth 10 points to each seat. Every type
is worth something to one of them, and one at least to both. The mode comp, by which every game scores 100, is left out.
"""

from __future__ import annotations

import tomllib
from functools import cache
from itertools import product

from clemsim.catalog.generators import GeneratorOptions, main
from clemsim.game.seeds import Dice
from clemsim_arenas.dond.game import DealOrNoDeal
from clemsim_arenas.dond.goods import Goods, Mode
from clemsim_arenas.dond.reading import WORDS

EACH, MOST = 20, 500  # instances of each mode: as in clembench, and at most
MODES: tuple[Mode, ...] = ("coop", "semi")
TYPES, PIECES = range(3, 6), range(5, 9)
POINTS = 10  # that all pieces together are worth to each seat


@cache
def things(language: str) -> list[tuple[str, str]]:
    """Return the words of a language, for one and for more."""
    text: str = tomllib.loads(DealOrNoDeal().resources.text("resources/items.toml"))[language]
    pairs = (pair.split() for pair in text.split(","))
    return [(one, more) for one, more in pairs]


def generate(options: GeneratorOptions) -> list[Goods]:
    """Return 20 instances of each mode, or `options.count`. Raises UsageError."""
    options.check_language(*WORDS)
    return [goods for mode in MODES for goods in _of_mode(mode, options)]


def _of_mode(mode: Mode, options: GeneratorOptions) -> list[Goods]:
    rng = options.dice(DealOrNoDeal.name, mode)
    return [_goods(mode, number, options.language, rng) for number in range(options.draw_count(EACH, MOST))]


def _goods(mode: Mode, number: int, language: str, rng: Dice) -> Goods:
    while True:
        types, pieces = rng.choice(TYPES), rng.choice(PIECES)
        counts = [1] * types
        for _ in range(pieces - types):
            counts[rng.randrange(types)] += 1
        if rng.random() >= _chance(tuple(counts)) / _highest_chance():  # as if all values were drawn, and mostly thrown away
            continue
        one, two = (rng.choice(_full_values(tuple(counts))) for _ in range(2))
        if all(map(max, one, two)) and any(map(min, one, two)):
            break
    words = rng.sample(things(language), types)
    return Goods(
        experiment=f"{mode}_{language}",
        id=number,
        seed=rng.getrandbits(31),
        language=language,
        mode=mode,
        one=tuple(single for single, _ in words),
        more=tuple(plural for _, plural in words),
        counts=tuple(counts),
        values=(one, two),
    )


@cache
def _chance(counts: tuple[int, ...]) -> float:
    """Return how likely it is that pieces are worth all `POINTS` to both, where each value is drawn from 0 to `POINTS`."""
    return float((len(_full_values(counts)) / (POINTS + 1) ** len(counts)) ** 2)


@cache
def _highest_chance() -> float:
    every = (counts for types in TYPES for counts in product(range(1, max(PIECES)), repeat=types))
    return max(_chance(counts) for counts in every if sum(counts) in PIECES)


@cache
def _full_values(counts: tuple[int, ...], points: int = POINTS) -> list[tuple[int, ...]]:
    """Return all values by which so many pieces of each type are worth `points` together."""
    if not counts:
        return [()] if points == 0 else []
    first, *rest = counts
    return [
        (value, *others)
        for value in range(points // first + 1)
        for others in _full_values(tuple(rest), points - first * value)
    ]


if __name__ == "__main__":
    main(generate)
