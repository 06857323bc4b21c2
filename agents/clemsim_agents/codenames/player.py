"""The baseline of codenames: both seats look words up in the dictionary that the players of taboo share.

The guesser takes the words on the table that go best with the clue; the cluegiver looks for the clue with which the most
words of the team come before any other word.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from clemsim_arenas.codenames.board import CLUEGIVER
from clemsim_arenas.codenames.reading import CLUE, GUESS, TARGETS
from clemsim_arenas.nouns.lemmas import lemma

from clemsim.game.messages import Message
from clemsim.game.view import View
from clemsim.runtime.agent import Agent
from clemsim_agents.codenames.associations import associations, fit, spelling
from clemsim_agents.reading import unreadable

LISTS = ("Words of your team: ", "Words of the opponent: ", "Innocent words: ", "Assassins: ")
WORDS, IS, SIZE = "The words on the table: ", "The clue is: ", "It is meant for this many words: "
UNKNOWN = "something"  # the clue for words that the dictionary lacks


class Baseline(Agent):
    """Both seats."""

    name = "baseline"

    async def reply(self, view: View) -> Message:
        """Return a clue or guesses."""
        return Message(view.seat, give(view) if view.seat == CLUEGIVER else guess(view))


def give(view: View) -> str:
    """Return the clue that finds the most words of the team, with its targets."""
    team, *others = (_field(view, name).split(", ") for name in LISTS)
    clue, targets = _best(team, [word for words in others for word in words if word])
    return f"{CLUE}{clue}\n{TARGETS}{', '.join(targets)}"


def guess(view: View) -> str:
    """Return the words on the table that go best with the clue."""
    words, clue, size = _field(view, WORDS).split(", "), _field(view, IS), int(_field(view, SIZE))
    return GUESS + ", ".join(ranked(clue, words)[:size])


def ranked(clue: str, words: Sequence[str]) -> list[str]:
    """Return words in the order in which they go with a clue, the best first; those that go alike in the alphabet's."""
    return sorted(words, key=lambda word: (-fit(clue, word), word))


def _best(team: Sequence[str], rest: Sequence[str]) -> tuple[str, list[str]]:
    """Return the clue with which the most words of the team come before any other, by the widest margin, and these words."""
    bars: dict[str, float] = defaultdict(float)
    for word in rest:
        for key, weight in associations(word).items():
            bars[key] = max(bars[key], weight)
    before: dict[str, list[str]] = defaultdict(list)
    for word in team:
        for key, weight in associations(word).items():
            if weight > bars[key]:
                before[key].append(word)
    lemmas = {lemma(word) for word in (*team, *rest)}
    for key in sorted(before, key=lambda key: (-len(before[key]), bars[key] - fit(key, before[key][0]), key)):
        if lemma(spelling()[key]) not in lemmas:
            return spelling()[key], ranked(key, before[key])
    return UNKNOWN, list(team[:1])


def _field(view: View, name: str) -> str:
    line = next((line for line in view.ask.content.splitlines() if line.startswith(name)), None)
    if line is None:
        raise unreadable(view)
    return line.removeprefix(name)
