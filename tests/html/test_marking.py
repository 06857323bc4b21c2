"""What was searched for is marked where it stands, and nothing but text comes out."""

from __future__ import annotations

import pytest

from clemsim.html.marking import Marker


@pytest.mark.parametrize(
    ("search", "text", "marked"),
    [
        ("music", "Music, musical music", "<mark>Music</mark>, musical <mark>music</mark>"),
        ("mus*", "Music, musical", "<mark>Music</mark>, <mark>musical</mark>"),
        ('"two words"', "two; words, two other words", "<mark>two; words</mark>, two other words"),
        ("cafe", "Café CAFÉ", "<mark>Café</mark> <mark>CAFÉ</mark>"),
        ("a b", "a b c", "<mark>a</mark> <mark>b</mark> c"),
        ("", "nothing", "nothing"),
        ("script", "<script>x</script>", "&lt;<mark>script</mark>&gt;x&lt;/<mark>script</mark>&gt;"),
        ("red", "\x1b[31mred \u202e", r"\x1b[31mred \u202e"),
    ],
)
def test_words_and_phrases_are_marked(search: str, text: str, marked: str) -> None:
    assert Marker(search)(text) == marked


def test_a_search_finds_what_it_marks() -> None:
    assert Marker("music").finds("some music") and not Marker("music").finds("musical") and not Marker().finds("music")
