"""Why episodes ended as they did."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest

from clemsim.results.episode_index.endings import Ending, endings_of_store
from clemsim.results.episode_index.reason_kinds import kind_of
from clemsim.store.schema import SCHEMA

COLUMNS = 'arena, instance, repetition, "cast", experiment, version, data, status, outcome, reason, blame'


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


def found(*reasons: str) -> list[Ending]:
    """The endings of a store in which an episode ended for each of these reasons."""
    with closing(sqlite3.connect(":memory:")) as base:
        base.executescript(SCHEMA)
        for number, reason in enumerate(reasons):
            row = ("g", f"x/{number}", 0, "m", "x", 1, "{}", "done", "aborted", reason, "a")
            base.execute(f"INSERT INTO episodes ({COLUMNS}) VALUES ({', '.join('?' * len(row))})", row)
        return endings_of_store(base)


def test_reasons_of_a_kind_are_counted_together_and_a_constant_one_is_told_in_full() -> None:
    endings = found("no 'A: '", "no 'A: '", "guess 'x' is bad", "guess 'y' is bad", "guess 'z' is bad")
    assert [(own.count, own.reason) for own in endings] == [(3, "guess '…' is bad"), (2, "no 'A: '")]


def test_what_follows_a_colon_is_left_out_where_it_is_always_another() -> None:
    endings = found(*(f"hallucination: {word}" for word in "abcdef"), "prefix error: no tag", "prefix error: two")
    assert [(own.count, own.reason) for own in endings] == [
        (6, "hallucination: …"),
        (1, "prefix error: no tag"),
        (1, "prefix error: two"),
    ]


def test_what_differs_alone_is_left_out() -> None:
    endings = found("'a' is not one of 5 'words'", "'b' is not one of 5 'words'", "'b' is not one of 5 'words'")
    assert [(own.count, own.reason, own.kind) for own in endings] == [
        (3, "'…' is not one of 5 'words'", "'…' is not one of … '…'")
    ]
