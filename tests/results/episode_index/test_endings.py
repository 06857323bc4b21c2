"""Why episodes ended as they did."""

from __future__ import annotations

import pytest

from clemsim.results.episode_index.endings import Counted, endings
from clemsim.results.episode_index.reason_kinds import kind_of


@pytest.mark.parametrize(
    ("reason", "kind"),
    [
        ("the guess 'CRANE' does not have 5 letters", "the guess '…' does not have … letters"),
        ('the clue used "it\'s"', 'the clue used "…"'),
        ("the agent doesn't know, isn't it", "the agent doesn't know, isn't it"),
        ("3 of 12 goals were reached", "… of … goals were reached"),
        ("a\n  b", "a b"),
        ("", ""),
    ],
)
def test_quoted_text_and_numbers_are_left_out(reason: str, kind: str) -> None:
    assert kind_of(reason) == kind


def test_a_long_reason_is_cut() -> None:
    assert len(kind_of("x " * 5000)) == 160


def counted(*reasons: str, arena: str = "g") -> list[Counted]:
    return [Counted("m", arena, "aborted", "done", reason, "a", 1) for reason in reasons]


def test_reasons_of_a_kind_are_counted_together_and_a_constant_one_is_told_in_full() -> None:
    found = endings(counted("no 'A: '", "no 'A: '", "guess 'x' is bad", "guess 'y' is bad", "guess 'z' is bad"))
    assert [(own.count, own.reason) for own in found] == [(3, "guess '…' is bad"), (2, "no 'A: '")]


def test_what_follows_a_colon_is_left_out_where_it_is_always_another() -> None:
    found = endings(counted(*(f"hallucination: {word}" for word in "abcdef"), "prefix error: no tag", "prefix error: two"))
    assert [(own.count, own.reason) for own in found] == [
        (6, "hallucination: …"),
        (1, "prefix error: no tag"),
        (1, "prefix error: two"),
    ]


def test_what_differs_alone_is_left_out() -> None:
    found = endings(counted("'a' is not one of 5 'words'", "'b' is not one of 5 'words'", "'b' is not one of 5 'words'"))
    assert [(own.count, own.reason, own.kind) for own in found] == [
        (3, "'…' is not one of 5 'words'", "'…' is not one of … '…'")
    ]
