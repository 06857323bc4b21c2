"""What a simulated server replies, and how it counts tokens: four characters are one."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from hashlib import blake2b
from random import Random
from typing import Any

from clemsim.engines.simulated.pictures import IMAGES

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
        parts += (f"<{message['role']}>", *seen, *tokens(str(message["content"])), "<end>")
    return [*parts, "<assistant>"]


def babble(body: Body) -> str:
    """Return a few words, always the same for one seed and conversation; as many as fit with `ignore_eos`."""
    identity = f"{body.get('seed')} {body['messages'][-1]['content']}"
    random = Random(blake2b(identity.encode()).digest())
    limit = int(body.get("max_tokens") or 16)
    natural = random.randint(8, 48)  # drawn always: a reply that is forced to the length it would have had is the same
    size = limit if body.get("ignore_eos") else min(limit, natural)
    return " ".join(random.choices(_WORDS, k=size))[: 4 * size - 1] + "."
