"""Strategies for what a server may send instead of a sound answer."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

NUMBERS = st.one_of(
    st.integers(),
    st.floats(allow_nan=True, allow_infinity=True),
    st.sampled_from([1e30, -1e30, 2**31, 2**63, 2**64, 10**400, -1, True, False, 0]),
)
TEXTS = st.one_of(
    st.text(max_size=20),
    st.text(st.characters(categories=["Cs", "Cc", "Cf", "Zl", "Zp"]), max_size=8),  # lone surrogates and controls
    st.sampled_from(["", "\x00", "\ud800", "CLUE: it is green", "GUESS: tree", "stop", "overflow", "content_filter"]),
)
ANY_JSON: st.SearchStrategy[Any] = st.recursive(
    st.one_of(st.none(), st.booleans(), NUMBERS, TEXTS),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(TEXTS, inner, max_size=3)),
    max_leaves=8,
)


def odd(usual: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Return what is usual, or any JSON in its place."""
    return st.one_of(usual, usual, ANY_JSON)


def odd_answers() -> st.SearchStrategy[Any]:
    """Return chat completions with any JSON and any number in any field; many of them hold a sound reply."""
    reasons = odd(st.sampled_from(["stop", "length", "content_filter", "tool_calls", "abort", None]))
    message = st.fixed_dictionaries(
        {"content": odd(TEXTS)},
        optional={"reasoning_content": odd(TEXTS), "reasoning": odd(TEXTS), "tool_calls": ANY_JSON},
    )
    choice = st.fixed_dictionaries({"message": odd(message)}, optional={"finish_reason": reasons, "index": odd(NUMBERS)})
    details = st.fixed_dictionaries({}, optional={"cached_tokens": odd(NUMBERS)})
    counts = {"prompt_tokens": odd(NUMBERS), "completion_tokens": odd(NUMBERS), "prompt_tokens_details": odd(details)}
    times = {"queue_time_ms": odd(NUMBERS), "time_to_first_token_ms": odd(NUMBERS)}
    return st.fixed_dictionaries(
        {"choices": odd(st.lists(odd(choice), min_size=1, max_size=2))},
        optional={
            "usage": odd(st.fixed_dictionaries({}, optional=counts)),
            "metrics": odd(st.fixed_dictionaries({}, optional=times)),
            "system_fingerprint": odd(TEXTS),
            "error": odd(st.fixed_dictionaries({"message": odd(TEXTS)})),
        },
    )
