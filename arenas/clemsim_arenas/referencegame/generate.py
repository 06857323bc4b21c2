"""Generate the instances: `python -m clemsim_arenas.referencegame.generate --seed 1 --out FILE`."""

from __future__ import annotations

from clemsim.catalog.generators import GeneratorOptions, main
from clemsim_arenas.grids.grids import render
from clemsim_arenas.referencegame.draw import KINDS, triples
from clemsim_arenas.referencegame.game import Grids, ReferenceGame

EACH, MOST = 30, 200  # instances of each kind: as in clembench v1.6, and at most, so that all differ


def generate(options: GeneratorOptions) -> list[Grids]:
    """Return 30 instances of each kind, or `options.count`. Raises UsageError."""
    options.check_language("en")
    return [instance for kind in KINDS for instance in _kind(kind, options)]


def _kind(kind: str, options: GeneratorOptions) -> list[Grids]:
    rng = options.dice(ReferenceGame.name, kind)
    instances = []
    for number, (target, one, other) in enumerate(triples(kind, rng, options.draw_count(EACH, MOST))):
        first, second, third = rng.sample(range(3), 3)
        grids = (render(target), render(one), render(other))
        instances.append(
            Grids(experiment=kind, id=number, seed=rng.getrandbits(31), grids=grids, order=(first, second, third))
        )
    return instances


if __name__ == "__main__":
    main(generate)
