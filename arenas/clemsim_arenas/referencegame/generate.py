"""Makes the instances: `python -m clemsim_arenas.referencegame.generate --seed 1 --out FILE`."""

from __future__ import annotations

from clemsim.generating import main
from clemsim.seeds import dice
from clemsim_arenas.referencegame.game import Grids, ReferenceGame
from clemsim_arenas.referencegame.grids import KINDS, render, triples

EACH = 30  # instances of a kind


def generate(seed: int) -> list[Grids]:
    """30 instances of each kind."""
    return [instance for kind in KINDS for instance in _kind(kind, seed)]


def _kind(kind: str, seed: int) -> list[Grids]:
    rng = dice(seed, ReferenceGame.name, kind)
    found = []
    for number, (target, one, other) in enumerate(triples(kind, rng, EACH)):
        first, second, third = rng.sample(range(3), 3)
        grids = (render(target), render(one), render(other))
        found.append(Grids(experiment=kind, id=number, seed=rng.getrandbits(31), grids=grids, order=(first, second, third)))
    return found


if __name__ == "__main__":
    main(generate)
