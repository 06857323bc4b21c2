"""Stand-ins for the definitions of recorded deliveries, which results name and do not hold.

Rooms and things are those of the recorded state, called as the dialogue calls them; what can be done is told in
`resources/recorded.toml`. Adjectives of things are not known: a command with one is not understood.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping
from itertools import pairwise
from typing import Any

from clemsim.game.resources import Resources
from clemsim_arenas.adventures.definitions import Domain, EntityType, RoomType, WorldPart
from clemsim_arenas.adventures.facts import Fact, read_fact

# clembench's files of what can be done, and what stands in for them here.
ACTIONS = {"basic_actions_v2.json": "recorded.toml", "basic_actions_v2_invlimit.json": "recorded_two_hands.toml"}
TRAITS = ("support", "container", "openable", "takeable", "movable", "needs_support")
HOLDERS = ("support", "container")
HIDDEN = {"player": ("you", ()), "inventory": ("inventory", ("container",)), "floor": ("floor", ("support",))}

JsonObject = Mapping[str, Any]


def stand_ins(data: JsonObject, log: JsonObject, resources: Resources) -> dict[str, Any]:
    """Return the parts that stand in for the files that a recorded instance names, by their names; none for other adventures
    than deliveries. `resources`: where those of `ACTIONS` are.
    """
    actions = [name for name in data["action_definitions"] if isinstance(name, str) and name in ACTIONS]
    if len(actions) != 1 or len(data["action_definitions"]) != 1 or data.get("event_definitions"):
        return {}
    facts = [read_fact(text) for text in data["initial_state"]]
    names = _Names([*data["optimal_commands"], *_texts(log)])
    rooms = [RoomType(name=kind, called=names.of(kind)) for kind in _kinds(facts, "room")]
    entities = [_hidden(name) for name in HIDDEN]
    entities += [_entity(kind, facts, names) for kind in _kinds(facts, "type") if kind not in HIDDEN]
    types = {
        "room": tuple(room.name for room in rooms),
        "entity": tuple(entity.name for entity in entities),
        "receptacle": tuple(entity.name for entity in entities if set(HOLDERS) & set(entity.traits)),
    }
    given = WorldPart.model_validate(tomllib.loads(resources.text(f"resources/{ACTIONS[actions[0]]}")))
    functions = given.domain.functions if given.domain else ()
    parts = {
        "action_definitions": WorldPart(actions=given.actions),
        "room_definitions": WorldPart(rooms=tuple(rooms)),
        "entity_definitions": WorldPart(entities=tuple(entities)),
        "domain_definitions": WorldPart(domain=Domain(types=types, functions=functions)),
    }
    return {
        name: part.model_dump(mode="json", exclude_defaults=True)
        for field, part in parts.items()
        for name in data[field]
        if isinstance(name, str)
    }


class _Names:
    """What things are called in some texts: `sidetable` is called `side table` where these words stand together, unless a
    description of a room has it as one.
    """

    def __init__(self, texts: Iterable[str]) -> None:
        words = {text: re.findall(r"[a-z]+", text.lower()) for text in texts}
        self._together = {one + other: f"{one} {other}" for own in words.values() for one, other in pairwise(own)}
        self._alone = {word for text, own in words.items() if "You are in a " in text for word in own}

    def of(self, kind: str) -> str:
        """Return what a type is called."""
        return self._together.get(kind, kind) if kind not in self._alone else kind


def _entity(kind: str, facts: Iterable[Fact], names: _Names) -> EntityType:
    traits = tuple(
        trait for trait in TRAITS if any(fact[0] == trait and fact[1].rstrip("0123456789") == kind for fact in facts)
    )
    return EntityType(name=kind, called=names.of(kind), traits=traits)


def _hidden(name: str) -> EntityType:
    called, traits = HIDDEN[name]
    return EntityType(name=name, called=called, hidden=True, traits=traits)


def _kinds(facts: Iterable[Fact], predicate: str) -> list[str]:
    return list(dict.fromkeys(fact[2] for fact in facts if fact[0] == predicate))


def _texts(log: JsonObject) -> list[str]:
    messages = [event["action"] for turn in log.get("turns", ()) for event in turn]
    return [str(action["content"]) for action in messages if action["type"] in ("send message", "get message")]
