"""Conditions on models, such as `open and parameters < 1000`: a small language, read here and never evaluated as Python.

A condition is made of names of columns, numbers, texts in quotes, yes, no, `and`, `or`, `not`, comparisons (`=`, `!=`, `<`,
`<=`, `>`, `>=`), `in (..., ...)` and brackets. What is unknown of a model stays unknown (Kleene 1938): no comparison with it
is true or false, `unknown or yes` is yes, `unknown and no` is no.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

from clemsim.analysis.sources.characteristics import date_in
from clemsim.errors import UsageError

Kind = Literal["number", "text", "date", "yes or no"]
Row = Mapping[str, Any]
Test = Callable[[Row], bool | None]
Getter = Callable[[Row], Any]

TOKEN = re.compile(
    r"\s*(?:(?P<number>-?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?)(?![\w.])|(?P<text>\"[^\"]*\"|'[^']*')"
    r"|(?P<sign><=|>=|==|!=|<|>|=|\(|\)|\[|\]|,)|(?P<word>[^\W\d][\w.\-+#]*))"
)
COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "=": operator.eq,
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
WORDS = {"and", "or", "not", "in"}
CONSTANTS = {"yes": True, "true": True, "no": False, "false": False}
ALIASES = {"open": "open_weights", "size": "parameters"}
CLOSING = {"(": ")", "[": "]"}
DEEPEST = 40  # brackets and negations within each other
LONGEST = 2000  # characters


@dataclass(frozen=True, slots=True)
class Token:
    """A piece of a condition: what it is (number, text, sign or word) and its text."""

    kind: str
    text: str


@dataclass(frozen=True, slots=True)
class Value:
    """A side of a comparison: its kind, what gives it of a model, and its name if it is a column."""

    kind: Kind
    get: Getter
    name: str | None = None


@dataclass(frozen=True, slots=True)
class Condition:
    """A condition: its text, the columns that it names, and whether a model meets it (None: not known)."""

    text: str
    columns: tuple[str, ...]
    meets: Test


def parse_condition(text: str, columns: Mapping[str, Kind], option: str = "--where") -> Condition:
    """Parse a condition on models that have these `columns`. Raises UsageError that begins with `option`, in one line."""
    parser = _Parser(_tokens(text, option), columns, option)
    test = parser.whole()
    return Condition(" ".join(text.split()), tuple(dict.fromkeys(parser.named)), test)


def _tokens(text: str, option: str) -> list[Token]:
    if len(text) > LONGEST:
        raise UsageError(f"{option}: a condition may have {LONGEST} characters, this one has {len(text)}")
    tokens, place = [], 0
    while text[place:].strip():
        match = TOKEN.match(text, place)
        if match is None:
            raise UsageError(
                f"{option}: {_short(text[place:].strip())!r} cannot be read: write e.g. open and parameters < 1000"
            )
        tokens.append(Token(match.lastgroup or "", match[match.lastgroup or 0]))
        place = match.end()
    return tokens


class _Parser:
    """A parser by recursive descent."""

    def __init__(self, tokens: Sequence[Token], columns: Mapping[str, Kind], option: str) -> None:
        self._tokens, self._columns, self._option = tokens, columns, option
        self._place = self._depth = 0
        self.named: list[str] = []

    def whole(self) -> Test:
        """Parse all tokens as one condition."""
        if not self._tokens:
            raise self._error("the condition is empty")
        test = self._either()
        if self._place < len(self._tokens):
            raise self._error(f"{_short(self._tokens[self._place].text)!r} does not go on from what stands before it")
        return test

    def _either(self) -> Test:
        tests = [self._both()]
        while self._take("or"):
            tests.append(self._both())
        return tests[0] if len(tests) == 1 else lambda row: _any([test(row) for test in tests])

    def _both(self) -> Test:
        tests = [self._negation()]
        while self._take("and"):
            tests.append(self._negation())
        return tests[0] if len(tests) == 1 else lambda row: _all([test(row) for test in tests])

    def _negation(self) -> Test:
        self._depth += 1
        if self._depth > DEEPEST:
            raise self._error(f"brackets and negations are more than {DEEPEST} deep")
        if self._take("not"):
            inner = self._negation()
            test: Test = lambda row: _negated(inner(row))  # noqa: E731
        elif self._take("("):
            test = self._either()
            self._need(")")
        else:
            test = self._comparison()
        self._depth -= 1
        return test

    def _comparison(self) -> Test:
        left = self._value()
        tests: list[Test] = []
        while (sign := self._peek()) in COMPARISONS:
            self._place += 1
            right = self._value()
            tests.append(self._compared(left, sign, right))
            left = right
        if tests:
            return lambda row: _all([test(row) for test in tests])
        negated = self._peek() == "not"
        if self._peek(1 if negated else 0) == "in":
            self._place += 2 if negated else 1
            member = self._member(left)
            return (lambda row: _negated(member(row))) if negated else member
        if left.kind != "yes or no":
            raise self._error(
                f"{left.name or 'a value'} is a {left.kind}: compare it with something, e.g. {self._example(left)}"
            )
        return left.get

    def _member(self, left: Value) -> Test:
        opening = self._peek()
        if opening not in CLOSING:
            raise self._error("`in` needs a list in brackets, such as in (7, 70)")
        self._place += 1
        tests = [self._compared(left, "=", self._value())]
        while self._take(","):
            tests.append(self._compared(left, "=", self._value()))
        self._need(CLOSING[opening])
        return lambda row: _any([test(row) for test in tests])

    def _compared(self, left: Value, sign: str, right: Value) -> Test:
        first, second = self._alike(left, right)
        if first.kind != second.kind:
            names = f"{first.name or 'a value'} is a {first.kind} and {second.name or 'the other side'} a {second.kind}"
            raise self._error(f"{names}: they cannot be compared")
        if first.kind == "yes or no" and sign not in ("=", "==", "!="):
            raise self._error(f"{first.name or 'a value'} is yes or no: {sign} does not compare that")
        compare, a, b = COMPARISONS[sign], first.get, second.get

        def test(row: Row) -> bool | None:
            one, other = a(row), b(row)
            return None if one is None or other is None else compare(one, other)

        return test

    def _alike(self, left: Value, right: Value) -> tuple[Value, Value]:
        """Return both sides, a text beside a date as a date."""
        if left.kind == "date" and right.kind == "text" and right.name is None:
            return left, self._as_date(right)
        if right.kind == "date" and left.kind == "text" and left.name is None:
            return self._as_date(left), right
        return left, right

    def _as_date(self, value: Value) -> Value:
        try:
            day = date_in(value.get({}))
        except ValueError as error:
            raise self._error(str(error)) from error
        return Value("date", lambda _: day)

    def _value(self) -> Value:
        token = self._tokens[self._place] if self._place < len(self._tokens) else None
        if token is None or token.kind == "sign" or (token.kind == "word" and token.text.lower() in WORDS):
            before = self._tokens[self._place - 1].text if self._place else "the start"
            raise self._error(f"a column, a number or a text in quotes is missing after {before!r}")
        self._place += 1
        if token.kind == "number":
            number = float(token.text)
            return Value("number", lambda _: number)
        if token.kind == "text":
            text = token.text[1:-1].strip().casefold()
            return Value("text", lambda _: text)
        return self._column(token.text)

    def _column(self, word: str) -> Value:
        name = word.lower()
        if name not in self._columns and name in ALIASES:
            name = ALIASES[name]
        if name not in self._columns and name in CONSTANTS:
            constant = CONSTANTS[name]
            return Value("yes or no", lambda _: constant)
        if name not in self._columns:
            raise self._error(
                f"there is no column {_short(word)!r}: there are {_listed(self._columns)} (texts are in quotes)"
            )
        self.named.append(name)
        return Value(self._columns[name], lambda row: _plain(row.get(name)), name)

    def _example(self, value: Value) -> str:
        side = {"number": "< 1000", "date": '>= "2024-01"'}.get(value.kind, '= "name"')
        return f"{value.name or 'parameters'} {side}"

    def _peek(self, ahead: int = 0) -> str:
        place = self._place + ahead
        token = self._tokens[place] if place < len(self._tokens) else None
        if token is None or token.kind not in ("sign", "word"):
            return ""
        return token.text.lower()

    def _take(self, word: str) -> bool:
        if self._peek() != word:
            return False
        self._place += 1
        return True

    def _need(self, sign: str) -> None:
        if not self._take(sign):
            raise self._error(f"a {sign!r} is missing")

    def _error(self, reason: str) -> UsageError:
        return UsageError(f"{self._option}: {reason}")


def _listed(columns: Iterable[str]) -> str:
    """Return names of columns; those of games, such as `taboo.quality`, together."""
    parted = [name.partition(".") for name in columns]
    games = dict.fromkeys(game for game, dot, _ in parted if dot)
    scores = dict.fromkeys(f"GAME.{score}" for _, dot, score in parted if dot)
    of_games = f"; {', '.join(scores)}, where GAME is one of {', '.join(games)}" if games else ""
    return f"{', '.join(name for name, dot, _ in parted if not dot)}{of_games}"


def _plain(value: Any) -> Any:
    """Return a cell as it is compared: texts without regard to case, numbers as floats."""
    if isinstance(value, str):
        return value.strip().casefold()
    if isinstance(value, bool | date):
        return value
    return None if value is None or value != value else float(value)


def _any(answers: Sequence[bool | None]) -> bool | None:
    return True if True in answers else None if None in answers else False


def _all(answers: Sequence[bool | None]) -> bool | None:
    return False if False in answers else None if None in answers else True


def _negated(answer: bool | None) -> bool | None:
    return None if answer is None else not answer


def _short(text: str) -> str:
    return text if len(text) <= 30 else f"{text[:30]}..."
