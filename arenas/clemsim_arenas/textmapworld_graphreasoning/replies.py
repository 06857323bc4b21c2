"""The replies of textmapworld_graphreasoning: a Python dictionary with a command and the map that the explorer has drawn."""

from __future__ import annotations

import ast
import re
import warnings
from dataclasses import dataclass
from typing import Any, Literal

from clemsim import Invalid, Parser
from clemsim.formats import characters, literal, one_of, repeated, sequence
from clemsim_arenas.rooms.commands import DIRECTIONS, DONE, MapCommand, Patterns

# The whole reply: {"action": "...", "graph": {"nodes": [...], "edges": {...}}}. Its beginning, what stands between nodes and
# edges, and its end are looked for one after another, which finds the same as one pattern would, in linear time.
_BEGINNING = re.compile(r'\{\s*"action":\s*"([^{}]*?)"\s*,\s*"graph":\s*\{\s*"nodes"\s*:\s*\[', re.IGNORECASE)
_BETWEEN = re.compile(r'\]\s*,\s*"edges"\s*:\s*\{', re.IGNORECASE)
_END = re.compile(r"\}\s*\}\s*\}$")

_NAME = literal('"') + characters("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ ", 2, 24) + literal('"')
_WAYS = repeated(literal("[") + _NAME + literal(", ") + _NAME + literal("]"), ", ", 8)
_EDGES = [
    literal(f'{comma}"{way}": [') + _WAYS + literal("]") for comma, way in zip(("", *[", "] * 3), DIRECTIONS, strict=True)
]
FORMAT = sequence(
    [
        *(literal('{"action": "'), one_of(*(f"GO: {way}" for way in DIRECTIONS), DONE)),
        *(literal('", "graph": {"nodes": ['), repeated(_NAME, ", ", 12)),
        *(literal('], "edges": {'), *_EDGES, literal("}}}")),
    ]
)

DoneIn = Literal["the text", "the dictionary"]  # where `DONE` counts


@dataclass(frozen=True, slots=True)
class DrawnCommand(MapCommand):
    """A command, its direction as it was written, and the map that goes with a move, as a Python literal in ASCII."""

    graph: str


def drawn_command(patterns: Patterns, done_in: DoneIn) -> Parser[MapCommand]:
    """Return the parser of replies, which reads commands by these patterns."""
    return Parser(lambda reply: _read(reply, patterns, done_in), FORMAT)


def literal_value(text: str) -> Any:
    """Return the value of a Python literal. Raises ValueError for whatever else it may be."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of escapes that are none
            return ast.literal_eval(text)
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError) as error:
        raise ValueError("no Python literal") from error


def _read(reply: str, patterns: Patterns, done_in: DoneIn) -> DrawnCommand:
    text = reply.replace("\n", "").strip()
    written = _action(text)
    patterns.check(written)
    if done_in == "the text" and patterns.stop.search(written):
        return DrawnCommand(DONE, "")
    try:
        told = literal_value(text)
        if patterns.stop.search(told["action"]):
            return DrawnCommand(DONE, "")
        moved, graph = patterns.move.search(told["action"]), told["graph"]
    except (ValueError, KeyError, TypeError) as error:
        raise Invalid(f"the dictionary cannot be read: {type(error).__name__} {error}"[:200]) from error
    if moved is None:
        raise Invalid("the last action of the dictionary is no command")
    return DrawnCommand(moved[1], _as_text(graph))


def _action(text: str) -> str:
    """Return the action as the text has it. Raises Invalid where the text is no such dictionary."""
    beginning = _BEGINNING.match(text)
    between = _BETWEEN.search(text, beginning.end()) if beginning else None
    if beginning is None or between is None or not _END.search(text, between.end()):
        raise Invalid('the reply is not {"action": ..., "graph": {"nodes": [...], "edges": {...}}}')
    return beginning[1]


def _as_text(graph: object) -> str:
    try:
        return ascii(graph)
    except (ValueError, RecursionError):  # a number too long to be written
        return ""
