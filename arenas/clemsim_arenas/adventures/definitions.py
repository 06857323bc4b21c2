"""Definitions of a world, as they stand in files: rooms, things, actions, events and how types are ordered.

A world is made of parts, each with some of these lists; `merge` lays them together. Conditions and effects are in the
notation of `clemsim_arenas.adventures.logic`, commands in that of `clemsim_arenas.adventures.grammar`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Feedback = tuple[str, str]  # what is said, with `{{ x }}` for the variable ?x; and the type of the failure


class Definition(BaseModel):
    """Base of all definitions."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class RoomType(Definition):
    """A kind of room, and what players call it."""

    name: str
    called: str


class EntityType(Definition):
    """A kind of thing. `traits` are facts that hold of each one and types that it has; a hidden thing is never told of."""

    name: str
    called: str
    hidden: bool = False
    traits: tuple[str, ...] = ()
    adjectives: tuple[str, ...] = ()


class Parameter(Definition):
    """A variable of an action: `name` (without `?`), the type that it must have, where its value comes from, and what is
    said where the type is another.

    Sources: `arg1` and `arg2` (the things that the command names), `arg1_receptacle` (what the first thing is on or in),
    `current_player_room`, `current_room_floor`, `player` and `inventory`; a second one stands in for `arg2`.
    """

    name: str
    type: str
    source: tuple[str, ...]
    mismatch: Feedback = ("You can't do that.", "domain_type_discrepancy")


class ActionType(Definition):
    """Something that a player can do.

    `failures`: what is said for each term of the precondition, in their order. `success`: may also hold `{{ room_desc }}`,
    `{{ inventory_desc }}`, `{{ container_content }}`, `{{ arg1_desc }}`, `{{ arg1_text }}` and `{{ prep }}`. `epistemic`,
    `pragmatic`: whether the action is there to learn something, and to change something.
    """

    name: str
    verbs: tuple[str, ...]
    shapes: tuple[str, ...] = ("THING",)
    parameters: tuple[Parameter, ...] = ()
    precondition: str = "(and)"
    failures: tuple[Feedback, ...] = ()
    effect: str = "(and)"
    success: str = ""
    epistemic: bool = False
    pragmatic: bool = False


class Relocation(Definition):
    """A constant in the effects of an event that is another each time: drawn among the things of `predicate` but some."""

    constant: str
    predicate: str = "room"
    but: tuple[str, ...] = ()


class EventType(Definition):
    """Something that happens by itself wherever its precondition holds for some things; its effects must end that."""

    name: str
    parameters: tuple[tuple[str, str], ...]  # variables (without `?`) and their types
    precondition: str
    effect: str
    text: str = ""
    relocation: Relocation | None = None


class Domain(Definition):
    """How types are ordered: the kinds below each type. `functions`: a number of each thing of a type, 0 at first.
    `described`: the predicates of one thing that are told when it is examined.
    """

    types: Mapping[str, tuple[str, ...]] = {}
    functions: tuple[tuple[str, str], ...] = ()  # name and type
    described: tuple[str, ...] = ("open", "closed", "at", "in", "on")


class WorldPart(Definition):
    """A part of a world."""

    rooms: tuple[RoomType, ...] = ()
    entities: tuple[EntityType, ...] = ()
    actions: tuple[ActionType, ...] = ()
    events: tuple[EventType, ...] = ()
    domain: Domain | None = None


Renamed = Mapping[str, Annotated[str, Field(pattern="^[a-z]+$")]]  # names of rooms, things and actions: what they are called


def merge(parts: Iterable[WorldPart], renamed: Renamed | None = None) -> WorldPart:
    """Return one part with all that stands in several, in order; `renamed` gives some rooms, things and actions (their only
    verb) another name for players. Raises KeyError where a renamed one is missing.
    """
    parts, words = list(parts), dict(renamed or {})
    rooms = [room.model_copy(update=_called(room.name, words)) for part in parts for room in part.rooms]
    entities = [entity.model_copy(update=_called(entity.name, words)) for part in parts for entity in part.entities]
    actions = [action.model_copy(update=_verbs(action.name, words)) for part in parts for action in part.actions]
    if words:
        raise KeyError(f"there is no {next(iter(words))!r} to be renamed")
    return WorldPart(
        rooms=tuple(rooms),
        entities=tuple(entities),
        actions=tuple(actions),
        events=tuple(event for part in parts for event in part.events),
        domain=_united([part.domain for part in parts if part.domain is not None]),
    )


def _united(domains: Sequence[Domain]) -> Domain | None:
    """Return one domain with the types and functions of all; what it describes is that of the first that says it."""
    if not domains:
        return None
    types: dict[str, tuple[str, ...]] = {}
    for domain in domains:
        types |= {kind: (*types.get(kind, ()), *below) for kind, below in domain.types.items()}
    functions = tuple(function for domain in domains for function in domain.functions)
    saying = next((domain for domain in domains if "described" in domain.model_fields_set), domains[0])
    return Domain(types=types, functions=functions, described=saying.described)


def _called(name: str, words: dict[str, str]) -> dict[str, str]:
    return {"called": words.pop(name)} if name in words else {}


def _verbs(name: str, words: dict[str, str]) -> dict[str, tuple[str, ...]]:
    return {"verbs": (words.pop(name),)} if name in words else {}
