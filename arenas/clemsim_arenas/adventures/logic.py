"""Conditions and effects, written as in PDDL: `(and (at ?p ?r) (not (closed ?e)))`.

Conditions are `and`, `or`, `not` (of one fact), facts and comparisons of numbers. Effects are `and`, facts, `not`, `when`,
`forall` (over all things of which a fact such as `(takeable ?x)` holds), `increase`, `decrease` and `assign`.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

_TOKEN = re.compile(r"[()]|[^\s()]+")
_COMPARISONS: Mapping[str, Callable[[float, float], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    "=": operator.eq,
    ">=": operator.ge,
    ">": operator.gt,
}
_CHANGES: Mapping[str, Callable[[float, float], float]] = {
    "increase": operator.add,
    "decrease": operator.sub,
    "assign": lambda _, value: value,
}

Expression = str | list["Expression"]


@dataclass(frozen=True, slots=True)
class Term:
    """A fact with variables (`?x`), or a number's function of a thing. Those of a condition are numbered from 0."""

    predicate: str
    arguments: tuple[str, ...]
    number: int = 0


@dataclass(frozen=True, slots=True)
class NumberTest:
    """A comparison of two numbers, each a function of a thing or a constant."""

    holds: Callable[[float, float], bool]
    left: Term | float
    right: Term | float
    number: int = 0


@dataclass(frozen=True, slots=True)
class Negation:
    """True where a fact is not."""

    term: Term | NumberTest


@dataclass(frozen=True, slots=True)
class All:
    """True where every part is."""

    parts: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Some:
    """True where one part is."""

    parts: tuple[Condition, ...]


Condition = Term | NumberTest | Negation | All | Some


@dataclass(frozen=True, slots=True)
class Addition:
    """Adds a fact."""

    term: Term


@dataclass(frozen=True, slots=True)
class Removal:
    """Removes a fact."""

    term: Term


@dataclass(frozen=True, slots=True)
class Change:
    """Changes the number that a function has for a thing."""

    change: Callable[[float, float], float]
    term: Term
    amount: Term | float


@dataclass(frozen=True, slots=True)
class When:
    """Effects that come about where a condition holds, once those before have."""

    condition: Condition
    effects: tuple[Effect, ...]


@dataclass(frozen=True, slots=True)
class ForAll:
    """Effects for each thing of which the fact `predicate` holds; of every thing that has a type where there is none."""

    variable: str
    predicate: str
    effects: tuple[Effect, ...]


Effect = Addition | Removal | Change | When | ForAll


def read_expression(text: str) -> Expression:
    """Return the expression in a text: a word, or a list of expressions in brackets. Raises ValueError."""
    stack: list[list[Expression]] = [[]]
    for token in _TOKEN.findall(text):
        if token == "(":
            stack.append([])
        elif token == ")":
            if len(stack) < 2:
                raise ValueError(f"a bracket too many is closed in {text!r}")
            done = stack.pop()
            stack[-1].append(done)
        else:
            stack[-1].append(token)
    if len(stack) != 1 or len(stack[0]) != 1:
        raise ValueError(f"{text!r} is not one expression in brackets")
    return stack[0][0]


def write_expression(expression: Expression) -> str:
    """Return an expression as text."""
    return expression if isinstance(expression, str) else f"({' '.join(map(write_expression, expression))})"


def read_condition(text: str) -> Condition:
    """Return the condition in a text. Raises ValueError."""
    return _condition(read_expression(text), iter(range(len(text))))


def read_effects(text: str) -> tuple[Effect, ...]:
    """Return the effects in a text, in their order. Raises ValueError."""
    return _effects(read_expression(text))


def terms(condition: Condition) -> Iterator[Term | NumberTest]:
    """Yield what is true or not of itself in a condition, in the order of its numbers."""
    match condition:
        case Negation():
            yield condition.term
        case All() | Some():
            for part in condition.parts:
                yield from terms(part)
        case _:
            yield condition


def variables(condition: Condition) -> set[str]:
    """Return the variables of a condition."""
    found: set[str] = set()
    for term in terms(condition):
        sides = (term.left, term.right) if isinstance(term, NumberTest) else (term,)
        found.update(word for side in sides if isinstance(side, Term) for word in side.arguments if word.startswith("?"))
    return found


def failing(condition: Condition, truths: Sequence[bool]) -> int | None:
    """Return the number of the term to blame where a condition does not hold, None where it holds: the first part of an
    `and` that does not hold, the first of all parts of an `or`. `truths`: of each term.
    """
    match condition:
        case Negation():
            return condition.term.number if truths[condition.term.number] else None
        case All():
            return next((number for part in condition.parts if (number := failing(part, truths)) is not None), None)
        case Some():
            found = [failing(part, truths) for part in condition.parts]
            return None if None in found or not found else found[0]
        case _:
            return None if truths[condition.number] else condition.number


def _list(expression: Expression) -> tuple[str, list[Expression]]:
    if not isinstance(expression, list) or not expression or not isinstance(expression[0], str):
        raise ValueError(f"{expression!r} is no expression such as (on ?x table1)")
    return expression[0], expression[1:]


def _condition(expression: Expression, numbers: Iterator[int]) -> Condition:
    head, rest = _list(expression)
    match head:
        case "and":
            return All(tuple(_condition(part, numbers) for part in rest))
        case "or":
            return Some(tuple(_condition(part, numbers) for part in rest))
        case "not":
            if len(rest) == 1 and isinstance(term := _condition(rest[0], numbers), Term | NumberTest):
                return Negation(term)
            raise ValueError(f"{expression!r}: 'not' takes one fact")
        case _ if head in _COMPARISONS:
            left, right = (_number(part) for part in rest)
            return NumberTest(_COMPARISONS[head], left, right, next(numbers))
    return _term(expression, next(numbers))


def _effects(expression: Expression) -> tuple[Effect, ...]:
    head, rest = _list(expression)
    match head:
        case "and":
            return tuple(effect for part in rest for effect in _effects(part))
        case "not":
            return (Removal(_term(rest[0])),)
        case "when":
            return (When(_condition(rest[0], iter(range(1000))), _effects(rest[1])),)
        case "forall":
            variable, *typed = (str(word) for word in rest[0])
            return (ForAll(variable, typed[-1] if typed else "", _effects(rest[1])),)
        case _ if head in _CHANGES:
            return (Change(_CHANGES[head], _term(rest[0]), _number(rest[1])),)
    return (Addition(_term(expression)),)


def _term(expression: Expression, number: int = 0) -> Term:
    head, rest = _list(expression)
    if not 1 <= len(rest) <= 2 or not all(isinstance(word, str) for word in rest):
        raise ValueError(f"{expression!r} is no fact of one or two things")
    return Term(head, tuple(str(word) for word in rest), number)


def _number(expression: Expression) -> Term | float:
    return float(expression) if isinstance(expression, str) else _term(expression)
