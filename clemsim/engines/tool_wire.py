"""Calls of tools as servers write them, in the forms of OpenAI and Anthropic: tools of a request, calls of an answer."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from clemsim.game.tool_calls import MOST_CALLS, ToolCall
from clemsim.game.tools import Offer

Json = dict[str, Any]

_ANTHROPIC_CHOICES = {"auto": "auto", "required": "any", "none": "none", "past": "none"}


def openai_tools(offer: Offer) -> Json:
    """Return the fields of a request that offer tools, as OpenAI has them, and with it vLLM, SGLang and llama.cpp."""
    tools = [
        {"type": "function", "function": {"name": tool.name, "description": tool.description, "parameters": tool.schema}}
        for tool in offer.tools
    ]
    return {"tools": tools, "tool_choice": "none" if offer.choice == "past" else offer.choice}


def anthropic_tools(offer: Offer) -> Json:
    """Return the fields of a request that offer tools, as Anthropic has them."""
    tools = [{"name": tool.name, "description": tool.description, "input_schema": tool.schema} for tool in offer.tools]
    return {"tools": tools, "tool_choice": {"type": _ANTHROPIC_CHOICES[offer.choice]}}


def anthropic_messages(messages: Iterable[Mapping[str, Any]]) -> list[Json]:
    """Return messages of OpenAI's form as Anthropic has them: calls and results are blocks of a message, and results stand
    in one message with what the user says after them.
    """
    made: list[Json] = []
    for message in messages:
        if message["role"] == "tool":
            block = {"type": "tool_result", "tool_use_id": message["tool_call_id"], "content": message["content"]}
            if not (made and _has_results(made[-1])):
                made.append({"role": "user", "content": []})
            made[-1]["content"].append(block)
        elif message.get("tool_calls"):
            text = [{"type": "text", "text": message["content"]}] if str(message["content"]).strip() else []
            made.append({"role": "assistant", "content": [*text, *map(_tool_use, message["tool_calls"])]})
        elif made and message["role"] == "user" and _has_results(made[-1]):
            content = message["content"]
            made[-1]["content"] += [{"type": "text", "text": content}] if isinstance(content, str) else content
        else:
            made.append(dict(message))
    return made


def read_calls(message: Mapping[str, Any]) -> tuple[ToolCall, ...]:
    """Return the calls in a message of OpenAI's form. Raises what reading raises, where they are none."""
    functions = [call["function"] for call in (message.get("tool_calls") or ())[:MOST_CALLS]]
    if not functions and message.get("function_call"):  # an older form
        functions = [message["function_call"]]
    return tuple(ToolCall(str(each["name"]), _arguments(each.get("arguments"))) for each in functions)


def read_blocks(blocks: Sequence[Mapping[str, Any]]) -> tuple[ToolCall, ...]:
    """Return the calls among the blocks of an answer of Anthropic's. Raises what reading raises, where they are none."""
    uses = [block for block in blocks if block.get("type") == "tool_use"]
    return tuple(ToolCall(str(use["name"]), _arguments(use.get("input"))) for use in uses[:MOST_CALLS])


def takes_calls(offer: Offer | None) -> bool:
    """Return whether calls are an answer to a request; else a call in place of a text is no reply of the model's."""
    return offer is not None and offer.choice != "past"


class CallParts:
    """Puts calls together that are streamed in parts, in OpenAI's form."""

    def __init__(self) -> None:
        self._functions: dict[int, Json] = {}

    def add(self, parts: Sequence[Mapping[str, Any]]) -> None:
        """Take the next parts."""
        for part in parts:
            index = part.get("index")
            function = self._functions.setdefault(
                index if isinstance(index, int) else len(self._functions), {"name": "", "arguments": ""}
            )
            for name in ("name", "arguments"):
                function[name] += (part.get("function") or {}).get(name) or ""

    def whole(self) -> list[Json]:
        """Return the calls as they would be in one piece."""
        return [{"function": function} for function in self._functions.values()]


def _has_results(message: Mapping[str, Any]) -> bool:
    content = message["content"]
    return isinstance(content, list) and bool(content) and content[0].get("type") == "tool_result"


def _tool_use(call: Mapping[str, Any]) -> Json:
    function = call["function"]
    return {"type": "tool_use", "id": call["id"], "name": function["name"], "input": json.loads(function["arguments"])}


def _arguments(value: object) -> str:
    """Return the arguments of a call as text; some servers send them as JSON."""
    return value if isinstance(value, str) else json.dumps(value or {}, ensure_ascii=False)
