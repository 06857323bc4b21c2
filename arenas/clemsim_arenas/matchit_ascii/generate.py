"""Generate the instances: `python -m clemsim_arenas.matchit_ascii.generate --seed 1 --out FILE`.

Half of the first grids have a shape, half have filled cells anywhere. The second grid is the same; a mirrored or turned one;
one in which two cells differ; or another one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from clemsim.catalog.generators import GeneratorOptions, main
from clemsim.game.seeds import Dice
from clemsim_arenas.grids.grids import CELLS, COLUMNS, ROWS, SIZE, Cell, Grid, render
from clemsim_arenas.grids.pictures import diagonals, digits, letters, shapes, unions
from clemsim_arenas.matchit_ascii.game import DIFFERENT, SAME, MatchItAscii, TwoGrids

EACH, MOST = 10, 100  # instances of each kind: as in clembench, and at most
APART = 5  # cells at least in which unlike grids differ


def grids(rng: Dice) -> Iterator[Grid]:
    """Yield grids with a shape and grids without one in turn."""
    kinds = [unions([*ROWS, *COLUMNS]), diagonals(), letters(), digits(), shapes()]
    while True:
        yield rng.choice(rng.choice(kinds))
        yield frozenset(rng.sample(CELLS, rng.randint(5, 16)))


def same(rng: Dice, grid: Grid, others: Iterator[Grid]) -> Grid:
    """Return the grid itself."""
    return grid


def turned(rng: Dice, grid: Grid, others: Iterator[Grid]) -> Grid:
    """Return the grid in one of the ways in which it can be mirrored or turned."""
    return frozenset(map(rng.choice(TURNS), grid))


def changed(rng: Dice, grid: Grid, others: Iterator[Grid]) -> Grid:
    """Return the grid with two cells changed."""
    return grid ^ frozenset(rng.sample(CELLS, 2))


def unlike(rng: Dice, grid: Grid, others: Iterator[Grid]) -> Grid:
    """Return another grid that differs in so many cells."""
    return next(other for other in others if len(other ^ grid) >= APART)


TURNS: list[Callable[[Cell], Cell]] = [
    lambda cell: (cell[0], SIZE - 1 - cell[1]),
    lambda cell: (SIZE - 1 - cell[0], cell[1]),
    lambda cell: (cell[1], SIZE - 1 - cell[0]),
    lambda cell: (SIZE - 1 - cell[1], cell[0]),
]
KINDS: dict[str, Callable[[Dice, Grid, Iterator[Grid]], Grid]] = {
    "same_grid": same,
    "similar_grid_1": turned,
    "similar_grid_2": changed,
    "different_grid": unlike,
}


def generate(options: GeneratorOptions) -> list[TwoGrids]:
    """Return 10 pairs of grids of each of four kinds, or `options.count`, no first grid twice. Raises UsageError."""
    options.check_language("en")
    return [instance for kind in KINDS for instance in _kind(kind, options)]


def _kind(kind: str, options: GeneratorOptions) -> list[TwoGrids]:
    rng = options.dice(MatchItAscii.name, kind)
    count = options.draw_count(EACH, MOST)
    pairs: dict[Grid, TwoGrids] = {}
    drawn = grids(rng)
    while len(pairs) < count:
        grid = next(drawn)
        other = KINDS[kind](rng, grid, drawn)
        if grid in pairs or (kind == "same_grid") is not (grid == other):
            continue
        pairs[grid] = TwoGrids(
            experiment=kind,
            id=len(pairs),
            seed=rng.getrandbits(31),
            grid_a=render(grid),
            grid_b=render(other),
            solution=SAME if kind == "same_grid" else DIFFERENT,
        )
    return list(pairs.values())


if __name__ == "__main__":
    main(generate)
