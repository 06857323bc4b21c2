"""Secrets are hidden in every spelling in which a server may send them back."""

from __future__ import annotations

from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clemsim.engines.secret_values import Secrets

KEY = 'sk-"a/b\\c-12345'
SPELLINGS = [
    KEY,
    KEY.replace("-", r"\u002d"),
    KEY.replace("-", r"\\u002D"),
    "".join(f"\\u{ord(character):04x}" for character in KEY),
    "".join(f"\\x{ord(character):02X}" for character in KEY),
    "".join(f"%{ord(character):02x}" for character in KEY),
    "".join(f"&#{ord(character)};" for character in KEY),
    "".join(f"&#x{ord(character):X};" for character in KEY),
    quote(KEY, safe=""),
    quote(quote(KEY, safe=""), safe=""),
    KEY.replace("\\", "\\\\").replace('"', '\\"').replace("/", "\\/"),
]


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_a_secret_is_hidden_in_any_spelling(spelling: str) -> None:
    assert Secrets([KEY]).hide(f"100 % of {spelling}, \\n") == "100 % of (key), \\n"


def test_what_a_header_holds_besides_a_scheme_is_hidden_too() -> None:
    hide = Secrets(["Basic bWU6aHVudGVyMg==", "session=0123456789; theme=dark"]).hide
    assert hide("you sent bWU6aHVudGVyMg== and 0123456789 and dark, Basic") == "you sent (key) and (key) and dark, Basic"


def test_a_stand_in_for_a_key_is_an_innocent_word() -> None:
    secrets = Secrets(["EMPTY", "", "none"])
    assert not secrets and secrets.hide("none is EMPTY") == "none is EMPTY"


def test_the_longest_secret_goes_first() -> None:
    assert Secrets(["12345678", "12345678-more"]).hide("a 12345678-more b") == "a (key) b"


@given(st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=8, max_size=30), st.text(), st.text())
def test_no_text_keeps_a_secret(key: str, before: str, after: str) -> None:
    assert key not in Secrets([key]).hide(f"{before}{key}{after}").replace("(key)", "")
