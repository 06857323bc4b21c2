"""Generate the instances: `python -m clemsim_arenas.referencegame.generate --seed 1 --out FILE`."""

from __future__ import annotations

from clemsim.catalog.generators import GeneratorOptions, main
from clemsim_arenas.grids.grids import render
from clemsim_arenas.referencegame.draw import triples
from clemsim_arenas.referencegame.game import Grids, ReferenceGame

# The kinds of a rule set and the instances of each, as in clembench; and the most of a kind, so that all differ.
COMPOSITIONS: dict[str, tuple[tuple[str, ...], int]] = {
    "v1.6": (("rows", "columns", "diagonals", "letters", "shapes", "random"), 30),
    "v3.0": (("letters", "numbers", "rows", "columns", "random"), 18),
}
MOST, MOST_NUMBERS = 200, 100


def generate(options: GeneratorOptions) -> list[Grids]:
    """Return 30 instances of each of six kinds, by v3.0 18 of each of five; or `options.count`. Raises UsageError."""
    options.check_language("en")
    kinds, usual = options.of_rules(COMPOSITIONS)
    return [instance for kind in kinds for instance in _kind(kind, usual, options)]


def _kind(kind: str, usual: int, options: GeneratorOptions) -> list[Grids]:
    most = MOST_NUMBERS if kind == "numbers" else MOST
    rng = options.dice(ReferenceGame.name, kind)
    instances = []
    for number, (target, one, other) in enumerate(triples(kind, rng, options.draw_count(usual, most))):
        first, second, third = rng.sample(range(3), 3)
        grids = (render(target), render(one), render(other))
        instances.append(
            Grids(experiment=kind, id=number, seed=rng.getrandbits(31), grids=grids, order=(first, second, third))
        )
    return instances


if __name__ == "__main__":
    main(generate)
