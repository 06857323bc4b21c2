"""Calls of tools as a person types them: `/stock bolts north`, or with names, `/stock item=bolts warehouse=north`."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterable, Mapping
from typing import Any

from clemsim.game.tool_calls import ToolCall
from clemsim.game.tools import Offer, Tool
from clemsim.runtime.tool_chat import usage

SIGN = "/"


def explain(offer: Offer) -> str:
    """Return what a person is told of the tools."""
    first = offer.tools[0]
    example = " ".join([f"{SIGN}{first.name}", *(f"{name}=..." for name in first.schema.get("properties", {}))])
    return "\n".join([f"You may call tools, each on a line of its own, such as: {example}", *map(usage, offer.tools)])


def typed_calls(lines: Iterable[str], offer: Offer) -> tuple[ToolCall, ...]:
    """Return the calls in the lines of a reply; none where it is a text."""
    tools = {tool.name: tool for tool in offer.tools}
    return tuple(_call(line.strip()[len(SIGN) :], tools) for line in lines if line.strip().startswith(SIGN))


def _call(line: str, tools: Mapping[str, Tool]) -> ToolCall:
    try:
        name, *words = shlex.split(line) or [""]
    except ValueError:  # a quotation mark is not closed
        name, *words = line.split() or [""]
    properties: Mapping[str, Any] = tools[name].schema.get("properties", {}) if name in tools else {}
    free = [parameter for parameter in properties if not any(word.startswith(f"{parameter}=") for word in words)]
    arguments: dict[str, Any] = {}
    for word in words:
        parameter, sign, value = word.partition("=")
        if not sign or parameter not in properties:
            parameter, value = (free.pop(0) if free else f"argument{len(arguments) + 1}"), word
        arguments[parameter] = _value(value, properties.get(parameter, {}))
    return ToolCall.of(name, **arguments)


def _value(text: str, schema: Mapping[str, Any]) -> Any:
    """Return what was typed: text where the parameter is one, else the JSON that it is."""
    if schema.get("type") == "string" or text in schema.get("enum", ()):
        return text
    try:
        return json.loads(text)
    except ValueError:
        return text
