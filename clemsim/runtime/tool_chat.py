"""A conversation with calls of tools as it is sent to a model: in the form of OpenAI's API, or written as text.

Each call and each result is always sent as it was sent before, so that a server finds the conversation in its prefix cache.
Where calls are written, what a model is told of its tools stands before all else, as in the templates of models that know
tools.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from pydantic import BaseModel

from clemsim.engines.base import ChatMessage, Role
from clemsim.game.content import Part, Text, as_text, images_of, joined_parts
from clemsim.game.messages import SYSTEM, TOOL, Message
from clemsim.game.tool_calls import ToolCall
from clemsim.game.tools import Offer, Tool
from clemsim.game.view import View

HOW = """You can call tools. To call one, reply with nothing but one line of JSON, such as
{example}
The next message is its result. Tools:"""


@dataclass(slots=True)
class _Said:
    """One message of the chat: what it is made of, or `native`, as the server has it."""

    role: Role
    contents: list[Sequence[Part]]
    native: ChatMessage | None = None


def chat_with_tools(view: View, *, native: bool) -> list[ChatMessage]:
    """Return the view as messages, of which those of one role in a row are one.

    With `native`, calls and results have the form of OpenAI's API, but for those that the model wrote as text; else all of
    them are text, and the first message says what may be called.
    """
    return [
        said.native or {"role": said.role, "content": "\n\n".join(as_text(content) for content in said.contents)}
        for said in _said(view, native=native)
    ]


def parts_with_tools(view: View, *, native: bool) -> dict[int, Sequence[Part]]:
    """Return the parts of those of these messages that have pictures, by their place."""
    said = enumerate(_said(view, native=native))
    return {place: joined_parts(each.contents) for place, each in said if any(map(images_of, each.contents))}


def _said(view: View, *, native: bool) -> list[_Said]:
    said = list[_Said]()
    for message in view:
        role = _role(message, view.seat)
        if native and message.calls and message.calls[0].id:
            said.append(_Said(role, [], native_message(message)))
        elif said and said[-1].role == role and not said[-1].native:
            said[-1].contents.append(_content(message))
        else:
            said.append(_Said(role, [_content(message)]))
    if not native and view.offer is not None and view.offer.choice != "past":
        first = said[0].contents
        first.insert(len(first) if said[0].role == "system" else 0, (Text(describe(view.offer)),))
    return said


def describe(offer: Offer) -> str:
    """Return what a model that writes its calls is told of the tools."""
    first = offer.tools[0]
    example = ToolCall.of(first.name, **{name: _example(own) for name, own in _properties(first.schema).items()})
    return "\n".join([HOW.format(example=example.written), *map(usage, offer.tools)])


def usage(tool: Tool) -> str:
    """Return one line: the name of a tool, its arguments, and what it does."""
    return _usage(tool.name, tool.description, tool.parameters)


@lru_cache(maxsize=512)
def _usage(name: str, description: str, parameters: type[BaseModel]) -> str:
    schema = Tool(name, description, parameters).schema
    arguments = ", ".join(_arguments(schema))
    return f"- {name}({arguments})" + (f": {' '.join(description.split())}" if description else "")


def _arguments(schema: Mapping[str, Any]) -> Iterator[str]:
    required = schema.get("required", ())
    for name, own in _properties(schema).items():
        about = "" if name in required else ", may be left out"
        about += f", {own['description']}" if "description" in own else ""
        yield f"{name}: {_kind(own)}{about}"


def _kind(schema: Mapping[str, Any]) -> str:
    if "enum" in schema or "const" in schema:
        return " or ".join(json.dumps(value, ensure_ascii=False) for value in schema.get("enum", [schema.get("const")]))
    if "anyOf" in schema:
        return " or ".join(_kind(option) for option in schema["anyOf"])
    bounds = [f"{word} {schema[key]:g}" for key, word in (("minimum", "from"), ("maximum", "to")) if key in schema]
    return " ".join([str(schema.get("type", "value")), *bounds])


def _example(schema: Mapping[str, Any]) -> Any:
    if "enum" in schema or "const" in schema:
        return schema.get("enum", [schema.get("const")])[0]
    if "anyOf" in schema:
        return _example(schema["anyOf"][0])
    simple: dict[str, Any] = {"integer": 1, "number": 1.5, "boolean": True, "array": [], "object": {}, "null": None}
    return simple.get(schema.get("type", ""), "...")


def _properties(schema: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the parameters by name; one that refers to a definition is that definition."""
    definitions = schema.get("$defs", {})
    properties: Mapping[str, Any] = schema.get("properties", {})
    return {
        name: {**definitions.get(str(own.get("$ref", "")).rpartition("/")[2], {}), **own} for name, own in properties.items()
    }


def _role(message: Message, seat: str) -> Role:
    return "assistant" if message.author == seat else "system" if message.author == SYSTEM else "user"


def _content(message: Message) -> Sequence[Part]:
    """Return what a message says. Its calls are none where the model wrote them, as its text has them already."""
    if message.author == TOOL:
        return (Text(f"Result of {message.calls[0].tool}: {message.content}"),)
    written = "\n".join([*([message.content] if message.content else ()), *(call.written for call in message.calls)])
    return message.parts or (Text(written),)


def native_message(message: Message) -> ChatMessage:
    """Return calls, or the result of one, in the form of OpenAI's API."""
    if message.author == TOOL:
        return {"role": "tool", "tool_call_id": message.calls[0].id, "content": message.content}
    calls = [
        {"id": call.id, "type": "function", "function": {"name": call.tool, "arguments": _readable(call)}}
        for call in message.calls
    ]
    return {"role": "assistant", "content": message.content, "tool_calls": calls}


def _readable(call: ToolCall) -> str:
    """Return the arguments as they came; servers refuse a conversation in which they are no JSON object."""
    try:
        return call.arguments if call.values is not None and call.arguments.strip() else "{}"
    except ValueError:
        return "{}"
