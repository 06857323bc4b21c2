"""Calls of tools: what a model asks for, and the form in which it writes a call where its server knows none.

The written form is a JSON object on lines of its own, one for each call:

    {"tool": "stock", "arguments": {"item": "bolt", "warehouse": "north"}}

The forms in which models were taught to write calls are read too: "name" in place of "tool", "parameters" in place of
"arguments", <tool_call> or a fence before the object.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from clemsim.game.encodable import encodable

MOST_CALLS = 32  # of one reply; more are not heeded
MOST_NAME = 64  # characters of the name of a tool, as OpenAI's API has it
MOST_ARGUMENTS = 2**16  # characters of the arguments of one call
DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"

_CALL = r'\{\s*(?:"tool"\s*:|"name"\s*:\s*"[^"\\]*"\s*,\s*"(?:arguments|parameters)"\s*:)'
_TAGS = r"(?:```(?:json)?|</?tool_call>)"
_BEGIN = re.compile(rf"^[ \t]*(?:{_TAGS}\s*)?({_CALL})", re.MULTILINE)
_BETWEEN = re.compile(rf"(?:[\s,;]|{_TAGS})*(?={_CALL})")
_NAME = re.compile(r'\{\s*"(?:tool|name)"\s*:\s*"([^"\\]*)"')
_DECODER = json.JSONDecoder(strict=False)


@dataclass(frozen=True, slots=True)
class ToolCall:
    """A call of a tool. `arguments`: the text of a JSON object, as it came, so that it is sent back exactly so. `id` tells
    the calls of a conversation apart; empty for one that was written as text.
    """

    tool: str
    arguments: str = "{}"
    id: str = ""

    @classmethod
    def of(cls, tool: str, /, **arguments: Any) -> ToolCall:
        """Return a call with these arguments."""
        return cls(tool, json.dumps(arguments, ensure_ascii=False))

    @property
    def values(self) -> dict[str, Any]:
        """The arguments by name. Raises ValueError where they are no JSON object."""
        try:
            values = _DECODER.decode(self.arguments.strip() or "{}")
        except RecursionError:
            raise ValueError("nested too deeply") from None
        if not isinstance(values, dict):
            raise ValueError("no object")
        return values

    @property
    def written(self) -> str:
        """The call in the written form."""
        try:
            arguments = json.dumps(self.values, ensure_ascii=False)
        except (ValueError, RecursionError):
            arguments = json.dumps(self.arguments, ensure_ascii=False)
        return f'{{"tool": {json.dumps(self.tool, ensure_ascii=False)}, "arguments": {arguments}}}'


def numbered(calls: tuple[ToolCall, ...], turn: int) -> tuple[ToolCall, ...]:
    """Return the calls of the reply of a turn as they can be stored and sent to any server: cut to the sizes above, with
    identifiers that depend on turn and place alone. Nine letters and digits are what the strictest server takes (Mistral).
    """
    kept = enumerate(calls[:MOST_CALLS])
    return tuple(
        replace(
            call,
            tool=encodable(call.tool[:MOST_NAME]),
            arguments=encodable(call.arguments[:MOST_ARGUMENTS]),
            id=f"call{_base36(turn):0>4}{_base36(place)}",
        )
        for place, call in kept
    )


def read_written(text: str) -> tuple[ToolCall, ...]:
    """Return the calls that a reply writes; none where it writes none. What else it says stands for nothing.

    A call that cannot be read to its end has what there is of it as its arguments, which no tool takes.
    """
    begin = _BEGIN.search(text)
    return tuple(_written(text, begin.start(1))) if begin else ()


def calls_of(values: object) -> tuple[ToolCall, ...]:
    """Return calls as JSON holds them. Raises TypeError where they are none."""
    if not isinstance(values, list | tuple):
        raise TypeError("calls are a list")
    return tuple(each if isinstance(each, ToolCall) else _call(each) for each in values)


def _call(value: Any) -> ToolCall:
    if not isinstance(value, dict) or not all(isinstance(each, str) for each in value.values()):
        raise TypeError("a call has a tool, arguments and an id, which are texts")
    return ToolCall(**value)


def _written(text: str, place: int) -> Iterator[ToolCall]:
    for _ in range(MOST_CALLS):
        try:
            value, end = _DECODER.raw_decode(text, place)
        except (ValueError, RecursionError):
            name = _NAME.match(text, place)
            yield ToolCall(name[1][:MOST_NAME] if name else "", text[place : place + MOST_ARGUMENTS])
            return
        yield _of_object(value)
        more = _BETWEEN.match(text, end)
        if more is None:
            return
        place = more.end()


def _of_object(value: Mapping[str, Any]) -> ToolCall:
    tool, arguments = value.get("tool", value.get("name")), value.get("arguments", value.get("parameters", {}))
    text = arguments if isinstance(arguments, str) else json.dumps(arguments, ensure_ascii=False)
    return ToolCall(encodable(tool[:MOST_NAME]) if isinstance(tool, str) else "", encodable(text))


def _base36(number: int) -> str:
    digits = DIGITS[number % 36]
    return digits if number < 36 else _base36(number // 36) + digits
