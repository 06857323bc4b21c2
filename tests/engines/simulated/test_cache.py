"""The block cache: what is shared, what is reused first, and that no block is ever lost."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from clemsim.engines.simulated.cache import BlockCache, Holding


def cached(cache: BlockCache, tokens: str) -> int:
    """Return how many tokens of a request the cache contains; the request comes and goes."""
    holding = cache.begin(tokens)
    assert holding
    cache.release(holding)
    return holding.cached


def test_full_blocks_of_a_prefix_are_found() -> None:
    cache = BlockCache(8, 4)
    assert [cached(cache, text) for text in ("abcdefghij", "abcdefghXX", "abcdXXXX", "Xbcdefgh")] == [0, 8, 4, 0]


def test_the_last_token_is_always_computed() -> None:
    cache = BlockCache(8, 4)
    assert [cached(cache, "abcdefgh") for _ in range(2)] == [0, 4]


def test_the_oldest_block_is_reused_first_and_of_a_conversation_its_end() -> None:
    cache = BlockCache(4, 4)
    cached(cache, "aaaabbbb")
    cached(cache, "ccccdddd")
    cached(cache, "eeee")
    assert [cached(cache, "aaaabbbb!"), cached(cache, "ccccdddd!")] == [4, 0]


def test_a_held_block_is_never_reused() -> None:
    cache = BlockCache(3, 4)
    first = cache.begin("aaaabbbb")
    assert first and cache.begin("ccccdddd") is None and cache.usage > 0.6
    assert not cache.grow(first, 13) and cache.grow(first, 12)
    cache.release(first)
    assert cache.usage == 0 and cached(cache, "ccccdddd") == 0


def test_generated_tokens_are_cached_too() -> None:
    cache = BlockCache(8, 4)
    holding = cache.begin("abcde")
    assert holding and cache.grow(holding, 9)
    cache.fill(holding, "abcdefgh")
    cache.release(holding)
    assert cached(cache, "abcdefghi") == 8


@given(st.lists(st.tuples(st.booleans(), st.text("ab", min_size=1, max_size=12)), max_size=60))
def test_blocks_are_held_once_or_shared_and_never_lost(steps: list[tuple[bool, str]]) -> None:
    cache = BlockCache(6, 2)
    held: list[Holding] = []
    for ends, text in steps:
        if ends and held:
            cache.release(held.pop(0))
        elif begun := cache.begin(text):
            assert begun.cached < len(text)
            held.append(begun)
        assert round(cache.usage * 6) == len({block for holding in held for block in holding.blocks})
    for holding in held:
        cache.release(holding)
    assert cache.usage == 0
