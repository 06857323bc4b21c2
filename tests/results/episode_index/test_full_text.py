"""Whatever a user types is a query that SQLite understands."""

from __future__ import annotations

import sqlite3

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clemsim.errors import UsageError
from clemsim.results.episode_index.full_text import match_expression

TEXTS = ["the quick brown fox", "don't panic, it's 42%", "Überraschung!", "quick fox AND dogs"]


@pytest.fixture(scope="module")
def base() -> sqlite3.Connection:
    made = sqlite3.connect(":memory:")
    made.execute("CREATE VIRTUAL TABLE words USING fts5(asked, said, thought, tokenize='unicode61 remove_diacritics 2')")
    made.executemany("INSERT INTO words VALUES ('a question', ?, 'hm')", [(text,) for text in TEXTS])
    return made


def found(base: sqlite3.Connection, text: str) -> list[int]:
    return [row[0] for row in base.execute("SELECT rowid FROM words WHERE words MATCH ?", (match_expression(text),))]


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        ("fox", [1, 4]),
        ("fox quick", [1, 4]),
        ('"quick fox"', [4]),
        ("qui*", [1, 4]),
        ('"quick br"*', [1]),
        ('"quick br', []),
        ("don't", [2]),
        ("uberraschung", [3]),
        ("AND", [4]),
        ("fox NOT dogs", []),
        ("said:fox", []),
        ("question fox", [1, 4]),
        ("hm", []),
        ("(fox", [1, 4]),
        ("fox ?", [1, 4]),
    ],
)
def test_words_phrases_and_beginnings(base: sqlite3.Connection, text: str, rows: list[int]) -> None:
    assert found(base, text) == rows


@given(st.text(st.sampled_from("ab \"*():^-+{}'\0ANDORTé漢5_") | st.characters(), max_size=40))
def test_no_text_is_an_error_of_syntax(base: sqlite3.Connection, text: str) -> None:
    try:
        found(base, text.encode(errors="ignore").decode())
    except UsageError as error:
        assert "there is no word" in str(error)
