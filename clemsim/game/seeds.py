"""Seeds derived from names, so that no two draws share one and none depends on the order of play."""

from __future__ import annotations

import random
from hashlib import blake2b

Dice = random.Random  # for modules that draw, but may not import `random`

BITS = 31  # llama.cpp takes 32 bits and reserves the highest value; vLLM takes 64


def derive(*parts: str | int) -> int:
    """Return a seed in [0, 2**31) from run seed, arena, instance, repetition, seat and turn, or any other names in order."""
    name = "\x1f".join(map(str, parts))
    return int.from_bytes(blake2b(name.encode(), digest_size=8).digest(), "big") >> (64 - BITS)


class Seeds:
    """Seeds whose names begin alike: `Seeds(a, b).derive(c)` is `derive(a, b, c)`, and cheaper."""

    __slots__ = ("_begun",)

    def __init__(self, *parts: str | int) -> None:
        self._begun = blake2b("\x1f".join(map(str, parts)).encode(), digest_size=8)

    def derive(self, *parts: str | int) -> int:
        """Return a seed in [0, 2**31)."""
        named = self._begun.copy()
        named.update(("\x1f" + "\x1f".join(map(str, parts))).encode())
        return int.from_bytes(named.digest(), "big") >> (64 - BITS)


def dice(*parts: str | int) -> Dice:
    """Return a generator of its own for these names, so that nothing shares one."""
    return Dice(derive(*parts))
