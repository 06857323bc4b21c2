"""Makes the instances: `python -m clemsim_arenas.imagegame.generate --seed 1 --out FILE`.

A compact grid can be told in a few instructions: one to three whole rows, columns or diagonals, a letter or a shape. A
random grid has five to ten cells anywhere. All filled cells of a grid hold one letter.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from clemsim.catalog.generators import GeneratorOptions, main
from clemsim.game.seeds import Dice
from clemsim_arenas.grids.grids import CELLS, COLUMNS, ROWS, Grid, render
from clemsim_arenas.grids.pictures import diagonals, letters, shapes, unions
from clemsim_arenas.imagegame.game import LETTERS, ImageGame, Picture

EACH, MOST = 20, 100


def compact(rng: Dice) -> Iterator[Grid]:
    """Grids that have a name or a simple rule."""
    kinds = [unions([*ROWS, *COLUMNS]), diagonals(), letters(), shapes()]
    while True:
        yield rng.choice(rng.choice(kinds))


def scattered(rng: Dice) -> Iterator[Grid]:
    """Grids of five to ten cells anywhere."""
    while True:
        yield frozenset(rng.sample(CELLS, rng.randint(5, 10)))


KINDS: dict[str, Callable[[Dice], Iterator[Grid]]] = {"compact_grids": compact, "random_grids": scattered}


def generate(wanted: GeneratorOptions) -> list[Picture]:
    """20 compact and 20 random grids, no two alike. Raises UsageError."""
    wanted.check_language("en")
    return [instance for kind in KINDS for instance in _kind(kind, wanted)]


def _kind(kind: str, wanted: GeneratorOptions) -> list[Picture]:
    rng = wanted.dice(ImageGame.name, kind)
    count = wanted.each(EACH, MOST)
    found: dict[Grid, Picture] = {}
    for grid in KINDS[kind](rng):
        if len(found) == count:
            break
        picture = render(grid, rng.choice(LETTERS))
        found.setdefault(grid, Picture(experiment=kind, id=len(found), seed=rng.getrandbits(31), target=picture))
    return list(found.values())


if __name__ == "__main__":
    main(generate)
