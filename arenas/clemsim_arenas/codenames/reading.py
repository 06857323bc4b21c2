"""How the replies of codenames are read: a clue with its targets, and guesses."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import combinations

from clemsim import Invalid, Parser
from clemsim.formats import Format, letters, literal, one_of
from clemsim_arenas.codenames.board import Board
from clemsim_arenas.nouns.lemmas import lemma

CLUE, TARGETS, GUESS = "CLUE: ", "TARGETS: ", "GUESS: "
AROUND = " .,<>\"'"  # characters that are taken off both ends of a word
NUMBERED = "clue line contains the number of targets"
AT_ONCE = 2  # targets and guesses in the format of a reply, at most

_JOINED = re.compile(r",(?=[^\s])")
_NUMBER = re.compile(r", [0-9]+")


@dataclass(frozen=True, slots=True)
class Clue:
    """A clue and the words that it is meant for."""

    word: str
    targets: tuple[str, ...]


def clue_on(board: Board) -> Parser[Clue]:
    """Return the parser of the cluegiver's replies to this board."""
    hidden, found = board.face_down, board.found

    def read(reply: str) -> Clue:
        raw, targets = clue_lines(reply)
        clue = raw.strip(AROUND)
        if _NUMBER.search(clue):
            raise Invalid(NUMBERED)
        if " " in clue:
            raise Invalid("clue contains spaces")
        if lemma(clue) in {lemma(word) for word in hidden}:
            raise Invalid(f"clue is morphologically related to word on the board: {_short(clue)}")
        words = [target.strip(AROUND).lower() for target in targets]
        _check(words, hidden, found, "target")
        return Clue(clue.strip(" ,0123456789"), tuple(words))

    return Parser(read, literal(CLUE) + letters(3, 16) + literal(f"\n{TARGETS}") + _some(hidden, AT_ONCE))


def guesses_on(board: Board, clue: Clue) -> Parser[list[str]]:
    """Return the parser of the guesser's replies to this clue; the move is the guesses in order."""
    hidden, found, most = board.face_down, board.found, len(clue.targets)

    def no_clue(word: str) -> None:
        if word == clue.word:
            raise Invalid("guess is clue word")

    def read(reply: str) -> list[str]:
        words = [guess.strip(AROUND).lower() for guess in guess_line(reply)]
        if len(words) > most:
            raise Invalid(f"wrong number of guesses: {len(words)}, {most} at most")
        _check(words, hidden, found, "guess", no_clue)
        return words

    return Parser(read, literal(GUESS) + _some(hidden, min(most, AT_ONCE)))


def clue_lines(reply: str) -> tuple[str, list[str]]:
    """Return the clue in lower case and the targets, as they stand in the two lines of a reply. Raises Invalid."""
    lines = _spaced(reply).split("\n")
    if len(lines) > 2:
        raise Invalid("rambling error: more than two lines")
    clue, targets = (next((line for line in lines if line.startswith(tag)), None) for tag in (CLUE, TARGETS))
    if clue is None or targets is None:
        raise Invalid(f"prefix error: no line starts with {CLUE if clue is None else TARGETS!r}")
    return clue.removeprefix(CLUE).lower(), targets.removeprefix(TARGETS).split(", ")


def guess_line(reply: str) -> list[str]:
    """Return the guesses as they stand in the line of a reply. Raises Invalid."""
    line = _spaced(reply)
    if "\n" in line:
        raise Invalid("rambling error: more than one line")
    if not line.startswith(GUESS):
        raise Invalid(f"prefix error: the reply does not start with {GUESS!r}")
    return line.removeprefix(GUESS).split(", ")


def stripped_in_clue(reply: str) -> int:
    """Return how many words of a cluegiver's reply hold a character of `AROUND`, as far as clembench looks at them."""
    try:
        clue, targets = clue_lines(reply)
    except Invalid:
        return 0
    return _stripped([clue] if _NUMBER.search(clue.strip(AROUND)) else [clue, *targets])


def stripped_in_guesses(reply: str) -> int:
    """Return how many words of a guesser's reply hold a character of `AROUND`."""
    try:
        return _stripped(guess_line(reply))
    except Invalid:
        return 0


def _stripped(words: Sequence[str]) -> int:
    return sum(any(char in AROUND for char in word) for word in words)


def _spaced(reply: str) -> str:
    return _JOINED.sub(", ", reply)


def _check(
    words: Sequence[str],
    hidden: Sequence[str],
    found: set[str],
    what: str,
    also: Callable[[str], None] = lambda word: None,
) -> None:
    """Raise Invalid for the first word that does not lie face down, or occurs twice."""
    known = set(hidden)
    for word in words:
        also(word)
        if word not in known:
            raise Invalid(f"{what} was already guessed" if word in found else f"{what} is hallucination: {_short(word)}")
        if words.count(word) > 1:
            raise Invalid(f"{what} appears more than once in utterance: {word}")


def _some(words: Sequence[str], most: int) -> Format:
    return one_of(*(", ".join(some) for size in range(1, most + 1) for some in combinations(words, size)))


def _short(word: str) -> str:
    return repr(word[:40])
