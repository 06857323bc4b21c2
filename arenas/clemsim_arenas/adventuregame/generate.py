"""Generate the instances: `python -m clemsim_arenas.adventuregame.generate --seed 1 --out FILE`.

Three kinds of adventures, in the sizes of clembench v3.0: things to be delivered in a house, some with words made up for
rooms, things and actions; a small world of nothing but made-up words; and a recipe to be followed in a tower. Each can be
solved; the length of the shortest solution, without the `done` at its end, is found by search.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

from clemsim.catalog.generators import GeneratorOptions, main
from clemsim.game.seeds import Dice
from clemsim_arenas.adventuregame.created import created
from clemsim_arenas.adventuregame.game import AdventureGame
from clemsim_arenas.adventuregame.instances import Adventure, world_of
from clemsim_arenas.adventuregame.layout import Layout, draw
from clemsim_arenas.adventuregame.recipes import brewing
from clemsim_arenas.adventuregame.search import Delivery, deliver
from clemsim_arenas.adventuregame.words import made_up
from clemsim_arenas.adventures.world import World

EACH, MOST = 8, 1000  # adventures of each experiment: as in clembench, and at most
DELIVERIES = 3
LIMIT = "You can carry two things at most."
TWO_HANDS = ("two_hands.toml", "house.toml", "opening.toml", "walking.toml")
FREE_HANDS = ("hands.toml", "house.toml", "opening.toml", "walking.toml")
BREWING = ("two_hands.toml", "tower.toml", "opening.toml", "walking.toml", "brewing.toml")
EXPLAINED = {
    "open": "open something that is closed",
    "close": "close something that is open",
    "take": "take something in hand",
    "put": "put something somewhere",
    "go": "go to a room",
}

Fields = dict[str, Any]


@cache
def places() -> dict[str, Any]:
    """Return where rooms and things may be."""
    return tomllib.loads(AdventureGame().resources.text("resources/places.toml"))


@cache
def world(names: tuple[str, ...]) -> World:
    """Return the world of these files."""
    return world_of(tuple(AdventureGame().resources.text(f"resources/{name}") for name in names))


def delivery(rng: Dice) -> Fields:
    """Return an adventure in the house in which three things go to other rooms, two in hand at most."""
    return {**_delivery(rng, TWO_HANDS, 2), "notes": LIMIT}


def renamed(rng: Dice, rooms: int, things: int, actions: int) -> Fields:
    """Return an adventure in the house with made-up words for so many rooms, things and actions."""
    fields = _delivery(rng, FREE_HANDS, None)
    house = world(FREE_HANDS)
    known = [name for name, entity in house.entities.items() if not entity.hidden]
    verbs = rng.sample(list(EXPLAINED), actions)
    names = [*rng.sample(list(house.rooms), rooms), *rng.sample(known, things), *verbs]
    words = dict(zip(names, made_up(rng, len(names)), strict=True))
    notes = [f"To {words[verb]} means to {EXPLAINED[verb]}." for verb in verbs]
    called = {name: words.get(name, house.entities[name].called) for name in known}
    return {**fields, "renamed": words, "notes": " ".join(notes), "task": _task(fields["goal_state"], called)}


def _delivery(rng: Dice, names: tuple[str, ...], limit: int | None) -> Fields:
    layout = draw(world(names), places()["house"], rng)
    moves = _moves(layout, rng)
    start = rng.choice(list(layout.ways))
    goals = [layout.place(thing, target) for thing, target in moves.items()]
    deliveries = [
        Delivery(layout.room_of(thing), layout.rooms[target], layout.closed(layout.holders[thing]), layout.closed(target))
        for thing, target in moves.items()
    ]
    return {
        "task": _task(goals, {name: entity.called for name, entity in world(names).entities.items()}),
        "initial_state": layout.facts(start),
        "goal_state": goals,
        "max_turns": 50,
        "optimal_turns": deliver(layout.ways, start, deliveries, limit),
        "world": names,
    }


def _moves(layout: Layout, rng: Dice) -> dict[str, str]:
    """Draw three things and other furniture for each, in another room."""
    targets = rng.sample(list(layout.rooms), len(layout.rooms))
    moves: dict[str, str] = {}
    for thing in rng.sample(list(layout.holders), DELIVERIES):
        moves[thing] = next(each for each in targets if layout.rooms[each] != layout.room_of(thing))
        targets.remove(moves[thing])
    return moves


def _task(goals: list[str], called: dict[str, str]) -> str:
    parts = [goal.removesuffix(")").replace("(", ",").split(",") for goal in goals]
    *before, last = [f"the {called[thing[:-1]]} {how} the {called[target[:-1]]}" for how, thing, target in parts]
    return f"Put {', '.join(before)} and {last}."


def brew(rng: Dice) -> Fields:
    """Return an adventure in the tower: find a recipe and follow it, two things in hand at most."""
    layout = draw(world(BREWING), places()["tower"], rng)
    return {**brewing(layout, rng), "world_files": BREWING, "notes": LIMIT}


EXPERIMENTS: dict[str, Callable[[Dice], Fields]] = {
    "home_deliver_three_basic_hard_invlimittwo": delivery,
    "new-words_home-delivery_easy_basic_easy": lambda rng: renamed(rng, 1, 3, 1),
    "new-words_home-delivery_medium_basic_medium": lambda rng: renamed(rng, 2, 6, 3),
    "new-words_created_basic_hard": created,
    "potion_brewing_basic_undefined": brew,
}


def generate(options: GeneratorOptions) -> list[Adventure]:
    """Return 8 adventures of each of five kinds, or `options.count`. Raises UsageError."""
    options.check_language("en")
    return [adventure for name in EXPERIMENTS for adventure in _experiment(name, options)]


def _experiment(name: str, options: GeneratorOptions) -> Iterator[Adventure]:
    rng = options.dice(AdventureGame.name, name)
    for number in range(options.draw_count(EACH, MOST)):
        fields = EXPERIMENTS[name](rng)
        fields["world"] = (*fields.pop("world_files", ()), *fields.get("world", ()))
        yield Adventure(experiment=name, id=number, seed=rng.getrandbits(31), **fields)


if __name__ == "__main__":
    main(generate)
