"""What a simulated server replies, and how it counts tokens: four characters are one."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from hashlib import blake2b
from random import Random
from typing import Any

from clemsim.engines.simulated.pictures import IMAGES
from clemsim.game.json_formats import format_of
from clemsim.game.tool_calls import ToolCall, read_written

Body = Mapping[str, Any]  # the JSON of a chat completion request
SimulatedAnswer = Callable[[Body], str]  # the text that answers a request
Template = Callable[[Sequence[Mapping[str, Any]]], list[Any]]  # the prompt of a conversation, in tokens, which are hashable

_TOKEN = re.compile(r"(?s).{1,4}")
_WORDS = [
    "ask",
    "clue",
    "far",
    "good",
    "item",
    "just",
    "know",
    "like",
    "made",
    "next",
    "only",
    "path",
    "side",
    "talk",
    "view",
]


def tokens(text: str) -> list[str]:
    """Return the tokens of a text."""
    return _TOKEN.findall(text)


def prompt(messages: Sequence[Mapping[str, Any]]) -> list[Any]:
    """Return the tokens of a conversation, those of pictures before the text of their message. As with most chat templates,
    the reply continues them exactly.
    """
    parts: list[Any] = []
    for message in messages:
        seen = [token for image in message.get(IMAGES, ()) for token in image.each()]
        parts += (f"<{message['role']}>", *seen, *tokens(_said(message)), "<end>")
    return [*parts, "<assistant>"]


def _said(message: Mapping[str, Any]) -> str:
    """Return what a message says, with the arguments of its calls of tools."""
    calls = message.get("tool_calls") or ()
    return str(message["content"]) + "".join(str(call["function"]["arguments"]) for call in calls)


def tool_call(body: Body, answer: str) -> ToolCall | None:
    """Return the call of a tool that answers a request: the one that `answer` writes, else one that is drawn; None where the
    answer is a text, as for every second request that does not require a call.
    """
    tools, choice = body.get("tools") or (), body.get("tool_choice") or "auto"
    if not tools or choice == "none":
        return None
    if written := read_written(answer):
        return written[0]
    random = Random(blake2b(f"{body.get('seed')} {prompt(body['messages'])}".encode()).digest())
    function = random.choice(tools)["function"]
    if choice == "auto" and random.random() < 0.5:
        return None
    return ToolCall(str(function["name"]), format_of(function["parameters"]).sample(random))


def babble(body: Body) -> str:
    """Return a few words, always the same for one seed and conversation; as many as fit with `ignore_eos`."""
    identity = f"{body.get('seed')} {body['messages'][-1]['content']}"
    random = Random(blake2b(identity.encode()).digest())
    limit = int(body.get("max_tokens") or 16)
    natural = random.randint(8, 48)  # drawn always: a reply that is forced to the length it would have had is the same
    size = limit if body.get("ignore_eos") else min(limit, natural)
    return " ".join(random.choices(_WORDS, k=size))[: 4 * size - 1] + "."
