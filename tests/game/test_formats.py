"""Formats: samples are members, and members parse."""

from __future__ import annotations

import random

import pytest
from clemsim_arenas.fiveletters.game import V1_6, V3_0, guess_of
from clemsim_arenas.referencegame.game import ANSWER, EXPRESSION
from clemsim_arenas.rooms.commands import ALONE, PATTERNS
from clemsim_arenas.taboo.game import CLUE, GUESS
from clemsim_arenas.textmapworld_graphreasoning.replies import drawn_command

from clemsim.game.formats import Format, characters, either, letters, line, literal, one_of, repeated, sequence
from clemsim.game.parsing import Invalid, Parser, tagged

DRAWN = drawn_command(PATTERNS["alone"], "the dictionary")


@pytest.mark.parametrize(
    "parser", [CLUE, GUESS, EXPRESSION, ANSWER, guess_of(V1_6), guess_of(V3_0), tagged("A:"), ALONE, DRAWN]
)
def test_what_a_format_lets_through_the_parser_reads(parser: Parser[object]) -> None:
    rng = random.Random(1)
    assert parser.format is not None
    for _ in range(300):
        reply = parser.format.sample(rng)
        assert parser.format.accepts(reply)
        parser.read(reply.strip())


@pytest.mark.parametrize(
    ("form", "members", "others"),
    [
        (literal("A (b)"), ["A (b)"], ["A b", ""]),
        (one_of("yes", "no"), ["yes", "no"], ["yesno", "Yes"]),
        (letters(5), ["plant"], ["plan", "plants", "PLANT"]),
        (letters(2, 3), ["ab", "abc"], ["a", "abcd"]),
        (line(3), ["abc", "a b", "é"], ["", " ab", "a\nb", "abcd"]),
        (line(4, "{}"), ["a b", "a[]"], ["a{}", "{", ""]),
        (either(literal("a."), literal("b") + letters(1)), ["a.", "bx"], ["ab", "a", "a.bx"]),
        (characters("abc ", 1, 3), ["a", "c b"], ["", "abca", "d"]),
        (repeated(letters(2), ", ", 3), ["", "ab", "ab, cd, ef"], ["ab,", "ab, cd, ef, gh", "a"]),
        (repeated(literal("x"), "", 1), ["", "x"], ["xx"]),
        (sequence([literal("x"), letters(1)]), ["xa"], ["x", "xab"]),
    ],
)
def test_members(form: Format, members: list[str], others: list[str]) -> None:
    assert all(form.accepts(text) for text in members)
    assert not any(form.accepts(text) for text in others)


def test_gbnf() -> None:
    form = literal('say "x"\n') + one_of("a", "b") + letters(2)
    assert form.gbnf == 'root ::= "say \\"x\\"\\n" ("a" | "b") [a-z]{2}'
    names = repeated(characters("abcdefghijklmnopqrstuvwxyz -", 1, 3), ", ", 2)
    assert either(names, line(2, but="?")).gbnf == (
        'root ::= (([a-z -]{1,3} (", " [a-z -]{1,3}){0,1})? | [^ \\t\\r\\n?] [^\\n?]{0,1})'
    )
    form = either(one_of("a", "b"), line(2, "{}"))
    assert form.gbnf == 'root ::= (("a" | "b") | [^ \\t\\r\\n{}] [^\\n{}]{0,1})'


def test_samples_are_members() -> None:
    rng = random.Random(2)
    for form in (either(literal("a."), letters(2)), line(9, "{}") + literal("}")):
        samples = [form.sample(rng) for _ in range(100)]
        assert all(form.accepts(sample) for sample in samples) and len(set(samples)) > 5


def test_a_tag_is_case_sensitive() -> None:
    with pytest.raises(Invalid, match="does not start with 'A:'"):
        tagged("A:").read("a: x")
