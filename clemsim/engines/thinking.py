"""Thinking: whether a model reasons before it replies, how hard, and how many tokens it may take for that."""

from __future__ import annotations

from clemsim.errors import UsageError

Thinking = str | int  # "": as the server does by itself; one of WAYS; or the most tokens of thinking

# Tokens that are granted beside those of the reply where no number is given; a server that has efforts decides itself.
TOKENS = {"": 0, "off": 0, "on": 8192, "low": 1024, "medium": 4096, "high": 16384}
WAYS = ("off", "on", "low", "medium", "high")
THINKING = (*WAYS, "budget")
MOST = 1_000_000  # tokens


def thinking_tokens(thinking: Thinking) -> int:
    """Return how many tokens of thinking are granted beside those of the reply."""
    return thinking if isinstance(thinking, int) else TOKENS[thinking]


def parse_thinking(text: str) -> Thinking:
    """Return a way of thinking as it is written: off, on, low, medium, high, or a number of tokens. Raises UsageError."""
    if text in WAYS:
        return text
    if text.isdecimal() and text.isascii() and 1 <= len(text) <= 7 and 1 <= int(text) <= MOST:
        return int(text)
    raise UsageError(f"thinking={text}: give off, on, low, medium, high, or a number of tokens from 1 to {MOST:,}")
