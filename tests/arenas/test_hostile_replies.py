"""Replies of every script and shape: each is a move or breaks the rules, and every episode ends and is scored."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from clemsim.arena import find_arena
from clemsim.catalog.plugins import registered
from clemsim.game.events import decode, encode, type_name
from clemsim.game.formats import Format
from clemsim.game.messages import Message

SEPARATORS = ["\n", "\r\n", "\r", "\x0b", "\x0c", "\x1c", "\x1d", "\x1e", "\x85", "\u2028", "\u2029", "\n\n", "\\n"]
SPACES = [" ", "\t", "\u00a0", "\u3000", "\u2003", "\u200b", "\ufeff", "\x1f", ""]
TWINS = [("s", "ſ"), ("k", "\u212a"), ("K", "\u212a"), ("i", "İ"), ("i", "ı"), ("I", "ı"), ("ss", "ß"), ("e", "е")]
TWINS += [("fi", "ﬁ"), ("1", "١"), ("o", "º"), ("A", "Α")]
MARKS = ["\u0301", "\u0307", "\u0335", "\u200b", "\u200d", "\u202e", "\x00", "\x7f", "\U000e0041", "\ufffd", "🙂"]
USUAL = [
    *("CLUE: it is green", "GUESS: apple", "guess: crane\nexplanation: it fits", "explanation: why\nagreement: yes"),
    *("Answer: first", "Answer: 2", "Expression: the upper row", "Command: put an A in the middle", "Command: DONE"),
    *("CLUE: fruit\nTARGETS: apple, pear", "GUESS: apple, pear", "TARGETS: king,queen\nCLUE: royal"),
    *("ARGUMENT: {yes}\nPROPOSAL: {'A07'}", "STRATEGIC REASONING: {x}\nARGUMENT: {}\nAGREE: {}", "REFUSE: {'A', 1}"),
    *("I like hats", "[Proposal: 1 hat, 2 eggs]", "[proposal:]", "take [it]", "[Proposal: \u00bd hat]"),
    *("SAY: C is at (1, 1)", "MOVE: C, (2, 5)", "SAY: finished?", "SAY: finished!", "`MOVE: P, (\u0661,1)`"),
    *("> take mug from desk", "> open chest\nNext actions: take mug, > done", "> done", ">", "> put cat's bowl on floor"),
    *("ANSWER: yes", "ASIDE: no", "▢ ▢ ▢ ▢ ▢\n" * 4 + "▢ ▢ A ▢ ▢"),
    *("QUESTION: Is it alive?", "GUESS: the chair", "ANSWER: No."),
    *("DESCRIPTION: a cross", "DECISION: same grid", "abort"),
    *("GO: north", "DONE", "GO: south DONE", '{"action": "GO: north", "graph": {"nodes": ["Hall"], "edges": {}}}'),
]


def _wide(text: str) -> str:
    """Return the text in full-width letters, which look like their ASCII twins."""
    return "".join(chr(ord(char) + 0xFEE0) if "!" <= char <= "~" else char for char in text)


CHANGES: list[Callable[[str], str]] = [
    *(str.upper, str.lower, str.title, str.casefold, str.swapcase, _wide, lambda text: text[::-1], lambda text: text * 50),
    lambda text: unicodedata.normalize("NFD", text),
    lambda text: unicodedata.normalize("NFKC", text),
]


@st.composite
def hostile(draw: st.DrawFn, base: str) -> str:
    """Return a reply that was sound once."""
    text = base
    for _ in range(draw(st.integers(0, 3))):
        match draw(st.integers(0, 5)):
            case 0:
                text = text.replace(*draw(st.sampled_from(TWINS)))
            case 1:
                place = draw(st.integers(0, len(text)))
                text = text[:place] + draw(st.sampled_from(MARKS)) + text[place:]
            case 2:
                text = text.replace("\n", draw(st.sampled_from(SEPARATORS)))
            case 3:
                text = text.replace(" ", draw(st.sampled_from(SPACES + SEPARATORS)))
            case 4:
                text = draw(st.sampled_from(CHANGES))(text)
            case _:
                more = draw(st.sampled_from(["", text, "CLUE:", "GUESS:", "more", "guess:"]))
                text += draw(st.sampled_from(SEPARATORS)) + more
    return text[:5000]


def replies(declared: Format | None) -> st.SearchStrategy[str]:
    usual = st.sampled_from(USUAL)
    if declared is None:
        return usual.flatmap(hostile)
    valid = st.randoms(use_true_random=False).map(declared.sample)
    return st.one_of(valid, valid.flatmap(hostile), usual.flatmap(hostile))


def play(name: str, examples: int, rules: str | None = None) -> int:
    """Play as many episodes, and return how many replies there were."""
    arena = find_arena(name)(rules=rules, verbatim=rules is not None)
    instances = list(arena.instances())
    replied = 0

    @settings(max_examples=examples, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(st.data())
    def check(data: Any) -> None:
        nonlocal replied
        driver = arena.drive(data.draw(st.sampled_from(instances)))
        while driver.outcome is None:
            ask = driver.pending[0]
            replied += 1
            driver.answer(ask.turn, Message(ask.seat, data.draw(replies(ask.format))))  # raises whatever a parser raises
        arena.scores(driver.transcript)
        assert [decode(type_name(event), encode(event)) for event in driver.events] == driver.events

    check()
    return replied


@pytest.mark.parametrize("name", registered("arenas"))
def test_every_reply_is_a_move_or_breaks_the_rules(name: str) -> None:
    play(name, 30)


@pytest.mark.slow
@pytest.mark.parametrize("name", registered("arenas"))
def test_many_replies_are_moves_or_break_the_rules(name: str) -> None:
    play(name, 600)


@pytest.mark.slow
@pytest.mark.parametrize("name", registered("arenas"))
def test_five_thousand_replies_are_moves_or_break_the_rules_of_v3(name: str) -> None:
    replied = 0
    while replied < 5000:
        replied += play(name, 600, "v3.0")
    print(replied)


def test_replies_are_moves_or_break_the_rules_of_v3() -> None:
    for name in ("wordle_withcritic", "privateshared"):
        play(name, 20, "v3.0")
