"""Commands: from a line of text to an action and the things that it names.

An action has verbs and *shapes*, which say what may follow: `THING`, `PREP` (a preposition), words, and groups in brackets,
in which `|` stands between alternatives; `*` after one of them: any number of times, also none. A word with `!` counts as
much as a verb where shapes compete. `SHORT` is a thing of one or two words; a shape with it holds only where no thing has
adjectives. `PREP* THING (PREP THING)*` reads "take the apple", "pick up an apple" and "take apple from table".

A thing is one to four words; or adjectives of things that there are, which are dropped, and one or two words; or two words
of which the first ends in 's; each after an article or none. Of several readings that one is taken which has most verbs,
prepositions, articles and adjectives; then the action that is defined first; then most prepositions, then most words of its
shape, then most adjectives, then the longest first thing. So "put potted plant side table" puts the potted plant side on the
table.

The reading is found by dynamic programming over the words (Viterbi 1967), in time linear in their number.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from clemsim_arenas.adventures.definitions import ActionType

PREPOSITIONS = ("out of", "from", "into", "out", "on", "in", "up")
ARTICLES = frozenset({"the", "a", "an"})
MOST_WORDS, MOST_AFTER_ADJECTIVES = 4, 2

_LINE = re.compile(r"[a-z][a-z' \t\f\r\n]*")
_SPACE = re.compile(r"[ \t\f\r\n]+")
_WORD = re.compile(r"[a-z]+(?:'s)?")
_SHAPE = re.compile(r"[()*]|[A-Z]+|[a-z]+!?|\S")


class Command(NamedTuple):
    """What a line says. `action`: its name; None where it has words that are no command. `things`: in words."""

    action: str | None
    things: tuple[str, ...] = ()
    preposition: str | None = None
    verb: str = ""  # the first word


class _Worth(NamedTuple):
    """How good a reading is."""

    priority: int = 0
    prepositions: int = 0
    literals: int = 0
    adjectives: int = 0
    first: int = 0


class _Reading(NamedTuple):
    worth: _Worth
    things: tuple[tuple[str, ...], ...]
    preposition: str | None


_START = _Reading(_Worth(), (), None)


@dataclass(frozen=True, slots=True)
class _Edge:
    """One word that leads from a state to another. `words`: which ones; None: any."""

    to: int
    words: frozenset[str] | None
    kind: str
    preposition: str = ""  # that ends with this word


@dataclass(slots=True)
class _Automaton:
    """The states of one action; a state leads to others by a word (`edges`) or by none (`empty`)."""

    adjectives: frozenset[str]
    edges: list[list[_Edge]] = field(default_factory=lambda: [[]])
    empty: list[list[int]] = field(default_factory=lambda: [[]])

    def state(self) -> int:
        self.edges.append([])
        self.empty.append([])
        return len(self.edges) - 1

    def word(self, at: int, words: Iterable[str] | None, kind: str, to: int | None = None, preposition: str = "") -> int:
        to = self.state() if to is None else to
        self.edges[at].append(_Edge(to, None if words is None else frozenset(words), kind, preposition))
        return to

    def phrase(self, at: int, phrase: str, kind: str, to: int) -> None:
        *before, last = phrase.split()
        for part in before:
            at = self.word(at, (part,), "begun")
        self.word(at, (last,), kind, to, phrase)

    def skip(self, at: int, to: int) -> None:
        self.empty[at].append(to)

    def short(self, at: int) -> int:
        end = self.state()
        self._words(at, end, MOST_AFTER_ADJECTIVES)
        return end

    def thing(self, at: int) -> int:
        end, begun = self.state(), self.state()
        self.skip(at, begun)
        self.word(at, ARTICLES, "article", begun)
        self._words(begun, end, MOST_WORDS)
        owner = self.word(begun, None, "owner")
        self.word(owner, None, "more", end)
        if self.adjectives:
            described = self.word(begun, self.adjectives, "adjective")
            self.word(described, self.adjectives, "adjective", described)
            self._words(described, end, MOST_AFTER_ADJECTIVES)
        return end

    def _words(self, at: int, end: int, most: int) -> None:
        for number in range(most):
            at = self.word(at, None, "more" if number else "thing")
            self.skip(at, end)

    def shape(self, at: int, tokens: list[str]) -> int:
        """Add what the tokens say up to the next `|`, closing bracket or the end, and return the last state."""
        while tokens and tokens[0] not in (")", "|"):
            begun = self.state()
            self.skip(at, begun)
            end = self._item(begun, tokens)
            if tokens and tokens[0] == "*":
                tokens.pop(0)
                self.skip(end, begun)
                after = self.state()
                self.skip(begun, after)
                at = after
            else:
                at = end
        return at

    def _item(self, at: int, tokens: list[str]) -> int:
        token = tokens.pop(0)
        match token:
            case "THING":
                return self.thing(at)
            case "PREP":
                end = self.state()
                for preposition in PREPOSITIONS:
                    self.phrase(at, preposition, "preposition", end)
                return end
            case "SHORT":
                return self.short(at)
            case "(":
                return self._group(at, tokens)
            case _ if token.rstrip("!").isalpha() and token.islower():
                return self.word(at, (token.rstrip("!"),), "key" if token.endswith("!") else "literal")
        raise ValueError(f"a shape is made of THING, SHORT, PREP, words, brackets, | and *, and not of {token!r}")

    def _group(self, at: int, tokens: list[str]) -> int:
        end = self.state()
        while True:
            self.skip(self.shape(at, tokens), end)
            if not tokens:
                raise ValueError("a bracket of a shape is not closed")
            if tokens.pop(0) == ")":
                return end


class Grammar:
    """The commands of a world."""

    def __init__(self, actions: Sequence[ActionType], adjectives: Iterable[str]) -> None:
        """`adjectives`: of all things. Raises ValueError naming a wrong shape's action."""
        known = frozenset(adjectives)
        self._actions = [(action.name, *_compiled(action, known)) for action in actions]
        self._verbs: dict[str, list[int]] = {}  # the actions whose verb begins with a word
        for number, action in enumerate(actions):
            for word in dict.fromkeys(verb.split()[0] for verb in action.verbs):
                self._verbs.setdefault(word, []).append(number)

    def read(self, line: str) -> Command | None:
        """Return what a line of lower-case letters says; None where it has anything but words and white space."""
        if not _LINE.fullmatch(line):
            return None
        words = [word for word in _SPACE.split(line) if word]
        found: tuple[tuple[int, ...], Command] | None = None
        if all(_WORD.fullmatch(word) for word in words):
            for number in self._verbs.get(words[0], ()):
                name, automaton, ends = self._actions[number]
                best = _best(automaton, ends, words)
                if best is not None:
                    rank = (best.worth.priority, -number, *best.worth[1:])
                    if found is None or rank > found[0]:
                        things = tuple(" ".join(thing) for thing in best.things)
                        found = rank, Command(name, things, best.preposition, words[0])
        if found is not None:
            return found[1]
        return None if "'" in line else Command(None, verb=words[0])


def _compiled(action: ActionType, adjectives: frozenset[str]) -> tuple[_Automaton, frozenset[int]]:
    automaton = _Automaton(adjectives)
    begun = automaton.state()
    for verb in action.verbs:
        automaton.phrase(0, verb, "verb", begun)
    ends = set()
    for shape in action.shapes:
        if "SHORT" in shape and adjectives:
            continue
        tokens = _SHAPE.findall(shape)
        try:
            ends.add(automaton.shape(begun, tokens))
            if tokens:
                raise ValueError("a bracket of a shape is closed that was not opened")
        except ValueError as error:
            raise ValueError(f"action {action.name}: {error}") from error
    return automaton, frozenset(ends)


def _best(automaton: _Automaton, ends: frozenset[int], words: Sequence[str]) -> _Reading | None:
    """Return the best reading of all words; None where there is none."""
    readings = _spread(automaton, {0: _START})
    for word in words:
        following: dict[int, _Reading] = {}
        for state, reading in readings.items():
            for to, further in _steps(automaton, state, reading, word):
                if to not in following or further.worth > following[to].worth:
                    following[to] = further
        readings = _spread(automaton, following)
        if not readings:
            return None
    return max((readings[end] for end in ends if end in readings), key=lambda reading: reading.worth, default=None)


def _steps(automaton: _Automaton, state: int, reading: _Reading, word: str) -> Iterator[tuple[int, _Reading]]:
    owned = word.endswith("'s")
    for edge in automaton.edges[state]:
        if (edge.kind == "owner") == owned and (edge.words is None or word in edge.words):
            yield edge.to, _further(reading, edge, word)


def _further(reading: _Reading, edge: _Edge, word: str) -> _Reading:
    (priority, prepositions, literals, adjectives, first), things, preposition = reading
    match edge.kind:
        case "verb" | "article":
            priority += 1
        case "adjective":
            priority, adjectives = priority + 1, adjectives + 1
        case "preposition":
            priority, prepositions, preposition = priority + 1, prepositions + 1, edge.preposition
        case "key":
            priority, literals = priority + 1, literals + 1
        case "literal" | "begun":
            literals += 1
        case "thing" | "owner":
            things = (*things, (word.removesuffix("'s"),))
            first += len(things) == 1
        case "more":
            things = (*things[:-1], (*things[-1], word))
            first += len(things) == 1
    return _Reading(_Worth(priority, prepositions, literals, adjectives, first), things, preposition)


def _spread(automaton: _Automaton, readings: dict[int, _Reading]) -> dict[int, _Reading]:
    """Return the readings with those of all states that they lead to by no word."""
    todo = list(readings)
    while todo:
        state = todo.pop()
        reading = readings[state]
        for to in automaton.empty[state]:
            if to not in readings or reading.worth > readings[to].worth:
                readings[to] = reading
                todo.append(to)
    return readings
