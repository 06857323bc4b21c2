"""Reply formats that a decoder can be held to.

A `Format` describes a set of replies. It is written once, from small parts, and read three ways: as a regular
expression (vLLM's `structured_outputs`), as a GBNF grammar (llama.cpp) and as a source of samples (the `random`
player, property tests). What a parser accepts may be wider than its format, never narrower.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Protocol


class FormatDice(Protocol):
    """The part of `random.Random` that `sample` needs."""

    def randint(self, a: int, b: int, /) -> int:
        """Return an integer in [a, b]."""
        ...


@dataclass(frozen=True, slots=True)
class Format:
    """A set of replies. `a + b` is an `a` followed by a `b`."""

    regex: str
    rule: str  # right-hand side of a GBNF rule
    parts: tuple[FormatPart, ...]

    def __add__(self, other: Format) -> Format:
        return Format(self.regex + other.regex, f"{self.rule} {other.rule}", self.parts + other.parts)

    @property
    def gbnf(self) -> str:
        """A complete llama.cpp grammar."""
        return f"root ::= {self.rule}"

    def sample(self, dice: FormatDice) -> str:
        """Draw one member, part by part."""
        return "".join(part.sample(dice) for part in self.parts)

    def accepts(self, reply: str) -> bool:
        """Return whether the reply is a member."""
        return re.fullmatch(self.regex, reply) is not None


@dataclass(frozen=True, slots=True)
class Choice:
    """A choice of texts."""

    options: tuple[str, ...]

    def sample(self, dice: FormatDice) -> str:
        """Draw one of the options."""
        return self.options[dice.randint(0, len(self.options) - 1)]


@dataclass(frozen=True, slots=True)
class Characters:
    """`least` to `most` characters out of an alphabet."""

    alphabet: str
    least: int
    most: int

    def sample(self, dice: FormatDice) -> str:
        """Draw characters, each alone."""
        size = dice.randint(self.least, min(self.most, self.least + 30))
        return "".join(self.alphabet[dice.randint(0, len(self.alphabet) - 1)] for _ in range(size))


@dataclass(frozen=True, slots=True)
class Alternatives:
    """A choice of formats."""

    formats: tuple[Format, ...]

    def sample(self, dice: FormatDice) -> str:
        """Draw a member of one of them."""
        return self.formats[dice.randint(0, len(self.formats) - 1)].sample(dice)


@dataclass(frozen=True, slots=True)
class Repeated:
    """None to `most` members of a format, with a separator between them."""

    format: Format
    separator: str
    most: int

    def sample(self, dice: FormatDice) -> str:
        """Draw how many there are, and each of them."""
        return self.separator.join(self.format.sample(dice) for _ in range(dice.randint(0, self.most)))


FormatPart = Choice | Characters | Alternatives | Repeated

KEPT = 2**14  # texts of which the escaped form is kept: games offer much the same ones in turn after turn
LETTERS = "abcdefghijklmnopqrstuvwxyz"


def literal(text: str) -> Format:
    """Return the format of exactly this text."""
    return one_of(text)


def one_of(*texts: str) -> Format:
    """Return the format of one of these texts."""
    regex = "|".join(_escaped(text) for text in texts)
    rule = " | ".join(_quoted(text) for text in texts)
    if len(texts) > 1:
        regex, rule = f"({regex})", f"({rule})"
    return Format(regex, rule, (Choice(texts),))


def either(*formats: Format) -> Format:
    """Return the format of the members of all these formats."""
    regex, rule = "|".join(each.regex for each in formats), " | ".join(each.rule for each in formats)
    return Format(f"({regex})", f"({rule})", (Alternatives(formats),))


def line(most: int = 300, but: str = "") -> Format:
    """Return the format of 1 to `most` characters without a line break that do not begin with a space; without those in
    `but`, of which none has a meaning within `[...]`.
    """
    rest = f"{{0,{most - 1}}}"
    alphabet = LETTERS + "   "
    return Format(
        f"[^\\s{but}][^\\n{but}]{rest}",
        f"[^ \\t\\r\\n{but}] [^\\n{but}]{rest}",
        (Characters(LETTERS, 1, 1), Characters(alphabet, 0, most - 1)),
    )


def letters(least: int, most: int | None = None) -> Format:
    """Return the format of `least` to `most` lower-case letters a-z; exactly `least` unless `most` is given."""
    count = f"{least}" if most is None else f"{least},{most}"
    return Format(f"[a-z]{{{count}}}", f"[a-z]{{{count}}}", (Characters(LETTERS, least, most or least),))


def characters(alphabet: str, least: int, most: int) -> Format:
    """Return the format of `least` to `most` characters of an alphabet, in which none has a meaning within `[...]`."""
    ranged = f"[{alphabet.replace(LETTERS, 'a-z').replace(LETTERS.upper(), 'A-Z')}]{{{least},{most}}}"
    return Format(ranged, ranged, (Characters(alphabet, least, most),))


def repeated(one: Format, separator: str, most: int) -> Format:
    """Return the format of none to `most` of `one`, with the separator between them."""
    between = literal(separator)
    regex = f"({one.regex}({between.regex}{one.regex}){{0,{most - 1}}})?"
    rule = f"({one.rule} ({between.rule} {one.rule}){{0,{most - 1}}})?"
    return Format(regex, rule, (Repeated(one, separator, most),))


def cell(alphabet: str) -> Format:
    """Return the format of one character of an alphabet, in which no character has a meaning within `[...]`."""
    return Format(f"[{alphabet}]", f"[{alphabet}]", (Characters(alphabet, 1, 1),))


def lattice(alphabet: str, rows: int, columns: int) -> Format:
    """Return the format of `rows` lines of `columns` cells with a space between them."""
    row = sequence([cell(alphabet), *[literal(" ") + cell(alphabet)] * (columns - 1)])
    return sequence([row, *[literal("\n") + row] * (rows - 1)])


def sequence(parts: Sequence[Format]) -> Format:
    """Return the format of all the parts in order; there must be one at least."""
    first, *rest = parts
    for part in rest:
        first = first + part
    return first


@lru_cache(KEPT)
def _escaped(text: str) -> str:
    return re.escape(text).replace("\\ ", " ").replace("\\\n", "\\n")


@lru_cache(KEPT)
def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'
