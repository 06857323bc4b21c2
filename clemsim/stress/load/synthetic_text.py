"""Text of a given size for traces that tell sizes only; equal hashes give equal text."""

from __future__ import annotations

import random
from collections.abc import Sequence
from math import ceil

# Words of three letters: with a blank, a token of most tokenizers, and of the simulated server.
_WORDS = (
    *("the", "and", "for", "are", "but", "not", "you", "all", "any", "can", "had", "her", "was", "one", "our", "out"),
    *("day", "get", "has", "him", "his", "how", "man", "new", "now", "old", "see", "two", "way", "who", "boy", "did"),
)
TEMPLATE = 3  # tokens that a chat template adds to a conversation, about


def text_of(tokens: int, hash_ids: Sequence[int] = (), block: int = 0, name: str = "") -> str:
    """Return a text of about `tokens` tokens. Each of `hash_ids` decides `block` tokens of it, `name` all the others."""
    words: list[str] = []
    for number in hash_ids:
        words += random.Random(f"block {number}").choices(_WORDS, k=block)
    if len(words) < tokens:
        words += random.Random(f"text {name}").choices(_WORDS, k=tokens - len(words))
    return "".join(f"{word} " for word in words[: max(1, tokens)])


def block_size(sizes: Sequence[tuple[int, int]]) -> int:
    """Return the tokens that a hash stands for, from inputs given as (tokens, hashes): a power of two, if one fits all.

    An input of n blocks of B tokens has more than (n - 1) B tokens and at most n B.
    """
    least = max((ceil(tokens / count) for tokens, count in sizes if count), default=1)
    most = min(((tokens - 1) // (count - 1) for tokens, count in sizes if count > 1), default=least)
    power = 1 << (least - 1).bit_length()
    return power if power <= max(most, least) or not any(count > 1 for _, count in sizes) else least
