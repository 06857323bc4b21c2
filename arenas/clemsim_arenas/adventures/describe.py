"""What a player is told of a world: rooms, what is carried, things that are looked at closely."""

from __future__ import annotations

from collections.abc import Sequence

from clemsim_arenas.adventures.binding import instance_of, player_room
from clemsim_arenas.adventures.facts import DIGITS, Facts
from clemsim_arenas.adventures.world import INVENTORY, PLAYER, World

FACES = ("floor", "ceiling")  # of a room: told without the room


def visible(world: World, facts: Facts) -> list[str]:
    """Return the things in the player's room that are told of: all but hidden and carried ones. What is in a closed
    container is told of too.
    """
    room = player_room(facts)
    return [
        fact[1]
        for fact in facts.of("at")
        if fact[2] == room and fact[1] != PLAYER and not _hidden(world, facts, fact[1]) and not _carried(facts, fact[1])
    ]


def exits(facts: Facts) -> list[str]:
    """Return the rooms that the player's room leads to."""
    return [fact[2] for fact in facts.about(player_room(facts), "exit")]


def room(world: World, facts: Facts) -> str:
    """Return the description of the player's room."""
    seen = visible(world, facts)
    sentences = [f"You are in a {world.called(facts, player_room(facts))} now."]
    if seen:
        names = [world.called(facts, thing) for thing in seen]
        many = "are" if len(names) > 1 else "is"
        sentences.append(f"There {many} {listed(names)}.")
    for thing in seen:
        name = world.called(facts, thing)
        for predicate, *rest in facts.about(thing, "closed", "open", "in", "on"):
            where = f"{predicate} the {world.called(facts, rest[1])}" if len(rest) > 1 else predicate
            sentences.append(f"The {name} is {where}.")
    ways = [world.called(facts, way) for way in exits(facts)]
    if ways:
        passages = "are passages" if len(ways) > 1 else "is a passage"
        sentences.append(f"There {passages} to {listed(ways)} here.")
    return " ".join(sentences)


def inventory(world: World, facts: Facts) -> str:
    """Return the description of what the player carries."""
    things = [world.called(facts, thing) for thing in contents(facts, INVENTORY, "in")]
    return f"In your inventory you have {listed(things)}." if things else "Your inventory is empty."


def container(world: World, facts: Facts, thing: str) -> str:
    """Return the description of what is in a container."""
    name, things = world.called(facts, thing), contents(facts, thing, "in")
    if not things:
        return f"The {name} is empty."
    many = "are" if len(things) > 1 else "is"
    return f"In the {name} there {many} {listed([world.called(facts, each) for each in things])}."


def entity(world: World, facts: Facts, kind: str) -> str:
    """Return the description of a thing, by its type, for somebody who looks at it closely."""
    if kind == INVENTORY:
        return inventory(world, facts)
    thing = instance_of(facts, kind) or ""
    name = world.called(facts, thing) if thing else ""
    sentences = [f"This is a {name}."]
    for fact in facts.about(thing) if thing else ():
        sentences += _sentences(world, facts, thing, name, fact[0])
    return " ".join(sentences)


def text_on(facts: Facts, kind: str) -> str:
    """Return what is written on a thing, by its type."""
    thing = instance_of(facts, kind) or ""
    return next((fact[2] for fact in facts.about(thing, "text")), "")


def contents(facts: Facts, holder: str, predicate: str) -> list[str]:
    """Return the things that are in or on another."""
    return [fact[1] for fact in facts.of(predicate) if fact[2] == holder]


def listed(names: Sequence[str]) -> str:
    """Return names as `a table, a chair and a bed`."""
    *before, last = [f"a {name}" for name in names]
    return f"{', '.join(before)} and {last}" if before else last


def _sentences(world: World, facts: Facts, thing: str, name: str, predicate: str) -> list[str]:
    sentences = []
    match predicate:
        case "text":
            sentences.append("There is writing on it.")
        case "openable":
            state = next((fact[0] for fact in facts.about(thing, "open", "closed")), "neither open nor closed")
            sentences.append(f"The {name} is openable and currently {state}.")
        case "takeable":
            sentences.append(f"The {name} is takeable.")
        case "needs_support":
            sentences += [f"The {name} is {how} the {_place(world, facts, where)}." for how, where in _held(facts, thing)]
        case "container" if ("closed", thing) in facts:
            sentences.append(f"You can't see the {name}'s contents because it is closed.")
        case "container":
            sentences.append(_holds(world, facts, thing, name, "in", f"The {name} is empty."))
        case "support":
            sentences.append(_holds(world, facts, thing, name, "on", f"There is nothing on the {name}."))
    if predicate != "at" and predicate in world.domain.described:
        sentences.append(f"The {name} is {predicate}.")
    return sentences


def _held(facts: Facts, thing: str) -> list[tuple[str, str]]:
    return [(fact[0], fact[2]) for fact in facts.about(thing, "on", "in")][-1:]


def _place(world: World, facts: Facts, where: str) -> str:
    kind = where.rstrip("".join(DIGITS))
    return next((face for face in FACES if kind.endswith(face)), world.called(facts, where))


def _holds(world: World, facts: Facts, thing: str, name: str, predicate: str, empty: str) -> str:
    things = [world.called(facts, each) for each in contents(facts, thing, predicate)]
    many = "are" if len(things) > 1 else "is"
    return f"There {many} {listed(things)} {predicate} the {name}." if things else empty


def _hidden(world: World, facts: Facts, thing: str) -> bool:
    kind = world.entities.get(world.type_of(facts, thing))
    return kind is not None and kind.hidden


def _carried(facts: Facts, thing: str) -> bool:
    return any(fact[2] == INVENTORY for fact in facts.about(thing, "in"))
