"""A KV cache in blocks with automatic prefix caching, as vLLM keeps it.

A conversation holds blocks of `size` tokens. Full blocks are known by a key that stands for all tokens up to their end;
who comes with the same tokens shares them. Blocks that nobody holds stay findable until they are needed for something
else: the one that was let go first is given away first, and of one conversation its end before its beginning.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field
from math import ceil


@dataclass(slots=True)
class Holding:
    """The blocks of one running conversation, in order; `found` tokens of it were in the cache when it began."""

    blocks: list[int]
    found: int
    keys: list[int] = field(default_factory=list)  # of its full blocks, as far as they are known


class BlockCache:
    """`blocks` blocks of `size` tokens each."""

    def __init__(self, blocks: int, size: int) -> None:
        self.blocks = blocks
        self.size = size
        self._free = OrderedDict.fromkeys(range(blocks))  # the next to be given away first
        self._holders = [0] * blocks
        self._keys: list[int | None] = [None] * blocks
        self._known: dict[int, int] = {}

    @property
    def usage(self) -> float:
        """Share of the blocks that are held, 0..1."""
        return 1 - len(self._free) / self.blocks

    def begin(self, tokens: Sequence[Hashable]) -> Holding | None:
        """Hold room for these tokens; None where there is none. The last token is never taken from the cache: it has to
        be computed for there to be a next one.
        """
        keys = self._chain([], tokens)
        found = []
        for key in keys[: (len(tokens) - 1) // self.size]:
            if (block := self._known.get(key)) is None:
                break
            found.append(block)
        more = ceil(len(tokens) / self.size) - len(found)
        if more > len(self._free) - sum(block in self._free for block in found):
            return None
        for block in found:
            self._free.pop(block, None)
            self._holders[block] += 1
        holding = Holding(found + [self._take() for _ in range(more)], len(found) * self.size, keys)
        self._name(holding, len(found))
        return holding

    def grow(self, holding: Holding, size: int) -> bool:
        """Hold room for so many tokens; False where there is none."""
        more = ceil(size / self.size) - len(holding.blocks)
        if more > len(self._free):
            return False
        holding.blocks += [self._take() for _ in range(more)]
        return True

    def fill(self, holding: Holding, tokens: Sequence[Hashable]) -> None:
        """Its blocks now hold these tokens: those that are full can be found from now on."""
        first = len(holding.keys)
        holding.keys = self._chain(holding.keys, tokens)
        self._name(holding, first)

    def release(self, holding: Holding) -> None:
        """Let all its blocks go."""
        for block in reversed(holding.blocks):
            self._holders[block] -= 1
            if not self._holders[block]:
                self._free[block] = None

    def _chain(self, keys: Sequence[int], tokens: Sequence[Hashable]) -> list[int]:
        chain = list(keys)
        for end in range((len(chain) + 1) * self.size, len(tokens) + 1, self.size):
            chain.append(hash((chain[-1] if chain else 0, tuple(tokens[end - self.size : end]))))
        return chain

    def _name(self, holding: Holding, first: int) -> None:
        for block, key in zip(holding.blocks[first:], holding.keys[first:], strict=False):
            if key not in self._known:
                self._known[key] = block
                self._keys[block] = key

    def _take(self) -> int:
        block, _ = self._free.popitem(last=False)
        key = self._keys[block]
        if key is not None:
            del self._known[key]
            self._keys[block] = None
        self._holders[block] = 1
        return block
