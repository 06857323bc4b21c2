"""What a simulated server says, and how it counts tokens: four characters are one."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from hashlib import blake2b
from random import Random
from typing import Any

Body = Mapping[str, Any]
SimulatedAnswer = Callable[[Body], str]
Template = Callable[[Sequence[Mapping[str, Any]]], list[str]]

_PIECE = re.compile(r"(?s).{1,4}")
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
    """A text in tokens."""
    return _PIECE.findall(text)


def prompt(messages: Sequence[Mapping[str, Any]]) -> list[str]:
    """A conversation in tokens. What is said in reply goes on exactly where they end, as with most chat templates."""
    said = [token for each in messages for token in (f"<{each['role']}>", *tokens(str(each["content"])), "<end>")]
    return [*said, "<assistant>"]


def babble(body: Body) -> str:
    """A few words, always the same for one seed and conversation; as many as fit where the end is to be ignored."""
    seen = f"{body.get('seed')} {body['messages'][-1]['content']}"
    random = Random(blake2b(seen.encode()).digest())
    most = int(body.get("max_tokens") or 16)
    size = most if body.get("ignore_eos") else min(most, random.randint(8, 48))
    return " ".join(random.choices(_WORDS, k=size))[: 4 * size - 1] + "."
