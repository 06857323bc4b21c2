"""The shared port of the textmapworld games, whose instances hold maps as Python literals in text."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from typing import Any, ClassVar

from clemsim.interop.clembench.port import JsonObject, Port, literal, with_placeholders
from clemsim_arenas.rooms.commands import WRITTEN

REMINDERS = {"loop": "Loop_Reminder", "limit": "Max_Turns_Reminder"}
ROOM = {"$ANOTHER_ROOM$": "room", "$SAME_ROOM$": "room", "$DIRECTIONS$": "directions"}


class RoomsPort(Port):
    """The instances hold everything: maps, prompts, and patterns of which two kinds are known."""

    folder = "textmapworld"
    aim: ClassVar[Mapping[str, str]] = {}  # what else the first prompt has placeholders for

    def instance(self, experiment: JsonObject, data: JsonObject, texts: JsonObject) -> dict[str, Any]:
        """Return doors, start and how commands are written."""
        named = data["Game_Type"] == "named_graph"
        start = data["Current_Position"] if named else str(value(data["Current_Position"]))
        return {
            "doors": doors_of(data),
            "start": start,
            "commands": _commands(data["Move_Construction"], data["Stop_Construction"]),
            "ambiguous": data["Ambiguity"] is not None,
            "reminders": [name for name, switch in REMINDERS.items() if data[switch]],
        }

    def prompts(self, experiment: JsonObject, data: JsonObject, texts: JsonObject) -> dict[str, str]:
        """Return the explorer's first message, both answers to a move, and the reminders."""
        first = {"$INITIAL_ROOM$": "room", "$INITIAL_DIRECTIONS$": "directions", **self.aim}
        return {
            "explorer": with_placeholders(data["Prompt"], first, "$INITIAL_DIRECTIONS$", *self.aim),
            "entered": with_placeholders(data["Player2_positive_answer"], ROOM, "$DIRECTIONS$"),
            "refused": with_placeholders(data["Player2_negative_answer"], ROOM, "$DIRECTIONS$"),
            **{name: literal(data[f"{switch}_Text"]) for name, switch in REMINDERS.items()},
        }


def doors_of(data: JsonObject) -> dict[str, dict[str, str]]:
    """Return where the doors of each room lead, both in the order of clembench. Raises ValueError and TypeError where the
    fields of an instance contradict each other.
    """
    nodes = [str(node) for node in value(data["Graph_Nodes"])]
    moves = {str(each["node"]): {way: str(there) for way, there in each["node_moves"]} for each in value(data["Moves"])}
    doors = {str(room): {way: moves[str(room)][way] for way in ways} for room, ways in value(data["Directions"])}
    edges = {frozenset(map(str, edge)) for edge in value(data["Graph_Edges"])}
    by_door = {frozenset([room, there]) for room, own in doors.items() for there in own.values()}
    if doors != moves or edges != by_door or doors.keys() != set(nodes):
        raise ValueError("Graph_Nodes, Graph_Edges, Directions and Moves are not of one map")
    return {node: doors[node] for node in nodes}


def value(text: str) -> Any:
    """Return the value of a Python literal. Raises ValueError."""
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError) as error:
        raise ValueError(f"{text[:60]!r} is no Python literal") from error


def _commands(move: str, stop: str) -> str:
    if (written := WRITTEN.get((move, stop))) is None:
        raise ValueError(f"there is no way to read the commands {move!r} and {stop!r}")
    return written
