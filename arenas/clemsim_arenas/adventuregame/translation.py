"""From clembench's definitions of a world to those of `clemsim_arenas.adventures`.

clembench gives commands as rules of a lark grammar, conditions and effects as PDDL within one text, and domains as PDDL or
as an object.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from itertools import pairwise
from typing import Any

from clemsim_arenas.adventures.definitions import (
    ActionType,
    Domain,
    EntityType,
    EventType,
    Parameter,
    Relocation,
    RoomType,
    WorldPart,
)
from clemsim_arenas.adventures.logic import Expression, read_expression, write_expression

JsonObject = Mapping[str, Any]

# The lists of a part, and the fields of clembench's instances that hold them.
LISTS = {
    "rooms": "room_definitions",
    "entities": "entity_definitions",
    "actions": "action_definitions",
    "events": "event_definitions",
    "domain": "domain_definitions",
}

_QUOTED = re.compile(r'"([^"]+)"')
_LOOK = re.compile(r'\("at"\* \(.*\) \)')
_EMPTY: Expression = ["and"]


def part(kind: str, given: Any) -> dict[str, Any]:
    """Return the part of a world with the definitions of one kind. Raises KeyError, TypeError and ValueError."""
    if kind == "domain":
        found = WorldPart(domain=_domain(given if isinstance(given, dict) else given[0]))
    else:
        found = WorldPart.model_validate({kind: [_READERS[kind](each) for each in given]})
    return found.model_dump(mode="json", exclude_defaults=True)


def kind_of(content: Any) -> str | None:
    """Return the list of a part that a file of definitions holds; None for other files."""
    if isinstance(content, dict):
        return "domain" if "pddl_domain" in content else None
    first = content[0] if isinstance(content, list) and content and isinstance(content[0], dict) else {}
    marks = {"lark": "actions", "pddl": "events", "exit_targets": "rooms", "repr_str": "entities"}
    return next((kind for mark, kind in marks.items() if mark in first), None)


def readable(content: Any) -> dict[str, Any] | None:
    """Return the part in a file of definitions; None for files that are none, or of earlier versions of the game."""
    kind = kind_of(content)
    try:
        return part(kind, content) if kind else None
    except (KeyError, TypeError, ValueError, IndexError):
        return None


def _room(given: JsonObject) -> RoomType:
    return RoomType(name=given["type_name"], called=given["repr_str"])


def _entity(given: JsonObject) -> EntityType:
    return EntityType(
        name=given["type_name"],
        called=given["repr_str"],
        hidden="hidden" in given,
        traits=tuple(given.get("traits", ())),
        adjectives=tuple(given.get("possible_adjs", ())),
    )


def _action(given: JsonObject) -> ActionType:
    said, verbs, *_ = given["lark"].split("\n")
    sections = _sections(given["pddl"])
    typed = dict(_typed(sections.get(":parameters", [])))
    mapping, told = given["pddl_parameter_mapping"], given["failure_feedback"]
    places = list(mapping)
    return ActionType(
        name=given["type_name"],
        verbs=tuple(_QUOTED.findall(verbs)),
        shapes=_shapes(said),
        parameters=tuple(
            Parameter(
                name=name[1:],
                type=kind,
                source=tuple(mapping[name]),
                mismatch=tuple(told["parameters"][places.index(name)]),
            )
            for name, kind in typed.items()
        ),
        precondition=write_expression(sections.get(":precondition", _EMPTY)),
        failures=tuple(tuple(each) for each in told["precondition"]),
        effect=write_expression(sections.get(":effect", _EMPTY)),
        success=given["success_feedback"],
        epistemic=given["epistemic"],
        pragmatic=given["pragmatic"],
    )


def _event(given: JsonObject) -> EventType:
    sections, moves = _sections(given["pddl"]), given.get("randomize")
    return EventType(
        name=given["type_name"],
        parameters=tuple((name[1:], kind) for name, kind in _typed(sections.get(":parameters", []))),
        precondition=write_expression(sections.get(":precondition", _EMPTY)),
        effect=write_expression(sections.get(":effect", _EMPTY)),
        text=given["event_feedback"],
        relocation=Relocation(
            constant=moves["initial_value"], predicate=moves["replace_type"], but=tuple(moves["not_replacer"])
        )
        if moves
        else None,
    )


def _domain(given: JsonObject) -> Domain:
    if "pddl_domain" not in given:
        return Domain(
            types={kind: tuple(below) for kind, below in given["types"].items()},
            described=tuple(predicate["predicate_id"] for predicate in given["predicates"]),
        )
    read = read_expression(given["pddl_domain"])
    sections = {_head(section): section[1:] for section in read if isinstance(section, list)}
    types = {kind: tuple(names) for names, kind in _grouped(sections.get(":types", []))}
    functions = [(_head(each), str(each[-1])) for each in sections.get(":functions", []) if isinstance(each, list)]
    described = {"described": tuple(given["mutable_states"])} if "mutable_states" in given else {}
    return Domain(types=types, functions=tuple(functions), **described)


def _sections(text: str) -> dict[str, Expression]:
    """Return what follows each keyword (`:effect`) in a PDDL definition."""
    read = read_expression(text)
    return {each: after for each, after in pairwise(read) if isinstance(each, str) and each[0] == ":"}


def _typed(words: Expression) -> Iterator[tuple[str, str]]:
    """Yield the names in `a b - super c - other` with what stands for each."""
    return ((name, kind) for names, kind in _grouped(words) for name in names)


def _grouped(words: Expression) -> Iterator[tuple[list[str], str]]:
    names: list[str] = []
    listed = [str(word) for word in words]
    for number, word in enumerate(listed):
        if number and listed[number - 1] == "-":
            yield names, word
            names = []
        elif word != "-":
            names.append(word)


def _head(expression: Expression) -> str:
    return str(expression[0]) if expression else ""


def _shapes(said: str) -> tuple[str, ...]:
    """Return the shapes of a rule such as `put: PUT thing ("back" WS)* PREP* thing`. Words that stand in place of a thing,
    or before one without white space, are things there; but where no thing has adjectives, white space is one.
    """
    rest = said.partition(":")[2].split(maxsplit=1)[1:]
    if not rest:
        return ("",)
    if _LOOK.fullmatch(rest[0].strip()):
        return ("THING", "at! SHORT")
    return (_QUOTED.sub(r"\1", rest[0].replace("thing", "THING").replace(" WS", "")).strip(),)


_READERS: Mapping[str, Callable[[JsonObject], Any]] = {
    "rooms": _room,
    "entities": _entity,
    "actions": _action,
    "events": _event,
}
