"""A conversation with calls of tools as it is sent to a model: in the form of OpenAI's API, or written as text.

Each call and each result is always sent as it was sent before, so that a server finds the conversation in its prefix cache.
Where calls are written, what a model is told of its tools stands before all else, as in the templates of models that know
tools.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

from pydantic import BaseModel

from clemsim.engines.base import ChatMessage, Role
from clemsim.game.messages import SYSTEM, TOOL, Message
from clemsim.game.tool_calls import ToolCall
from clemsim.game.tools import Offer, Tool
from clemsim.game.view import View

HOW = """You can call tools. To call one, reply with nothing but one line of JSON, such as
{example}
The next message is its result. Tools:"""


def chat_with_tools(view: View, *, native: bool) -> list[ChatMessage]:
    """Return the view as messages, of which those of one role in a row are one.

    With `native`, calls and results have the form of OpenAI's API, but for those that the model wrote as text; else all of
    them are text, and the first message says what may be called.
    """
    messages, last = list[ChatMessage](), ""
    for message in view:
        role = _role(message, view.seat)
        if native and message.calls and message.calls[0].id:
            messages.append(_native(message))
            last = ""
        elif role == last:
            messages[-1]["content"] += f"\n\n{_text(message)}"
        else:
            messages.append({"role": role, "content": _text(message)})
            last = role
    if not native and view.offer is not None and view.offer.choice != "past":
        first, text = messages[0], describe(view.offer)
        first["content"] = f"{first['content']}\n\n{text}" if first["role"] == "system" else f"{text}\n\n{first['content']}"
    return messages


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


def _text(message: Message) -> str:
    """Return a message as text. Its calls are none where the model wrote them, as its text has them already."""
    if message.author == TOOL:
        return f"Result of {message.calls[0].tool}: {message.content}"
    return "\n".join([*([message.content] if message.content else ()), *(call.written for call in message.calls)])


def _native(message: Message) -> ChatMessage:
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
