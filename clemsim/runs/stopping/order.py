"""The order in which a run with a stopping rule plays its instances, and the blocks that the rule looks at."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from clemsim.game.instances import EpisodeKey
from clemsim.game.seeds import derive

Unit = tuple[str, str]  # arena and instance


@dataclass(frozen=True, slots=True)
class AwaitedInstance:
    """An instance, and by cast its episodes that must have ended."""

    arena: str
    keys: Mapping[str, Sequence[EpisodeKey]]


Block = Sequence[AwaitedInstance]


def sizes(keys: Iterable[EpisodeKey]) -> dict[str, int]:
    """Return the number of instances of each arena."""
    found: dict[str, set[str]] = defaultdict(set)
    for key in keys:
        found[key.arena].add(key.instance)
    return {arena: len(instances) for arena, instances in found.items()}


def ordered(keys: Iterable[EpisodeKey], asked: Sequence[str], seed: int) -> list[Unit]:
    """Return all instances: those of the games in `asked` first, shuffled within each game, games mixed in proportion."""
    units: dict[str, list[str]] = defaultdict(list)
    for arena, instance in dict.fromkeys((key.arena, key.instance) for key in keys):
        units[arena].append(instance)
    ranked = []
    for arena, instances in units.items():
        shuffled = sorted(instances, key=lambda instance: derive(seed, "stop", arena, instance))
        ranked += [(arena not in asked, (at + 0.5) / len(shuffled), arena, instance) for at, instance in enumerate(shuffled)]
    return [(arena, instance) for _, _, arena, instance in sorted(ranked)]


def blocks(keys: Iterable[EpisodeKey], casts: Sequence[str], asked: Sequence[str], order: Sequence[Unit]) -> list[Block]:
    """Return what a rule about these casts and games looks at, in order.

    There are as many blocks as the smallest game has instances: each holds one of it, and of the others a proportional
    part, one at least. The blocks of one game are its instances.
    """
    by_unit: dict[Unit, dict[str, list[EpisodeKey]]] = defaultdict(lambda: {cast: [] for cast in casts})
    for key in keys:
        if key.cast in casts and key.arena in asked:
            by_unit[key.arena, key.instance][key.cast].append(key)
    counts = sizes(key for of_unit in by_unit.values() for of_cast in of_unit.values() for key in of_cast)
    many, at = min(counts.values()), dict.fromkeys(counts, 0)
    placed = []
    for unit in order:
        if unit in by_unit:
            arena = unit[0]
            placed.append(((2 * at[arena] + 1) * many // (2 * counts[arena]), AwaitedInstance(arena, by_unit[unit])))
            at[arena] += 1
    return [[instance for _, instance in block] for _, block in groupby(placed, key=lambda pair: pair[0])]
