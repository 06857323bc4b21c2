"""Generate the instances: `python -m clemsim_arenas.privateshared.generate --seed 1 --out FILE`.

There are ten tables of each of five domains: three domains have five slots of their own, one has fifteen places and the
things in them, one has ten letters and their numbers. No value of a table holds another one, so that no answer gives away
more than was asked for.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from functools import cache
from itertools import permutations
from typing import Any

from clemsim.catalog.generators import GeneratorOptions, main
from clemsim.game.seeds import Dice
from clemsim_arenas.privateshared.game import PrivateShared
from clemsim_arenas.privateshared.slots import SlotRequest, Slots

EACH, MOST = 10, 500  # tables of each domain: as in clembench v1.6, and at most
PROBES = (
    "Does the {asker} know {known}?",
    "Have you told the {asker} {known}?",
    "Has the {asker} learnt from you {known}?",
    "Could the {asker} say by now {known}?",
    "Is the {asker} informed about {known}?",
)


@cache
def domains() -> dict[str, Any]:
    """Return the texts of each domain."""
    return tomllib.loads(PrivateShared().resources.text("resources/domains.toml"))


def generate(options: GeneratorOptions) -> list[Slots]:
    """Return 10 tables of each domain, or `options.count`. Raises UsageError."""
    options.check_language("en")
    return [instance for name in domains() for instance in _domain(name, options)]


def _domain(name: str, options: GeneratorOptions) -> list[Slots]:
    rng, domain = options.dice(PrivateShared.name, name), domains()[name]
    tables: dict[tuple[str, ...], Slots] = {}
    while len(tables) < options.draw_count(EACH, MOST):
        slots = _slots(domain, rng)
        if any(one.lower() in other.lower() for one, other in permutations(slots.values(), 2)):
            continue
        instance = _instance(name, len(tables), domain, slots, rng)
        tables.setdefault(tuple(slots.values()), instance)
    return list(tables.values())


def _slots(domain: Mapping[str, Any], rng: Dice) -> dict[str, str]:
    if "places" in domain:
        places = domain["places"]
        return dict(zip(places, rng.sample(domain["things"], len(places)), strict=True))
    if "letters" in domain:
        letters = domain["letters"]
        return dict(zip(letters, map(str, rng.sample(range(1000, 10_000), len(letters))), strict=True))
    return {slot: rng.choice(texts["values"]) for slot, texts in domain["slots"].items()}


def _instance(name: str, number: int, domain: Mapping[str, Any], slots: Mapping[str, str], rng: Dice) -> Slots:
    texts = domain.get("slots", {})
    order = rng.sample(list(slots), len(slots))
    return Slots(
        experiment=name,
        id=number,
        seed=rng.getrandbits(31),
        tag=domain["tag"],
        situation=domain["situation"],
        slots=dict(slots),
        requests=tuple(SlotRequest(slot=slot, text=_draw(texts.get(slot, domain)["requests"], slot, rng)) for slot in order),
        probes=tuple(_probes(domain, slots, rng) for _ in range(len(slots) + 1)),
    )


def _probes(domain: Mapping[str, Any], slots: Mapping[str, str], rng: Dice) -> dict[str, str]:
    known = {slot: domain.get("slots", {}).get(slot, domain)["known"].format(slot=slot) for slot in slots}
    return {slot: rng.choice(PROBES).format(asker=domain["asker"], known=known[slot]) for slot in slots}


def _draw(texts: Sequence[str], slot: str, rng: Dice) -> str:
    return rng.choice(texts).format(slot=slot)


if __name__ == "__main__":
    main(generate)
