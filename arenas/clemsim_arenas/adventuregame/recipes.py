"""Recipes for the tower: what goes into the kettle in which order, and the events by which it becomes an elixir."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from clemsim.game.seeds import Dice
from clemsim_arenas.adventuregame.layout import Layout
from clemsim_arenas.adventuregame.search import Ingredient, brew
from clemsim_arenas.adventures.definitions import EventType, WorldPart

KITCHEN, KETTLE = "kitchen", "kettle"
JUGS = {"waterjug": "water", "oiljug": "oil"}
STIRRERS = {"ladle": "ladled", "whisk": "whisked", "rod": "turned"}
LAMPS = {"redlamp": "red", "bluelamp": "blue"}
FEWEST, MOST = 5, 8  # steps, with the first, which pours
LOOKS = ("cloudy", "golden", "green", "violet", "thick", "clear", "silvery", "foaming")


@dataclass(frozen=True, slots=True)
class RecipeStep:
    """One step: with which thing, in words, the term that must hold, and the effects on what it was done with."""

    thing: str
    words: str
    condition: str
    effect: str


def brewing(layout: Layout, rng: Dice) -> dict[str, Any]:
    """Return the fields of an adventure in which a drawn recipe is to be followed."""
    jug = rng.choice(list(JUGS))
    steps = _steps(layout, JUGS[jug], rng)
    start = rng.choice([room for room in layout.ways if room != "mirrorroom"])
    used = [jug, *(step.thing for step in steps)]
    things = {name: Ingredient(layout.room_of(name), layout.closed(layout.holders[name]), _used_up(name)) for name in used}
    ways = {room: [other for other in others if other != "mirrorroom"] for room, others in layout.ways.items()}
    called = {name: entity.called for name, entity in layout.world.entities.items()}
    lines = [f"Pour the {called[jug]} into the kettle.", *(step.words for step in steps)]
    text = "\n".join(f"{number}. {line}" for number, line in enumerate(lines, 1))
    return {
        "task": "Somewhere there is a recipe. Find and read it, and brew the elixir that it tells of in the kettle.",
        "initial_state": [*layout.facts(start), f"text(recipe1,{text})", f"text(almanac1,{_gossip(rng)})"],
        "goal_state": [f"at(elixir1,{KITCHEN}1)"],
        "max_turns": 100,
        "optimal_turns": brew(ways, start, KITCHEN, used, things),
        "world": (WorldPart(events=tuple(_events(JUGS[jug], steps, rng))),),
    }


def _steps(layout: Layout, base: str, rng: Dice) -> list[RecipeStep]:
    """Draw the steps after the first: no thing twice, and no two alike in a row but for ingredients."""
    ingredients = [name for name, entity in layout.world.entities.items() if "ingredient" in entity.traits]
    number = rng.randint(FEWEST - 1, MOST - 1)
    kinds = ["add", "stir", "add", *rng.sample(["shine", "add", "stir", "add"], number - 3)]
    rng.shuffle(kinds)
    drawn = {
        "add": iter(rng.sample(ingredients, len(kinds))),
        "stir": iter(rng.sample(list(STIRRERS), len(STIRRERS))),
        "shine": iter(rng.sample(list(LAMPS), len(LAMPS))),
    }
    return [_step(kind, next(drawn[kind]), layout, base if at == 0 else "brew") for at, kind in enumerate(kinds)]


def _step(kind: str, thing: str, layout: Layout, liquid: str) -> RecipeStep:
    called = layout.world.entities[thing].called
    match kind:
        case "add":
            gone = f"(not (in {thing}1 ?c)) (not (at {thing}1 ?r)) (not (accessible {thing}1))"
            return RecipeStep(thing, f"Put the {called} into the kettle.", f"(in {thing}1 ?c)", gone)
        case "stir":
            return RecipeStep(
                thing, f"Stir the {liquid} with the {called}.", f"({STIRRERS[thing]} ?l)", f"(not ({STIRRERS[thing]} ?l))"
            )
    return RecipeStep(thing, f"Shine the {called} at the kettle.", f"({LAMPS[thing]} ?c)", f"(not ({LAMPS[thing]} ?c))")


def _events(base: str, steps: list[RecipeStep], rng: Dice) -> list[EventType]:
    """Return an event for each step after the first: it turns what is in the kettle into something else."""
    liquids = [f"{base}1", *(f"brew{number}" for number in range(1, len(steps))), "elixir1"]
    looks = rng.sample(LOOKS, len(steps))
    return [
        EventType(
            name=f"step{number + 1}",
            parameters=(("c", KETTLE), ("r", "room")),
            precondition=f"(and (at ?c ?r) (at {now} ?r) (in {now} ?c) {step.condition.replace('?l', now)})",
            effect=f"(and (not (at {now} ?r)) (not (in {now} ?c)) (not (accessible {now})) "
            f"{step.effect.replace('?l', now)} (type {then} {then[:-1]}) (at {then} ?r) (in {then} ?c) (accessible {then}))",
            text=_told(then, look),
        )
        for number, (step, now, then, look) in enumerate(zip(steps, liquids, liquids[1:], looks, strict=False))
    ]


def _told(liquid: str, look: str) -> str:
    return f"The kettle hisses, and holds a {look} {liquid[:-1]}."


def _used_up(thing: str) -> bool:
    return thing not in {**JUGS, **STIRRERS, **LAMPS}


def _gossip(rng: Dice) -> str:
    return f"It will rain on {rng.choice(('Monday', 'Tuesday', 'Friday'))}, says the almanac, which is of another year."
