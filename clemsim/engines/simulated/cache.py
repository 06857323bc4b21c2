"""A KV cache in blocks with automatic prefix caching, as vLLM keeps it.

A conversation holds blocks of `size` tokens. A full block is known by a key that stands for all tokens up to its end;
conversations that begin with the same tokens share it. Blocks that no conversation holds can be found until they are needed
for something else: the block that was released first is reused first, and of one conversation its end before its beginning.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field
from math import ceil


@dataclass(slots=True)
class Holding:
    """The blocks of one running conversation, in order. `cached`: its tokens that the cache contained when it began."""

    blocks: list[int]
    cached: int
    keys: list[int] = field(default_factory=list)  # of its full blocks, as far as they are known


class BlockCache:
    """`blocks` blocks of `size` tokens each."""

    def __init__(self, blocks: int, size: int) -> None:
        self.blocks = blocks
        self.size = size
        self._free = OrderedDict.fromkeys(range(blocks))  # the next one to be reused first
        self._holders = [0] * blocks
        self._keys: list[int | None] = [None] * blocks
        self._block_of: dict[int, int] = {}  # by key

    @property
    def usage(self) -> float:
        """Share of the blocks that are held, 0..1."""
        return 1 - len(self._free) / self.blocks

    def begin(self, tokens: Sequence[Hashable]) -> Holding | None:
        """Hold room for these tokens; return None where there is too little.

        The last token is never taken from the cache: it has to be computed for there to be a next one.
        """
        keys = self._extend([], tokens)
        shared = []
        for key in keys[: (len(tokens) - 1) // self.size]:
            if (block := self._block_of.get(key)) is None:
                break
            shared.append(block)
        missing = ceil(len(tokens) / self.size) - len(shared)
        if missing > len(self._free) - sum(block in self._free for block in shared):
            return None
        for block in shared:
            self._free.pop(block, None)
            self._holders[block] += 1
        holding = Holding(shared + [self._take() for _ in range(missing)], len(shared) * self.size, keys)
        self._publish(holding, len(shared))
        return holding

    def grow(self, holding: Holding, size: int) -> bool:
        """Hold room for `size` tokens in all; return False where there is too little."""
        missing = ceil(size / self.size) - len(holding.blocks)
        if missing > len(self._free):
            return False
        holding.blocks += [self._take() for _ in range(missing)]
        return True

    def fill(self, holding: Holding, tokens: Sequence[Hashable]) -> None:
        """Put these tokens into the blocks: those that are full can be found from now on."""
        first = len(holding.keys)
        holding.keys = self._extend(holding.keys, tokens)
        self._publish(holding, first)

    def release(self, holding: Holding) -> None:
        """Release all blocks of a conversation."""
        for block in reversed(holding.blocks):
            self._holders[block] -= 1
            if not self._holders[block]:
                self._free[block] = None

    def _extend(self, keys: Sequence[int], tokens: Sequence[Hashable]) -> list[int]:
        """Return the keys of all full blocks of these tokens, of which the first ones are known."""
        chain = list(keys)
        for end in range((len(chain) + 1) * self.size, len(tokens) + 1, self.size):
            chain.append(hash((chain[-1] if chain else 0, tuple(tokens[end - self.size : end]))))
        return chain

    def _publish(self, holding: Holding, first: int) -> None:
        """Make the full blocks from the `first` one on known by their keys."""
        for block, key in zip(holding.blocks[first:], holding.keys[first:], strict=False):
            if key not in self._block_of:
                self._block_of[key] = block
                self._keys[block] = key

    def _take(self) -> int:
        """Take the next free block, which is then no longer known by its key."""
        block, _ = self._free.popitem(last=False)
        key = self._keys[block]
        if key is not None:
            del self._block_of[key]
            self._keys[block] = None
        self._holders[block] = 1
        return block
