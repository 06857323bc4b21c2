"""Adventures in a world of made-up words: rooms, things, states of things, and the actions that change them.

Things have states of three families: one state that an action brings about; two that two actions turn into each other; three
in a circle, with an action for each step. What an action does is not told; it is found out by trying.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from clemsim.game.seeds import Dice
from clemsim_arenas.adventuregame.search import distances
from clemsim_arenas.adventuregame.words import made_up
from clemsim_arenas.adventures.definitions import ActionType, Domain, EntityType, Parameter, RoomType, WorldPart

ROOMS, THINGS = 4, 10
FAMILIES = (1, 2, 3)  # the number of states of each
OPTIMUM = 6  # commands, as in clembench: three to walk, and three for the three goals
HIDDEN = ("player", "inventory", "floor")


def created(rng: Dice) -> dict[str, Any]:
    """Return an adventure in a new world, in which three things are to be brought into states."""
    while True:
        words = iter(made_up(rng, ROOMS + THINGS + 2 * sum(FAMILIES)))
        rooms = [next(words) for _ in range(ROOMS)]
        families = [[next(words) for _ in range(number)] for number in FAMILIES]
        verbs = {state: next(words) for family in families for state in family}
        able = {next(words): rng.sample(range(len(FAMILIES)), rng.choice((1, 2))) for _ in range(THINGS)}
        fields = _adventure(rng, rooms, families, verbs, able)
        if fields is not None:
            return fields


def _adventure(
    rng: Dice,
    rooms: Sequence[str],
    families: Sequence[Sequence[str]],
    verbs: Mapping[str, str],
    able: Mapping[str, Sequence[int]],
) -> dict[str, Any] | None:
    """Return the adventure; None where it would not take as many commands as it should."""
    ways = _ways(rooms, rng)
    where = {thing: rng.choice(rooms) for thing in able}
    states = {thing: {number: _first(families[number], rng) for number in own} for thing, own in able.items()}
    wanted = _wanted(rng, families, able, states)
    start = rng.choice(rooms)
    if wanted is None or _walk(ways, start, [where[thing] for thing, _ in wanted]) != OPTIMUM - len(FAMILIES):
        return None
    facts = [f"{state}({thing}1)" for thing, own in states.items() for state in own.values() if state]
    *before, last = [f"the {thing} {state}" for thing, state in wanted]
    return {
        "task": f"Make {', '.join(before)} and {last}.",
        "notes": f"Besides what is usual you can {', '.join(verbs.values())}.",
        "initial_state": [
            *(f"room({room}1,{room})" for room in rooms),
            *(f"exit({room}1,{other}1)" for room, others in ways.items() for other in others),
            "type(player1,player)",
            f"at(player1,{start}1)",
            *(f"type({thing}1,{thing})" for thing in able),
            *(f"at({thing}1,{room}1)" for thing, room in where.items()),
            *facts,
        ],
        "goal_state": [f"{state}({thing}1)" for thing, state in wanted],
        "max_turns": 50,
        "optimal_turns": OPTIMUM,
        "world": (_world(rooms, families, verbs, able), "walking.toml"),
    }


def _ways(rooms: Sequence[str], rng: Dice) -> dict[str, list[str]]:
    """Draw a tree of rooms."""
    found: dict[str, list[str]] = {rooms[0]: []}
    for room in rooms[1:]:
        other = rng.choice(list(found))
        found[other].append(room)
        found[room] = [other]
    return found


def _first(family: Sequence[str], rng: Dice) -> str:
    """Draw the state at first; of a family of one, mostly none."""
    return rng.choice(family) if len(family) > 1 else ""


def _wanted(
    rng: Dice,
    families: Sequence[Sequence[str]],
    able: Mapping[str, Sequence[int]],
    states: Mapping[str, Mapping[int, str]],
) -> list[tuple[str, str]] | None:
    """Draw three different things, one for each family, and the state that is one action away."""
    wanted: list[tuple[str, str]] = []
    for number, family in enumerate(families):
        things = [thing for thing, own in able.items() if number in own and thing not in dict(wanted)]
        if not things:
            return None
        thing = rng.choice(things)
        now = states[thing][number]
        wanted.append((thing, family[(family.index(now) + 1) % len(family)] if now else family[0]))
    return wanted


def _walk(ways: Mapping[str, Sequence[str]], start: str, stops: Sequence[str]) -> int:
    """Return the fewest steps that lead from a room through all stops."""
    if not stops:
        return 0
    far = distances(ways, start)
    return min(far[stop] + _walk(ways, stop, [*stops[:number], *stops[number + 1 :]]) for number, stop in enumerate(stops))


def _world(
    rooms: Sequence[str], families: Sequence[Sequence[str]], verbs: Mapping[str, str], able: Mapping[str, Sequence[int]]
) -> WorldPart:
    traits = [f"{family[0]}able" for family in families]
    actions = [
        _action(verbs[state], traits[number], family[at - 1] if len(family) > 1 else None, state)
        for number, family in enumerate(families)
        for at, state in enumerate(family)
    ]
    return WorldPart(
        rooms=tuple(RoomType(name=room, called=room) for room in rooms),
        entities=(
            *(EntityType(name=name, called=name, hidden=True) for name in HIDDEN),
            *(EntityType(name=thing, called=thing, traits=tuple(traits[n] for n in own)) for thing, own in able.items()),
        ),
        actions=tuple(actions),
        domain=Domain(
            types={"room": tuple(rooms), "entity": (*HIDDEN, *able)},
            described=tuple(state for family in families for state in family),
        ),
    )


def _action(verb: str, trait: str, before: str | None, after: str) -> ActionType:
    """Return the action that turns a state into another; into `after` from whatever was, where there is none before."""
    needed = f" ({before} ?e)" if before else ""
    undone = f" (not ({before} ?e))" if before else ""
    failures = [("You are nowhere.", "world_state_discrepancy"), ("There is no {{ e }} here.", "entity_not_accessible")]
    return ActionType(
        name=verb,
        verbs=(verb,),
        parameters=(
            Parameter(
                name="e",
                type=trait,
                source=("arg1",),
                mismatch=(f"You cannot {verb} a {{{{ e }}}}.", "domain_trait_type_mismatch"),
            ),
            Parameter(name="r", type="room", source=("current_player_room",)),
            Parameter(name="p", type="player", source=("player",)),
        ),
        precondition=f"(and (at ?p ?r) (at ?e ?r){needed})",
        failures=(*failures, *([(f"The {{{{ e }}}} is not {before}.", "entity_state_mismatch")] if before else [])),
        effect=f"(and ({after} ?e){undone})",
        success=f"The {{{{ e }}}} is {after} now.",
        pragmatic=True,
    )
