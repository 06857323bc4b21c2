"""A world as it is played: its definitions, read once, and the facts with which an adventure begins."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from clemsim_arenas.adventures.definitions import ActionType, Domain, EntityType, EventType, RoomType, WorldPart
from clemsim_arenas.adventures.facts import Fact, Facts, read_fact, type_of
from clemsim_arenas.adventures.grammar import Grammar
from clemsim_arenas.adventures.logic import All, Condition, Effect, read_condition, read_effects, terms, variables

PLAYER, INVENTORY, FLOOR = "player1", "inventory", "floor"


@dataclass(frozen=True, slots=True)
class Action:
    """An action with its condition and effects."""

    type: ActionType
    precondition: Condition
    effects: tuple[Effect, ...]


Part = tuple[Condition, frozenset[str]]  # of an `and`, and the variables in it


@dataclass(frozen=True, slots=True)
class Event:
    """An event with its condition and effects; `parts`: of the condition."""

    type: EventType
    precondition: Condition
    effects: tuple[Effect, ...]
    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class World:
    """Everything about a world that no play changes. `kinds`: the types of each type, one level above; `members`: those
    below; `names`: the room or entity type that players call so.
    """

    rooms: Mapping[str, RoomType]
    entities: Mapping[str, EntityType]
    actions: Mapping[str, Action]
    events: tuple[Event, ...]
    domain: Domain
    kinds: Mapping[str, frozenset[str]]
    members: Mapping[str, tuple[str, ...]]
    names: Mapping[str, str]
    grammar: Grammar

    def type_of(self, facts: Facts, instance: str) -> str:
        """Return the type of an instance of a room or thing; of a type's name, itself."""
        return next((fact[2] for fact in facts.about(instance, "type", "room")), type_of(instance))

    def called(self, facts: Facts, instance: str) -> str:
        """Return what players call an instance of a room or thing."""
        kind = self.type_of(facts, instance)
        found = self.entities.get(kind) or self.rooms.get(kind)
        return found.called if found else kind


def build(part: WorldPart) -> World:
    """Return the world of a part that has all that it needs. Raises ValueError naming what is wrong."""
    entities = {entity.name: entity for entity in part.entities}
    rooms = {room.name: room for room in part.rooms}
    actions = {action.name: action for action in part.actions}
    adjectives = (adjective for entity in entities.values() for adjective in entity.adjectives)
    domain = part.domain or Domain()
    members = _members(domain, entities)
    kinds: dict[str, set[str]] = {}
    for kind, below in members.items():
        for name in below:
            kinds.setdefault(name, set()).add(kind)
    return World(
        rooms=rooms,
        entities=entities,
        actions={name: _action(action) for name, action in actions.items()},
        events=tuple(_event(event) for event in part.events),
        domain=domain,
        kinds={name: frozenset(above) for name, above in kinds.items()},
        members=members,
        names={**{each.called: each.name for each in part.entities}, **{each.called: each.name for each in part.rooms}},
        grammar=Grammar(tuple(actions.values()), adjectives),
    )


def initial_facts(world: World, given: list[str] | tuple[str, ...]) -> Facts:
    """Return the facts in `given` (text such as `on(plate1,table1)`) and all that follow from them: the traits of each
    thing, a floor in each room, what is within reach, and functions that are 0. Raises ValueError.
    """
    facts = Facts(read_fact(text) for text in dict.fromkeys(given))
    for _, thing, kind in _triples(facts, "type"):
        if kind not in world.entities:
            raise ValueError(f"there is no type {kind!r} for {thing}")
        for trait in world.entities[kind].traits:
            _add(facts, trait, thing)
    for _, room, kind in _triples(facts, "room"):
        if kind not in world.rooms:
            raise ValueError(f"there is no room type {kind!r} for {room}")
        _add(facts, "type", f"{room}{FLOOR}1", FLOOR)
        _add(facts, "at", f"{room}{FLOOR}1", room)
    if not facts.about(PLAYER, "at"):
        raise ValueError(f"nothing says where {PLAYER} is")
    _put_within_reach(facts)
    for function, kind in world.domain.functions:
        for _, thing, own in _triples(facts, "type"):
            if own == kind and not facts.about(thing, function):
                _add(facts, function, thing, "0")
        if kind == INVENTORY and not facts.about(INVENTORY, function):
            _add(facts, function, INVENTORY, "0")
    return facts


def _put_within_reach(facts: Facts) -> None:
    for _, thing, place in _triples(facts, "at"):
        if ("needs_support", thing) in facts and not facts.about(thing, "on", "in"):
            _add(facts, "on", thing, f"{place}{FLOOR}")
    for _, thing, holder in _triples(facts, "in"):
        if holder == INVENTORY or (("container", holder) in facts and ("open", holder) in facts):
            _add(facts, "accessible", thing)
    for _, thing, support in _triples(facts, "on"):
        if ("support", support) in facts:
            _add(facts, "accessible", thing)
    for _, thing, kind in _triples(facts, "type"):
        if ("needs_support", thing) not in facts and kind not in (FLOOR, "player"):
            _add(facts, "accessible", thing)
    _add(facts, "accessible", INVENTORY)


def _triples(facts: Facts, predicate: str) -> list[Fact]:
    return [fact for fact in facts.of(predicate) if len(fact) == 3]


def _add(facts: Facts, *fact: str) -> None:
    if fact not in facts:
        facts.add(fact)


def _members(domain: Domain, entities: Mapping[str, EntityType]) -> dict[str, tuple[str, ...]]:
    members = {kind: list(below) for kind, below in domain.types.items()}
    for name in dict.fromkeys(domain.types.get("entity", entities)):
        for trait in entities[name].traits if name in entities else ():
            members.setdefault(trait, []).append(name)
    return {kind: tuple(dict.fromkeys(below)) for kind, below in members.items()}


def _action(action: ActionType) -> Action:
    try:
        precondition, effects = read_condition(action.precondition), read_effects(action.effect)
    except (ValueError, IndexError) as error:
        raise ValueError(f"action {action.name}: {error}") from error
    needed = sum(1 for _ in terms(precondition))
    if len(action.failures) < needed:
        raise ValueError(f"action {action.name} has {len(action.failures)} failures for {needed} terms of its precondition")
    return Action(action, precondition, effects)


def _event(event: EventType) -> Event:
    try:
        condition, effects = read_condition(event.precondition), read_effects(event.effect)
    except (ValueError, IndexError) as error:
        raise ValueError(f"event {event.name}: {error}") from error
    parts = condition.parts if isinstance(condition, All) else (condition,)
    return Event(event, condition, effects, tuple((part, frozenset(variables(part))) for part in parts))
