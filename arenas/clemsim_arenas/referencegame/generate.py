"""Makes the instances: `python -m clemsim_arenas.referencegame.generate --seed 1 --out FILE`."""

from __future__ import annotations

from clemsim.catalog.generators import GeneratorOptions, main
from clemsim_arenas.grids.grids import render
from clemsim_arenas.referencegame.draw import KINDS, triples
from clemsim_arenas.referencegame.game import Grids, ReferenceGame

EACH, MOST = 30, 200  # instances of a kind: usually, and how many are sure to be different


def generate(wanted: GeneratorOptions) -> list[Grids]:
    """30 instances of each kind. Raises UsageError."""
    wanted.check_language("en")
    return [instance for kind in KINDS for instance in _kind(kind, wanted)]


def _kind(kind: str, wanted: GeneratorOptions) -> list[Grids]:
    rng = wanted.dice(ReferenceGame.name, kind)
    found = []
    for number, (target, one, other) in enumerate(triples(kind, rng, wanted.each(EACH, MOST))):
        first, second, third = rng.sample(range(3), 3)
        grids = (render(target), render(one), render(other))
        found.append(Grids(experiment=kind, id=number, seed=rng.getrandbits(31), grids=grids, order=(first, second, third)))
    return found


if __name__ == "__main__":
    main(generate)
