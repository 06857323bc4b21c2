"""Reply formats that a decoder can be held to.

A `Format` describes a set of replies. It is written once, from small parts, and read three ways: as a regular
expression (vLLM's `structured_outputs`), as a GBNF grammar (llama.cpp) and as a source of samples (the `random`
player, property tests). What a parser accepts may be wider than its format, never narrower.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol


class FormatDice(Protocol):
    """What `sample` needs of a `random.Random`."""

    def randint(self, a: int, b: int, /) -> int:
        """An integer in [a, b]."""
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
        """One member, drawn part by part."""
        return "".join(part.sample(dice) for part in self.parts)

    def accepts(self, reply: str) -> bool:
        """Whether the reply is a member."""
        return re.fullmatch(self.regex, reply) is not None


@dataclass(frozen=True, slots=True)
class Choice:
    """One of some texts."""

    options: tuple[str, ...]

    def sample(self, dice: FormatDice) -> str:
        """One of the options."""
        return self.options[dice.randint(0, len(self.options) - 1)]


@dataclass(frozen=True, slots=True)
class Characters:
    """`least` to `most` characters out of an alphabet."""

    alphabet: str
    least: int
    most: int

    def sample(self, dice: FormatDice) -> str:
        """So many characters, each drawn alone."""
        size = dice.randint(self.least, min(self.most, self.least + 30))
        return "".join(self.alphabet[dice.randint(0, len(self.alphabet) - 1)] for _ in range(size))


FormatPart = Choice | Characters

LETTERS = "abcdefghijklmnopqrstuvwxyz"


def literal(text: str) -> Format:
    """Exactly this text."""
    return one_of(text)


def one_of(*texts: str) -> Format:
    """One of these texts."""
    regex = "|".join(re.escape(text).replace("\\ ", " ").replace("\\\n", "\\n") for text in texts)
    rule = " | ".join(_quoted(text) for text in texts)
    if len(texts) > 1:
        regex, rule = f"({regex})", f"({rule})"
    return Format(regex, rule, (Choice(texts),))


def line(most: int = 300) -> Format:
    """One to `most` characters without a line break that do not begin with a space."""
    rest = f"{{0,{most - 1}}}"
    alphabet = LETTERS + "   "
    return Format(
        f"[^\\s][^\\n]{rest}", f"[^ \\t\\r\\n] [^\\n]{rest}", (Characters(LETTERS, 1, 1), Characters(alphabet, 0, most - 1))
    )


def letters(least: int, most: int | None = None) -> Format:
    """So many lower-case letters a-z; exactly `least` unless `most` is given."""
    count = f"{least}" if most is None else f"{least},{most}"
    return Format(f"[a-z]{{{count}}}", f"[a-z]{{{count}}}", (Characters(LETTERS, least, most or least),))


def cell(alphabet: str) -> Format:
    """One character out of some letters and signs, none of which means something within `[...]`."""
    return Format(f"[{alphabet}]", f"[{alphabet}]", (Characters(alphabet, 1, 1),))


def lattice(alphabet: str, rows: int, columns: int) -> Format:
    """So many lines of so many cells with a space between them."""
    row = sequence([cell(alphabet), *[literal(" ") + cell(alphabet)] * (columns - 1)])
    return sequence([row, *[literal("\n") + row] * (rows - 1)])


def sequence(parts: Sequence[Format]) -> Format:
    """All the parts, in order; there must be one at least."""
    first, *rest = parts
    for part in rest:
        first = first + part
    return first


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'
