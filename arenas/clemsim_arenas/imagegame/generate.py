"""Generate the instances: `python -m clemsim_arenas.imagegame.generate --seed 1 --out FILE`.

A compact grid takes few instructions: one to three whole rows, columns or diagonals, a letter or a shape. A random grid has
five to ten cells anywhere. All filled cells of a grid hold the same letter.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from clemsim.catalog.generators import GeneratorOptions, main
from clemsim.game.seeds import Dice
from clemsim_arenas.grids.grids import CELLS, COLUMNS, ROWS, Grid, render
from clemsim_arenas.grids.pictures import diagonals, letters, shapes, unions
from clemsim_arenas.imagegame.game import LETTERS, ImageGame, Picture

EACH, MOST = 20, 100  # instances of each kind: as in clembench v1.6, and at most


def compact(rng: Dice) -> Iterator[Grid]:
    """Yield grids that have a name or a simple rule."""
    kinds = [unions([*ROWS, *COLUMNS]), diagonals(), letters(), shapes()]
    while True:
        yield rng.choice(rng.choice(kinds))


def scattered(rng: Dice) -> Iterator[Grid]:
    """Yield grids of five to ten cells anywhere."""
    while True:
        yield frozenset(rng.sample(CELLS, rng.randint(5, 10)))


KINDS: dict[str, Callable[[Dice], Iterator[Grid]]] = {"compact_grids": compact, "random_grids": scattered}


def generate(options: GeneratorOptions) -> list[Picture]:
    """Return 20 compact and 20 random grids, or `options.count` of each, no two alike. Raises UsageError."""
    options.check_language("en")
    return [instance for kind in KINDS for instance in _kind(kind, options)]


def _kind(kind: str, options: GeneratorOptions) -> list[Picture]:
    rng = options.dice(ImageGame.name, kind)
    count = options.draw_count(EACH, MOST)
    pictures: dict[Grid, Picture] = {}
    for grid in KINDS[kind](rng):
        if len(pictures) == count:
            break
        target = render(grid, rng.choice(LETTERS))
        pictures.setdefault(grid, Picture(experiment=kind, id=len(pictures), seed=rng.getrandbits(31), target=target))
    return list(pictures.values())


if __name__ == "__main__":
    main(generate)
